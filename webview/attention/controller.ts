import { fromErrorData } from '../../src/base/errors.js';
import { given } from '../../src/base/given.js';
import type { FloatTensor } from '../../src/base/tensor.js';
import type { CallOptions, Client } from '../../src/protocol/channel.js';
import type { AttentionAnswer, AttentionPicture } from '../../src/protocol/attention.js';
import type { AttentionAsked, AttentionParts } from '../../src/protocol/attentionPanel.js';
import type { NamedFile } from '../../src/protocol/explainPanel.js';
import type { AttentionLayer, AttentionMatrices, SilencedHead } from '../../src/result/attention.js';
import type { PictureRegion } from '../../src/result/attentionBias.js';
import type { AskedToken } from '../../src/result/attentionMap.js';
import { colormap, SEQUENTIAL, type Colormap } from '../../src/result/colormap.js';
import type { ClassScore } from '../../src/result/explanation.js';
import { Remade } from '../shared/remade.js';
import { Task } from '../shared/task/task.js';
import type { AttentionView, HeadName, SaidLayout } from './kept.js';
import { nameOfCut, Networks } from './networks.js';
import { chosenOf, type AttentionPlace, type Chosen } from './place.js';
import { Silencing } from './silencing.js';
import { answerOf, attentionCells, headName, joinedAnswer, type Answer, type Look } from './maps.js';
import type { Limits, MatrixStore } from './store.js';
import { firstToken, nameOfToken, placelessOf, sameToken, withLayout } from './tokens.js';

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
  readonly list = new Task<AttentionAnswer>(() => this.onList());
  readonly joint = new Task<AttentionAnswer>(() => this.place.update({}));
  readonly classes = new Task<readonly ClassScore[]>(() => this.place.update({}));
  readonly silencing: Silencing;
  /** Dragging over the picture marks a region. */
  marking = false;
  readonly drafts = new Map<number, SaidLayout>();
  private version = 0;
  private shownList: AttentionAnswer | undefined;
  private readonly networks: Networks;
  private seen: readonly [number, number] = [0, 0];
  private readonly layersMade = new Remade<readonly AttentionLayer[]>();
  private readonly cellsMade = new Remade<ReturnType<typeof attentionCells>>();
  private readonly largeMade = new Remade<Answer | undefined>();
  private readonly lookMade = new Remade<Look>();
  /** Grows when matrices have come. */
  arrived = 0;

  constructor(
    readonly place: AttentionPlace,
    limits?: Limits,
  ) {
    this.silencing = new Silencing(place);
    this.networks = new Networks(
      async (layers, variant, signal) => pictureOf(await this.ask({ layers, ...variant }, { signal })).layers,
      () => {
        this.arrived++;
        this.place.update({});
      },
      limits,
    );
  }

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
    this.silencing.clear();
    this.networks.cut = undefined;
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
    this.networks.clear();
    for (const task of [this.list, this.joint, this.classes, this.silencing.task]) task.cancel();
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

  /** Random weights are shown, held or for good. */
  get random(): boolean {
    return this.networks.random;
  }

  get toggled(): boolean {
    return this.networks.toggled;
  }

  /** The head that counts for nothing. */
  get cut(): SilencedHead | undefined {
    return this.networks.cut;
  }

  /** The matrices of the network that is shown. */
  get store(): MatrixStore | undefined {
    return this.networks.store;
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
    return chosenOf(this.layers, this.view.chosen);
  }

  get colors(): Colormap {
    return colormap(SEQUENTIAL.find((name) => name === this.place.colorMap) ?? 'magma');
  }

  get cells(): ReturnType<typeof attentionCells> | undefined {
    const { store, layers, look, view, colors } = this;
    if (store === undefined) return undefined;
    return this.cellsMade.get([store, layers, look, view.scale, colors, this.arrived], () =>
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
      ({ windows, queries, keys, to }) => windows * queries === (n ?? queries) && queries === keys && to,
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
    const { chosen, view, layers, look, cut } = this;
    const token = nameOfToken(look.asked, this.stageLayer?.from?.grid, placelessOf(layers));
    const head = chosen === undefined ? '' : `layer ${chosen.row}, ${headName(chosen.head)}`;
    const joined = view.shown === 'rollout' ? 'rollout' : `relevance of ${this.target?.label ?? 'the class'}`;
    const what = view.shown === 'attention' ? head : joined;
    const network = this.random ? ', random weights' : cut === undefined ? '' : `, without ${nameOfCut(cut, layers)}`;
    return `${what}: ${look.direction === 'outgoing' ? `what ${token} looks at` : `who looks at ${token}`}${network}`;
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
    if (this.networks.held === held) return;
    this.networks.held = held;
    this.follow();
    this.place.update({});
  }

  toggle(): void {
    this.networks.toggled = !this.networks.toggled;
    this.follow();
    this.say(this.random ? 'Random weights' : 'The model as it is');
  }

  /** What the others do without a head; `undefined`: the model as it is. */
  without(cut: SilencedHead | undefined): void {
    this.networks.cut = cut;
    this.networks.toggled = false;
    this.follow();
    this.say(cut === undefined ? 'The model as it is' : `Without ${nameOfCut(cut, this.layers)}`);
  }

  /** The next drag over the picture marks a region. */
  startMarking(): void {
    this.marking = !this.marking;
    this.place.update({});
  }

  /** Marks a region of the picture; `undefined`: none. */
  mark(region: PictureRegion | undefined): void {
    const { region: _before, ...view } = this.view;
    this.place.replace(region === undefined ? view : { ...view, region });
  }

  /** Where tokens stand, as somebody is about to say. */
  draft(tokens: number, layout: SaidLayout): void {
    this.drafts.set(tokens, layout);
    this.place.update({});
  }

  sayLayout(tokens: number, layout: SaidLayout): void {
    this.drafts.delete(tokens);
    this.change({ layouts: { ...this.view.layouts, [String(tokens)]: layout } });
  }

  /** Cuts one head, or layer, after the other: on the picture, or over the folder. */
  silence(each: 'head' | 'layer', layer?: string): void {
    const { picture, version, result, view, target } = this;
    const asked = view.shown === 'relevance' && target !== undefined ? String(target.index) : undefined;
    if (picture !== undefined)
      this.silencing.ask({ picture, version, result, ...given({ target: asked }) }, each, layer);
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
    return (
      [this.list, this.joint, this.classes, this.silencing.task].some((task) => task.working) ||
      this.store?.working === true
    );
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
      this.networks.clear();
      this.joint.expire();
      this.follow();
    }
    this.place.update({});
  }

  /** Sees to it that what is shown is there, or asked for. */
  private follow(): void {
    const { shownList, view, networks } = this;
    if (shownList === undefined) return;
    networks.open(shownList.layers);
    this.fetchSeen();
    if (view.shown === 'attention') return;
    const { shown, fusion, start, target } = view;
    const params = { map: shown, start, ...(shown === 'rollout' ? { fusion } : {}) };
    const asked = { layers: [], params, ...(shown === 'relevance' ? { target } : {}), ...networks.variant };
    if (shown === 'relevance') this.loadClasses();
    const question = JSON.stringify([this.version, asked]);
    if (this.joint.question === question && !this.joint.outdated) return;
    void this.joint.run(question, async (options) => {
      const answer = await this.ask(asked, options);
      pictureOf(answer);
      return answer;
    });
  }
}
