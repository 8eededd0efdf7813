import { toErrorData, type ErrorData } from '../../src/base/errors.js';
import { given } from '../../src/base/given.js';
import type { CallOptions, Client } from '../../src/protocol/channel.js';
import type { NamedFile } from '../../src/protocol/explainPanel.js';
import type { TrainAnswer, TrainForm, TrainingNow, TrainProgress } from '../../src/protocol/training.js';
import type {
  TrainAsked,
  TrainHostApi,
  TrainingAsked,
  TrainSetup,
  TrainTopic,
} from '../../src/protocol/trainingPanel.js';
import type { ParameterSchema } from '../../src/result/method.js';
import type { EpochRecord, TrainingSummary } from '../../src/result/training.js';
import type { ParameterValues } from '../shared/form/parameters.js';
import { Remade } from '../shared/remade.js';
import { Task } from '../shared/task/task.js';
import { NEW_VIEW, type KeptTraining, type TrainView } from './kept.js';

/** Pictures that are named among those that could not be read. */
const MOST_OMITTED = 50;

/** What the panel knows: what it is about, what was chosen, and how far the training is. Without a DOM. */
export class TrainPage {
  setup: TrainSetup | undefined;
  setupError: ErrorData | undefined;
  view: TrainView = NEW_VIEW;
  stale = false;
  /** What is to be read out. */
  spoken = '';
  /** How far it is, or was when it ended. */
  now: TrainingNow | undefined;
  readonly form = new Task<TrainForm>(() => this.onForm());
  readonly made = new Task<TrainAnswer, TrainProgress>(() => this.onMade());
  private shownForm: TrainForm | undefined;
  private readonly schemas = new Remade<ParameterSchema>();

  constructor(
    readonly host: Client<TrainHostApi>,
    private readonly changed: () => void,
  ) {}

  /** Begins, with what was kept of a page before. */
  async start(kept: KeptTraining | undefined): Promise<void> {
    if (kept !== undefined) this.view = { ...NEW_VIEW, ...kept.view };
    try {
      this.setup = await this.host.setup({});
    } catch (error) {
      this.setupError = toErrorData(error);
      this.changed();
      return;
    }
    this.setupError = undefined;
    this.stale = this.setup.stale;
    const { asked, cancelled, done } = this.view;
    if (this.setup.place !== undefined) this.view = { ...this.view, place: this.setup.place };
    // What was under way goes on where it is, also after the editor was closed.
    if (asked !== undefined && !cancelled && done === undefined) this.run(asked);
    this.loadForm();
    this.changed();
  }

  /** Another data set for the same model. */
  show({ place }: TrainTopic): void {
    if (place !== undefined && this.setup !== undefined) this.ask({ place });
  }

  outdated(): void {
    this.stale = true;
    this.changed();
  }

  /** Asks the model anew. */
  again(): void {
    this.stale = false;
    void this.host.renew({}).catch(() => undefined);
    this.form.expire();
    this.loadForm();
  }

  update(change: Partial<TrainView>): void {
    this.view = { ...this.view, ...change };
    this.changed();
  }

  /** Another question. */
  ask(change: Partial<Pick<TrainView, 'place' | 'preset' | 'params' | 'seed'>>): void {
    this.update(change);
    this.loadForm();
  }

  setParams(params: ParameterValues): void {
    this.ask({ params: { ...this.view.params, [this.view.preset]: params } });
  }

  /** What was changed of the preset. */
  get changedParams(): ParameterValues {
    return this.view.params[this.view.preset] ?? {};
  }

  get facts(): TrainForm | undefined {
    return this.shownForm;
  }

  /** What can be set, with the preset's own values as defaults. */
  get schema(): ParameterSchema {
    const { shownForm: form, view } = this;
    return this.schemas.get(
      [form, view.preset],
      () =>
        Object.fromEntries(
          Object.entries(form?.schema ?? {}).map(([name, spec]) => [
            name,
            { ...spec, default: form!.presets[view.preset]?.[name] ?? spec.default },
          ]),
        ) as ParameterSchema,
    );
  }

  /** The question as it is set now; nothing before there is a data set. */
  get asking(): TrainingAsked | undefined {
    const { place, preset, seed } = this.view;
    return place && { place: place.uri, params: { preset, ...this.changedParams }, seed };
  }

  /** Whether what is set now is what was begun last. */
  get same(): boolean {
    const { asked } = this.view;
    if (asked === undefined || this.asking === undefined) return false;
    const { folder: _folder, ...before } = asked;
    return JSON.stringify(before) === JSON.stringify(this.asking);
  }

  /** Begins a training in a folder of its own. */
  async train(): Promise<void> {
    const { asking } = this;
    if (asking === undefined) return;
    try {
      const folder = await this.host.newFolder({});
      const asked = { ...asking, folder: folder.uri };
      this.update({ asked, folder });
      this.now = undefined;
      this.run(asked);
    } catch (error) {
      this.setupError = toErrorData(error);
      this.changed();
    }
  }

  /** Goes on with the one that was begun last. */
  goOn(): void {
    const { asked } = this.view;
    if (asked !== undefined) this.run(asked);
  }

  private run(asked: TrainAsked): void {
    const { done: _done, ...view } = this.view;
    this.view = { ...view, cancelled: false, paused: false };
    const ask = (options: CallOptions<TrainProgress> = {}): Promise<TrainAnswer> =>
      this.host.train(asked, {
        ...options,
        onProgress: (progress) => {
          this.now = progress.training ?? this.now;
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

  /** Ends it without an answer; its last whole epoch stays on the disk. */
  cancel(): void {
    this.update({ cancelled: true, paused: false });
    this.made.cancel();
  }

  /** What was learned, where the training that was begun last has ended. */
  get result(): TrainingSummary | undefined {
    return this.view.done?.training;
  }

  /** Epochs that are whole. */
  get curve(): readonly EpochRecord[] {
    return this.result?.curve ?? this.now?.curve ?? [];
  }

  get working(): boolean {
    return this.form.working || this.made.working;
  }

  keep(): KeptTraining | undefined {
    if (this.setup === undefined) return undefined;
    const { model } = this.setup;
    return { version: 1, topic: { model, ...given({ place: this.view.place }) }, view: this.view };
  }

  loadForm(): void {
    const { asking } = this;
    if (asking === undefined) return;
    void this.form.run(JSON.stringify(asking), (options) => this.host.form(asking, options));
  }

  async choosePlace(): Promise<void> {
    const place: NamedFile | undefined = await this.host.choosePlace({}).catch(() => undefined);
    if (place !== undefined) this.ask({ place });
  }

  private onForm(): void {
    this.shownForm = this.form.value ?? this.shownForm;
    this.changed();
  }

  private onMade(): void {
    const { value, working, error, stopped, outdated } = this.made;
    if (!working && value !== undefined && error === undefined && !stopped && !outdated) {
      const { training, omitted, written } = value;
      const done = { training, omitted: omitted.slice(0, MOST_OMITTED), ...given({ network: written[0] }) };
      this.view = { ...this.view, done };
      const result = training;
      const held =
        result.measured === undefined
          ? ''
          : `, ${Math.round(100 * result.measured.accuracy)} % of what is held out are right`;
      this.spoken = `Trained for ${result.curve.length} epochs${held}`;
    }
    this.changed();
  }
}
