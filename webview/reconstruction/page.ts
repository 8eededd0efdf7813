import { toErrorData, type ErrorData } from '../../src/base/errors.js';
import { given } from '../../src/base/given.js';
import type { TopProgress } from '../../src/protocol/activations.js';
import type { Client } from '../../src/protocol/channel.js';
import type { NamedFile } from '../../src/protocol/explainPanel.js';
import type { VisualizeAnswer, VisualizeForm, VisualizeProgress } from '../../src/protocol/reconstruction.js';
import type {
  PictureAsked,
  PictureFile,
  RunningPicture,
  VisualizeAim,
  VisualizeHostApi,
  VisualizeSetup,
  VisualizeTopic,
} from '../../src/protocol/reconstructionPanel.js';
import type { TopPictures } from '../../src/result/activations.js';
import type { ParameterSchema } from '../../src/result/method.js';
import type { Reconstruction } from '../../src/result/reconstruction.js';
import type { ParameterValues } from '../shared/form/parameters.js';
import { Remade } from '../shared/remade.js';
import { Task } from '../shared/task/task.js';
import { askedOf, isOfLayer, nameOfAim, withAim, within, type Aim } from './aim.js';
import { withFrame, type Frame } from './frames.js';
import { NEW_VIEW, type ChannelsAsked, type KeptVisualize, type SeriesAsked, type VisualizeView } from './kept.js';
import { Series } from './series.js';
import { valuesOf } from './tricks.js';

/** A preset that changes a photograph, and the one whose phase cannot begin with one. */
const [OF_A_PICTURE, OF_NOISE] = ['accentuate', 'maco'];
/** Pictures of a folder that are shown beside. */
const TOP = 12;

/** What the panel knows: what it is about, what was chosen, and what was made. Without a DOM. */
export class VisualizePage {
  setup: VisualizeSetup | undefined;
  setupError: ErrorData | undefined;
  view: VisualizeView = NEW_VIEW;
  stale: readonly string[] = [];
  /** What is to be read out. */
  spoken = '';
  /** The picture as it is now, while it is made or where it was cancelled. */
  running: RunningPicture | undefined;
  frames: readonly Frame[] = [];
  /** The step that is looked at in place of the last. */
  frame: number | undefined;
  readonly form = new Task<VisualizeForm>(() => this.onForm());
  readonly made = new Task<VisualizeAnswer, VisualizeProgress>(() => this.onMade());
  readonly top = new Task<TopPictures, TopProgress>(() => this.changed());
  readonly compare: Series;
  readonly channels: Series;
  private shownForm: VisualizeForm | undefined;
  private makeWhenKnown = false;
  private early: VisualizeAim | undefined;
  private readonly schemas = new Remade<ParameterSchema>();

  constructor(
    readonly host: Client<VisualizeHostApi>,
    private readonly changed: () => void,
  ) {
    const pictures = {
      make: (asked: PictureAsked, options: Parameters<typeof host.smallPicture>[1]) =>
        host.smallPicture(asked, options),
      known: (asked: readonly PictureAsked[]) => host.knownPictures({ asked }),
    };
    this.compare = new Series(pictures, () => this.onSeries());
    this.channels = new Series(pictures, () => this.onSeries());
  }

  /** Begins, with what was kept of a page before. */
  async start(kept: KeptVisualize | undefined): Promise<void> {
    if (kept !== undefined) this.view = { ...NEW_VIEW, ...kept.view };
    try {
      this.setup = await this.host.setup({});
    } catch (error) {
      this.setupError = toErrorData(error);
      this.changed();
      return;
    }
    this.setupError = undefined;
    const { aim = this.early, lastFolder, stale } = this.setup;
    this.stale = stale;
    if (this.view.searched === undefined && lastFolder !== undefined) this.update({ searched: lastFolder });
    if (aim !== undefined) this.turnTo(aim);
    const { asked, cancelled, compared, channels } = this.view;
    if (aim === undefined && asked !== undefined && !cancelled) this.run(asked);
    if (compared !== undefined) void this.compare.restore(compared);
    if (channels.asked !== undefined) void this.channels.restore(seriesOf(channels.asked));
    this.loadForm();
    this.changed();
  }

  /** Something else of the same model. */
  show({ aim }: VisualizeTopic): void {
    if (aim === undefined) return;
    if (this.setup === undefined) {
      // A hidden tab that is shown for this is not there yet.
      this.early = aim;
      return;
    }
    this.turnTo(aim);
    this.loadForm();
  }

  private turnTo(aim: VisualizeAim): void {
    this.update({ aim: this.withLayer(withAim(this.view.aim, aim)), tab: 'picture' });
    // A class is chosen first; a channel of a row that was clicked is known.
    this.makeWhenKnown = aim.kind === 'channel' && aim.layer !== undefined;
  }

  outdated(files: readonly string[]): void {
    this.stale = files;
    this.changed();
  }

  /** Asks the model anew. */
  again(): void {
    this.stale = [];
    void this.host.renew({}).catch(() => undefined);
    this.form.expire();
    this.loadForm();
    this.make();
  }

  update(change: Partial<VisualizeView>): void {
    this.view = { ...this.view, ...change };
    this.changed();
  }

  /** Another question. */
  ask(change: Partial<Pick<VisualizeView, 'aim' | 'preset' | 'params' | 'files' | 'seed'>>): void {
    const { aim } = change;
    this.update(aim === undefined ? change : { ...change, aim: this.withLayer(aim) });
    this.loadForm();
  }

  setParams(params: ParameterValues): void {
    this.ask({ params: { ...this.view.params, [this.view.preset]: params } });
  }

  /** What was changed of the preset. */
  get changedParams(): ParameterValues {
    return this.view.params[this.view.preset] ?? {};
  }

  /** All that the preset is set to. */
  get values(): ParameterValues {
    return this.shownForm === undefined ? {} : valuesOf(this.shownForm, this.view.preset, this.changedParams);
  }

  get facts(): VisualizeForm | undefined {
    return this.shownForm;
  }

  /** What can be set, with the preset's own values as defaults. */
  get schema(): ParameterSchema {
    const { shownForm: form, view } = this;
    return this.schemas.get([form, view.preset], () =>
      form === undefined
        ? {}
        : (Object.fromEntries(
            Object.entries(form.schema).map(([name, spec]) => [
              name,
              { ...spec, default: form.presets[view.preset]?.[name] ?? spec.default },
            ]),
          ) as ParameterSchema),
    );
  }

  get name(): string {
    return nameOfAim(this.view.aim, this.shownForm?.classes);
  }

  /** Whether the preset begins with the picture that was chosen. */
  startOf(preset: string): NamedFile | undefined {
    return preset === OF_NOISE ? undefined : this.view.files.start;
  }

  /** A file of the question, or none any more. */
  setFile(name: PictureFile, file: NamedFile | undefined): void {
    const { [name]: _before, ...others } = this.view.files;
    this.ask({ files: file === undefined ? others : { ...others, [name]: file } });
  }

  /** The picture that is missing: one to change, or one whose activations are wanted. */
  get wanted(): 'start' | 'invert' | undefined {
    if (this.view.aim.kind === 'inversion' && this.view.files.invert === undefined) return 'invert';
    return this.wantsStart ? 'start' : undefined;
  }

  private get wantsStart(): boolean {
    return this.view.preset === OF_A_PICTURE && this.view.files.start === undefined;
  }

  /** The question as it is set now. */
  asking(preset = this.view.preset, params: ParameterValues = this.view.params[preset] ?? {}): PictureAsked {
    const { aim, seed, files, attempt } = this.view;
    const { folder, invert, natural, other } = files;
    return {
      ...askedOf(aim),
      params: { preset, ...params },
      files: given({
        start: this.startOf(preset)?.uri,
        folder: folder?.uri,
        invert: aim.kind === 'inversion' ? invert?.uri : undefined,
        // Natural pictures and other models know of classes.
        natural: aim.kind === 'class' ? natural?.uri : undefined,
        other: isOfLayer(aim) ? undefined : other?.uri,
      }),
      seed,
      attempt,
    };
  }

  /** Makes the picture, again where it is there. */
  make(): void {
    if (this.wanted !== undefined) return;
    const same = this.made.question === JSON.stringify(this.asking());
    if (same) this.update({ attempt: this.view.attempt + 1 });
    const asked = this.asking();
    this.update({ asked, tab: 'picture' });
    this.run(asked);
  }

  private run(asked: PictureAsked): void {
    this.update({ cancelled: false, paused: false });
    this.frames = [];
    this.frame = undefined;
    this.running = undefined;
    const ask = (options: Parameters<typeof this.host.picture>[1] = {}): Promise<VisualizeAnswer> =>
      this.host.picture(asked, {
        ...options,
        onProgress: (progress) => {
          if (progress.made !== undefined) {
            this.running = progress.made;
            this.frames = withFrame(this.frames, progress.made);
          }
          options.onProgress?.(progress);
        },
      });
    void this.made.run(JSON.stringify(asked), ask, true);
    // A page that comes back does not know whether it was paused.
    this.steer('run');
  }

  /** Pauses, goes on, or ends with what there is. */
  steer(state: 'run' | 'pause' | 'stop'): void {
    const { asked, paused } = this.view;
    if (asked === undefined) return;
    if (paused !== (state === 'pause')) this.update({ paused: state === 'pause' });
    void this.host.steer({ asked, state }).catch(() => undefined);
  }

  /** Ends it without an answer; what was seen of it stays. */
  cancel(): void {
    this.update({ cancelled: true, paused: false });
    this.made.cancel();
  }

  /** What was made, and whether it is of what was asked last. */
  get result(): Reconstruction | undefined {
    return this.made.value?.result;
  }

  /** What is set now is not what was made. */
  get differs(): boolean {
    const { asked } = this.view;
    return (
      asked !== undefined && JSON.stringify({ ...this.asking(), attempt: asked.attempt }) !== JSON.stringify(asked)
    );
  }

  /** Begins pictures side by side. */
  beginCompare(cells: SeriesAsked['cells']): void {
    this.update({ compared: { cells, running: true } });
    this.compare.begin(cells);
  }

  /** A picture for every channel of the layer, as it is set now. */
  get channelsAsked(): Omit<ChannelsAsked, 'running'> | undefined {
    const { aim, channels } = this.view;
    const layer = this.shownForm?.layer;
    if (aim.layer === undefined || layer?.name !== aim.layer || layer.channels === undefined) return undefined;
    const { target: _target, channel: _channel, ...base } = this.asking();
    const params = { ...base.params, steps: channels.steps };
    const { start, folder } = base.files;
    return {
      base: { ...base, files: given({ start, folder }), layer: aim.layer, params, attempt: 0 },
      count: layer.channels,
    };
  }

  beginChannels(): void {
    const asked = this.channelsAsked;
    if (asked === undefined) return;
    this.update({ channels: { ...this.view.channels, asked: { ...asked, running: true } } });
    this.channels.begin(seriesOf({ ...asked, running: true }).cells);
  }

  /** Pictures of the folder that excite the channel most. */
  searchTop(anew = false): void {
    const { aim, searched } = this.view;
    if (searched === undefined || aim.layer === undefined) return;
    const request = { inputs: [searched.uri], layer: aim.layer, channel: aim.channel, count: TOP };
    void this.top.run(JSON.stringify(request), (options) => this.host.topPictures(request, options), anew);
  }

  get working(): boolean {
    return this.form.working || this.made.working || this.compare.working || this.channels.working || this.top.working;
  }

  say(text: string): void {
    this.spoken = text;
    this.changed();
  }

  keep(): KeptVisualize | undefined {
    return this.setup === undefined ? undefined : { version: 1, topic: { model: this.setup.model }, view: this.view };
  }

  /** The layer of a question about one: where none was chosen, the last convolution. */
  private withLayer(aim: Aim): Aim {
    if (!isOfLayer(aim) || aim.layer !== undefined) return aim;
    const layers = this.setup?.layers ?? [];
    const layer = (layers.findLast(({ op }) => /Conv/.test(op)) ?? layers.at(-1))?.name;
    return { ...aim, ...given({ layer }) };
  }

  loadForm(): void {
    const { aim, files } = this.view;
    const start = this.startOf(this.view.preset);
    const request = {
      start: start === undefined ? 'noise' : /\.npy$/i.test(start.name) ? 'array' : 'picture',
      folder: files.folder !== undefined,
      oneClass: aim.kind === 'class',
      inversion: aim.kind === 'inversion',
      ...given({ layer: aim.layer }),
    } as const;
    void this.form.run(JSON.stringify(request), (options) => this.host.form(request, options));
    // What is known already is not asked again.
    if (this.makeWhenKnown && !this.form.working) this.onForm();
  }

  private onForm(): void {
    const { value, working, error } = this.form;
    if (value !== undefined && value !== this.shownForm) {
      this.shownForm = value;
      const { aim } = this.view;
      const { layer, classes } = value;
      if (layer !== undefined && layer.name === aim.layer) this.view = { ...this.view, aim: within(aim, layer) };
      if (classes.length === 0 && !isOfLayer(aim)) this.ask({ aim: { ...aim, kind: 'channel' } });
    }
    if (this.makeWhenKnown && !working) {
      this.makeWhenKnown = false;
      if (error === undefined) this.make();
    }
    this.changed();
  }

  private onMade(): void {
    const { value, working, error, stopped } = this.made;
    if (!working && value !== undefined && error === undefined && !stopped && !this.made.outdated) {
      const { picture, steps, says, target } = value.result;
      this.frames = withFrame(this.frames, { step: steps, picture });
      this.running = undefined;
      const sure = says.probability === undefined ? '' : `, probability ${says.probability.toFixed(3)}`;
      this.spoken = `${target.label}: made in ${steps} steps${sure}`;
    }
    this.changed();
  }

  private onSeries(): void {
    const { compared, channels } = this.view;
    if (compared !== undefined && compared.running !== this.compare.working)
      this.view = { ...this.view, compared: { ...compared, running: this.compare.working } };
    if (channels.asked !== undefined && channels.asked.running !== this.channels.working)
      this.view = {
        ...this.view,
        channels: { ...channels, asked: { ...channels.asked, running: this.channels.working } },
      };
    this.changed();
  }
}

/** A picture for each channel. */
export function seriesOf({ base, count, running }: ChannelsAsked): SeriesAsked {
  const cells = Array.from({ length: count }, (_, channel) => ({
    title: `channel ${channel}`,
    asked: { ...base, channel },
  }));
  return { cells, running };
}
