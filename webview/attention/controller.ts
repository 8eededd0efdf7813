import { fromErrorData } from '../../src/base/errors.js';
import type { FloatTensor } from '../../src/base/tensor.js';
import type { CallOptions, Client } from '../../src/protocol/channel.js';
import type { AttentionAnswer, AttentionPicture } from '../../src/protocol/attention.js';
import type { AttentionAsked, AttentionParts } from '../../src/protocol/attentionPanel.js';
import type { NamedFile } from '../../src/protocol/explainPanel.js';
import type { AttentionLayer, AttentionMatrices } from '../../src/result/attention.js';
import type { AskedToken } from '../../src/result/attentionMap.js';
import { colormap, SEQUENTIAL, type Colormap } from '../../src/result/colormap.js';
import type { ClassScore } from '../../src/result/explanation.js';
import { Remade } from '../shared/remade.js';
import { Task } from '../shared/task/task.js';
import type { AttentionView, HeadName } from './kept.js';
import { answerOf, attentionCells, headName, joinedAnswer, type Answer, type Look } from './maps.js';
import { MatrixStore, type Limits } from './store.js';
import { firstToken, mostWithoutPlace, nameOfToken, sameToken, withLayout } from './tokens.js';

/** Where the parts stand: what was chosen is kept there. */
export interface AttentionPlace {
  readonly host: Client<AttentionParts>;
  readonly view: AttentionView;
  /** Name of the colour map for magnitudes. */
  readonly colorMap: string;
  update(change: Partial<AttentionView>): void;
}

/** A layer and head of the grid. */
export interface Chosen {
  readonly layer: AttentionLayer;
  /** Of the layer in the grid. */
  readonly row: number;
  readonly head: HeadName;
}

/** The answer about the picture; the runner's refusal of it as an error of the question. */
function pictureOf({ results }: AttentionAnswer): AttentionPicture {
  const [first] = results;
  if (first === undefined) throw new Error('No answer about the picture');
  if ('error' in first) throw fromErrorData(first.error);
  return first.result;
}

/** The attention on one picture: which layers there are, their matrices as they are looked at, and what joins them. */
export class AttentionController {
  picture: NamedFile | undefined;
  /** What is to be read out. */
  spoken = '';
  /** The token under the pointer. */
  hovered: AskedToken | undefined;
  /** The value under the pointer, where the token does not follow it. */
  pointed: { readonly x: number; readonly y: number } | undefined;
  /** A key is held, or a button pressed: the network with random weights is shown. */
  held = false;
  toggled = false;
  readonly list = new Task<AttentionAnswer>(() => this.onList());
  readonly joint = new Task<AttentionAnswer>(() => this.place.update({}));
  readonly classes = new Task<readonly ClassScore[]>(() => this.place.update({}));
  private version = 0;
  private shownList: AttentionAnswer | undefined;
  private readonly stores = new Map<string, MatrixStore>();
  private readonly layersMade = new Remade<readonly AttentionLayer[]>();
  private readonly cellsMade = new Remade<ReturnType<typeof attentionCells>>();
  private readonly largeMade = new Remade<Answer | undefined>();
  private readonly lookMade = new Remade<Look>();
  private arrivals = 0;

  constructor(
    readonly place: AttentionPlace,
    private readonly limits?: Limits,
  ) {}

  get host(): Client<AttentionParts> {
    return this.place.host;
  }

  get view(): AttentionView {
    return this.place.view;
  }

  /** Looks at a picture; `anew`: a file has changed, or the person asks for it. */
  about(picture: NamedFile, anew = false): void {
    if (!anew && this.picture?.uri === picture.uri) return;
    this.picture = picture;
    this.version++;
    this.list.expire();
    this.joint.expire();
    this.classes.clear();
    void this.list.run(
      `${this.version} ${picture.uri}`,
      async (options) => {
        const answer = await this.ask({ layers: [] }, options);
        pictureOf(answer);
        return answer;
      },
      true,
    );
  }

  dispose(): void {
    for (const store of this.stores.values()) store.dispose();
    this.stores.clear();
    for (const task of [this.list, this.joint, this.classes]) task.cancel();
  }

  /** Which layers there are, and the picture as the model sees it. */
  get answer(): AttentionAnswer | undefined {
    return this.shownList;
  }

  get result(): AttentionPicture | undefined {
    return this.shownList === undefined ? undefined : pictureOf(this.shownList);
  }

  /** The layers, those with the places that somebody has said as well. */
  get layers(): readonly AttentionLayer[] {
    const { shownList, view } = this;
    return this.layersMade.get([shownList, view.layouts], () =>
      (shownList?.layers ?? []).map((layer) => withLayout(layer, view.layouts)),
    );
  }

  get random(): boolean {
    return this.held || this.toggled;
  }

  /** The matrices of the network that is shown. */
  get store(): MatrixStore | undefined {
    return this.stores.get(this.random ? 'random' : 'trained');
  }

  /** Of the model as it is, whatever is shown. */
  get trained(): MatrixStore | undefined {
    return this.stores.get('trained');
  }

  /** The token that is chosen, whatever is under the pointer. */
  get pinned(): AskedToken {
    return this.view.token ?? firstToken(this.layers);
  }

  get look(): Look {
    const asked = this.hovered ?? this.pinned;
    const { direction } = this.view;
    return this.lookMade.get([JSON.stringify(asked), direction], () => ({ asked, direction }));
  }

  get chosen(): Chosen | undefined {
    const { layers, view } = this;
    const kept = view.chosen;
    const row = kept === undefined ? -1 : layers.findIndex(({ name }) => name === kept.layer);
    const layer = layers[row];
    if (kept !== undefined && layer !== undefined)
      return { layer, row, head: typeof kept.head === 'number' && kept.head >= layer.heads ? 'mean' : kept.head };
    const last = layers.findLastIndex(({ to, from }) => to !== undefined && from !== undefined);
    const at = last < 0 ? layers.length - 1 : last;
    return at < 0 ? undefined : { layer: layers[at]!, row: at, head: 'mean' };
  }

  get colors(): Colormap {
    return colormap(SEQUENTIAL.find((name) => name === this.place.colorMap) ?? 'magma');
  }

  get cells(): ReturnType<typeof attentionCells> | undefined {
    const { store, layers, look, view, colors } = this;
    if (store === undefined) return undefined;
    return this.cellsMade.get([store, layers, look, view.scale, colors, this.arrivals], () =>
      attentionCells({
        layers,
        at: (name) => store.at(name),
        absent: (layer) =>
          store.tooLarge(layer) ? 'its matrices are larger than this panel holds' : store.error?.message,
        look,
        scale: view.scale,
        colors,
      }),
    );
  }

  get arrived(): number {
    return this.arrivals;
  }

  /** The layer whose grid the picture is divided by. */
  get stageLayer(): AttentionLayer | undefined {
    return this.view.shown === 'attention' ? this.chosen?.layer : this.joinedLayer;
  }

  /** What is shown large; undefined while it is fetched. */
  get large(): Answer | undefined {
    const { chosen, look, view } = this;
    if (view.shown !== 'attention') {
      const [joined, layer] = [this.joined, this.joinedLayer];
      if (joined === undefined) return undefined;
      return this.largeMade.get([joined, layer, look], () =>
        layer === undefined ? { kind: 'matrix', map: joined } : joinedAnswer(layer, joined, look),
      );
    }
    const matrices = chosen === undefined ? undefined : this.matrices(chosen.layer);
    if (chosen === undefined || matrices === undefined) return undefined;
    return this.largeMade.get([matrices, chosen.layer, chosen.head, look], () =>
      answerOf(chosen.layer, matrices.weights, chosen.head, look),
    );
  }

  /** What joins the layers, `[tokens, tokens]`. */
  get joined(): FloatTensor | undefined {
    const { value } = this.joint;
    return value === undefined ? undefined : pictureOf(value).joined;
  }

  get target(): AttentionPicture['target'] {
    const { value } = this.joint;
    return value === undefined ? undefined : pictureOf(value).target;
  }

  /** A layer whose tokens are those that are joined. */
  private get joinedLayer(): AttentionLayer | undefined {
    const n = this.joined?.dims[0];
    return this.layers.find(
      ({ windows, queries, keys, to }) =>
        windows === 1 && queries === keys && to !== undefined && (n === undefined || n === keys),
    );
  }

  /** What is shown large is being fetched. */
  get matricesLate(): boolean {
    return this.large === undefined && this.working;
  }

  matrices(layer: AttentionLayer): AttentionMatrices | undefined {
    return this.store?.at(layer.name);
  }

  /** What the drawing says of itself, for who hears it. */
  get largeName(): string {
    const { chosen, view, layers, look } = this;
    const token = nameOfToken(look.asked, this.stageLayer?.from?.grid, mostWithoutPlace(layers));
    const what =
      view.shown === 'attention' && chosen !== undefined
        ? `layer ${chosen.row}, ${headName(chosen.head)}`
        : view.shown === 'relevance'
          ? `relevance of ${this.target?.label ?? 'the class'}`
          : 'rollout';
    return `${what}: ${look.direction === 'outgoing' ? `what ${token} looks at` : `who looks at ${token}`}${this.random ? ', random weights' : ''}`;
  }

  /** Changes what is shown, and asks for what is needed then. */
  change(change: Partial<AttentionView>): void {
    this.place.update(change);
    this.follow();
  }

  choose(layer: string, head: HeadName, shown: AttentionView['shown'] = 'attention'): void {
    this.change({ chosen: { layer, head }, shown });
    this.say(this.largeName);
  }

  pin(token: AskedToken, spoken = false): void {
    this.hovered = undefined;
    this.change({ token });
    if (spoken) this.say(this.largeName);
  }

  hover(token: AskedToken | undefined): void {
    const before = this.hovered;
    if (before === token || (before !== undefined && token !== undefined && sameToken(before, token))) return;
    this.hovered = token;
    this.place.update({});
  }

  /** A key is held: what a network with random weights would show. */
  hold(held: boolean): void {
    if (this.held === held) return;
    this.held = held;
    this.follow();
    this.place.update({});
  }

  toggle(): void {
    this.toggled = !this.toggled;
    this.follow();
    this.say(this.random ? 'Random weights' : 'The model as it is');
  }

  say(text: string): void {
    this.spoken = text;
    this.place.update({});
  }

  /** The layers in sight of the grid. */
  sight(rowFrom: number, rowTo: number): void {
    this.seen = [rowFrom, rowTo];
    this.fetchSeen();
  }

  private seen: readonly [number, number] = [0, 0];

  private fetchSeen(): void {
    const { layers, store, chosen } = this;
    const names = layers.slice(...this.seen).map(({ name }) => name);
    store?.need([...new Set([...(chosen === undefined ? [] : [chosen.layer.name]), ...names])]);
  }

  loadClasses(): void {
    const { picture } = this;
    if (picture === undefined) return;
    void this.classes.run(`${this.version} ${picture.uri}`, (options) =>
      this.host.scores({ picture: picture.uri }, options),
    );
  }

  /** Asks again what has failed, or was stopped. */
  retry(): void {
    if (
      this.picture !== undefined &&
      (this.shownList === undefined || this.list.error !== undefined || this.list.stopped)
    )
      return this.about(this.picture, true);
    this.store?.retry();
    if (this.joint.error !== undefined || this.joint.stopped) {
      this.joint.question = undefined;
      this.follow();
    }
  }

  get working(): boolean {
    return [this.list, this.joint, this.classes].some((task) => task.working) || this.store?.working === true;
  }

  /** Asks the runner about the picture. */
  ask(
    asked: Omit<AttentionAsked, 'input'>,
    options: CallOptions<{ readonly message: string }>,
  ): Promise<AttentionAnswer> {
    return this.host.attention({ input: this.picture!.uri, ...asked }, options);
  }

  private onList(): void {
    const { value } = this.list;
    if (value !== undefined && value !== this.shownList) {
      this.shownList = value;
      for (const store of this.stores.values()) store.dispose();
      this.stores.clear();
      this.joint.expire();
      this.follow();
    }
    this.place.update({});
  }

  /** Sees to it that what is shown is there, or asked for. */
  private follow(): void {
    const { shownList, view, random } = this;
    if (shownList === undefined) return;
    const name = random ? 'random' : 'trained';
    if (!this.stores.has(name)) this.stores.set(name, this.newStore(shownList, random));
    this.fetchSeen();
    if (view.shown === 'attention') return;
    const { shown, fusion, start, target } = view;
    const params = { map: shown, start, ...(shown === 'rollout' ? { fusion } : {}) };
    const asked = { layers: [], params, ...(shown === 'relevance' ? { target } : {}), ...(random ? { random } : {}) };
    if (shown === 'relevance') this.loadClasses();
    const question = JSON.stringify([this.version, asked]);
    if (this.joint.question === question && !this.joint.outdated) return;
    void this.joint.run(question, async (options) => {
      const answer = await this.ask(asked, options);
      pictureOf(answer);
      return answer;
    });
  }

  private newStore({ layers }: AttentionAnswer, random: boolean): MatrixStore {
    return new MatrixStore(
      layers,
      async (names, signal) =>
        pictureOf(await this.ask({ layers: names, ...(random ? { random } : {}) }, { signal })).layers,
      () => {
        this.arrivals++;
        this.place.update({});
      },
      this.limits,
    );
  }
}
