import { toErrorData, type ErrorData } from '../../src/base/errors.js';
import type { TopProgress } from '../../src/protocol/activations.js';
import type { Client } from '../../src/protocol/channel.js';
import type { VisualizeAnswer, VisualizeProgress } from '../../src/protocol/reconstruction.js';
import type {
  PictureAsked,
  RunningPicture,
  VisualizeAim,
  VisualizeHostApi,
  VisualizeTopic,
} from '../../src/protocol/reconstructionPanel.js';
import type { TopPictures } from '../../src/result/activations.js';
import type { Reconstruction } from '../../src/result/reconstruction.js';
import { Task } from '../shared/task/task.js';
import { withAim } from './aim.js';
import { ChannelGrid } from './channelGrid.js';
import { withFrame, type Frame } from './frames.js';
import { NEW_VIEW, type KeptVisualize, type SeriesAsked } from './kept.js';
import { Question } from './question.js';
import { Series } from './series.js';

/** Pictures of a folder that are shown beside. */
const TOP = 12;

/** What the panel knows: what it is about, what was chosen, and what was made. Without a DOM. */
export class VisualizePage extends Question {
  setupError: ErrorData | undefined;
  stale: readonly string[] = [];
  /** What is to be read out. */
  spoken = '';
  /** The picture as it is now, while it is made or where it was cancelled. */
  running: RunningPicture | undefined;
  frames: readonly Frame[] = [];
  /** The step that is looked at in place of the last, and the facet in place of the first. */
  frame: number | undefined;
  facet = 0;
  readonly made = new Task<VisualizeAnswer, VisualizeProgress>(() => this.onMade());
  readonly top = new Task<TopPictures, TopProgress>(() => this.changed());
  readonly compare: Series;
  readonly channels: ChannelGrid;
  private makeWhenKnown = false;
  private early: VisualizeAim | undefined;

  constructor(host: Client<VisualizeHostApi>, changed: () => void) {
    super(host, changed);
    const pictures = {
      make: (asked: PictureAsked, options: Parameters<typeof host.smallPicture>[1]) =>
        host.smallPicture(asked, options),
      known: (asked: readonly PictureAsked[]) => host.knownPictures({ asked }),
    };
    this.compare = new Series(pictures, () => this.onSeries());
    this.channels = new ChannelGrid(host, () => this.onSeries());
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
    if (channels.asked !== undefined) void this.channels.begin(channels.asked);
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
    this.facet = 0;
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

  beginChannels(): void {
    const asked = this.channelsAsked;
    if (asked === undefined) return;
    const begun = { ...asked, running: true };
    this.update({ channels: { ...this.view.channels, asked: begun } });
    void this.channels.begin(begun);
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

  override loadForm(): void {
    super.loadForm();
    // What is known already is not asked again.
    if (this.makeWhenKnown && !this.form.working) this.onKnown();
  }

  protected override onKnown(): void {
    if (!this.makeWhenKnown || this.form.working) return;
    this.makeWhenKnown = false;
    if (this.form.error === undefined) this.make();
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
    if (channels.asked !== undefined && channels.asked.running !== this.channels.making)
      this.view = {
        ...this.view,
        channels: { ...channels, asked: { ...channels.asked, running: this.channels.making } },
      };
    this.changed();
  }
}
