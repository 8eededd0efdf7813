import { given } from '../../../src/base/given.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { RoarAnswer, RoarProgress } from '../../../src/protocol/benchmark.js';
import type { DatasetHostApi, RoarAsked, RoarBegun, RoarPlace } from '../../../src/protocol/datasetPanel.js';
import type { NamedFile } from '../../../src/protocol/explainPanel.js';
import { BASELINES } from '../../../src/result/benchmark.js';
import type { ParameterSchema, ParameterValue } from '../../../src/result/method.js';
import { ROAR_PARAMETERS, type Roar } from '../../../src/result/roar.js';
import { TRAINING_PARAMETERS, TRAINING_PRESETS } from '../../../src/result/training.js';
import { Task } from '../../shared/task/task.js';
import type { Evaluate, EvaluateRoom } from './evaluate.js';

/** What the page keeps of remove-and-retrain, beside the methods that are chosen. */
export interface KeptRetrain {
  /** It is looked at in place of a measure. */
  readonly open: boolean;
  /** Values that differ from the defaults. */
  readonly params: Readonly<Record<string, ParameterValue>>;
  readonly training: Readonly<Record<string, ParameterValue>>;
  readonly seed: number;
  readonly folder?: NamedFile;
  /** What was begun last; it goes on when the page comes back. */
  readonly asked?: RoarAsked;
  readonly stopped: boolean;
}

const FIRST: KeptRetrain = { open: false, params: {}, training: {}, seed: 0, stopped: false };

const RETRAIN = 'retrain';

/** What of a training is not to be chosen: networks start from random weights, and the last epoch counts. */
const FIXED = ['preset', 'from', 'train', 'freeze', 'patience', 'head', 'labels'];

/** What can be set of the trainings, with what they are started with as defaults. */
export const RETRAINING_PARAMETERS: ParameterSchema = Object.fromEntries(
  Object.entries(TRAINING_PARAMETERS as ParameterSchema)
    .filter(([name]) => !FIXED.includes(name))
    .map(([name, spec]) => [name, { ...spec, default: TRAINING_PRESETS.scratch[name] ?? spec.default }]),
) as ParameterSchema;

/** What is drawn of a job: all of it, or what there is. */
export type Shown = Pick<Roar, 'cells' | 'rows' | 'fractions' | 'params' | 'seeds'>;

/** Remove and retrain on these pictures: what is asked, how far it is, and what came. */
export class Retrain {
  readonly task: Task<RoarAnswer, RoarProgress>;
  private place: RoarPlace | undefined;
  private asked = false;

  constructor(
    private readonly room: EvaluateRoom,
    private readonly evaluate: Evaluate,
    private readonly onChange: () => void,
  ) {
    this.task = new Task<RoarAnswer, RoarProgress>(onChange);
  }

  get host(): Client<DatasetHostApi> {
    return this.room.host;
  }

  /** What was chosen; it may have been kept by another version. */
  get kept(): KeptRetrain {
    const kept = this.room.view.parts[RETRAIN];
    return typeof kept === 'object' && kept !== null ? { ...FIRST, ...(kept as Partial<KeptRetrain>) } : FIRST;
  }

  choose(change: Partial<KeptRetrain>): void {
    this.room.update({ parts: { ...this.room.view.parts, [RETRAIN]: { ...this.kept, ...change } } });
  }

  /** Where trainings are kept. */
  get folder(): NamedFile | undefined {
    return this.kept.folder ?? this.place?.folder;
  }

  /** What was begun in the folder by a panel that is gone, where this one has asked nothing yet. */
  get begun(): RoarBegun | undefined {
    return this.kept.asked === undefined && !this.task.working ? this.place?.begun : undefined;
  }

  /** What would be asked now; nothing without a method or before there is a folder. */
  get request(): RoarAsked | undefined {
    const { folder } = this;
    const { methods } = this.evaluate.kept;
    if (folder === undefined || methods.length === 0) return undefined;
    const { params, training, seed } = this.kept;
    return { methods: methods.map((method) => ({ method })), params, training, seed, folder: folder.uri };
  }

  /** What is shown is the answer to another question. */
  get changed(): boolean {
    const { asked } = this.kept;
    return asked !== undefined && JSON.stringify(this.request) !== JSON.stringify(asked);
  }

  /** How many networks that would be. */
  get trainings(): number {
    const { params } = this.kept;
    const seeds = Number(params['seeds'] ?? ROAR_PARAMETERS.seeds.default);
    return seeds * (1 + (this.evaluate.kept.methods.length + BASELINES.length) * fractionsOf(params).length);
  }

  /** Finds the folder, and goes on with what was under way; done once. */
  learn(): void {
    if (this.asked) return;
    this.asked = true;
    const { asked, stopped } = this.kept;
    if (asked !== undefined && !stopped) this.run(asked);
    void this.find({});
  }

  async chooseFolder(): Promise<void> {
    const place = await this.find({ choose: true });
    if (place !== undefined) this.choose({ folder: place.folder });
  }

  ask(): void {
    const { request } = this;
    if (request !== undefined) this.run(request);
  }

  /** Goes on with what was asked last, or what was begun in the folder. */
  goOn(): void {
    const { begun, folder } = this;
    const { asked } = this.kept;
    if (asked !== undefined) return this.run(asked);
    if (begun === undefined || folder === undefined) return;
    this.evaluate.choose({ methods: begun.methods.map(({ method }) => method) });
    const { params, training, seed } = begun;
    this.choose({ params, training, seed });
    this.run({ ...begun, folder: folder.uri });
  }

  stop(): void {
    this.choose({ stopped: true });
    void this.host.stopRoar({}).catch(() => undefined);
    this.task.cancel();
  }

  copyCommand(): void {
    const { request } = this;
    if (request !== undefined) void this.host.copyRoarCommand(request).catch(() => undefined);
  }

  /** What there is to draw: the answer, or what is done of it. */
  get shown(): Shown | undefined {
    const { value, working, progress } = this.task;
    if (!working && value !== undefined) return value.roar;
    const { asked } = this.kept;
    const cells = progress?.cells ?? [];
    if (asked === undefined || cells.length === 0) return undefined;
    const titles = new Map(this.evaluate.methods.map((method) => [method.id, method.title]));
    return {
      cells,
      rows: [
        ...asked.methods.map(({ method: id, layer }) => ({
          id,
          title: titles.get(id) ?? id,
          kind: 'method' as const,
          params: {},
          ...given({ layer }),
        })),
        ...BASELINES.map(({ id, title }) => ({ id, title, kind: 'baseline' as const, params: {} })),
      ],
      fractions: fractionsOf(asked.params),
      seeds: [...new Set(cells.map(({ seed }) => seed))],
      params: { ...defaultsOf(ROAR_PARAMETERS), ...asked.params } as Roar['params'],
    };
  }

  private run(asked: RoarAsked): void {
    this.choose({ asked, stopped: false });
    let cells: RoarProgress['cells'];
    void this.task.run(
      JSON.stringify(asked),
      (options) =>
        this.host.roar(asked, {
          ...options,
          onProgress: (progress) => {
            // Maps are made without a word of the trainings that are done.
            cells = progress.cells ?? cells;
            options.onProgress?.({ ...progress, ...given({ cells }) });
          },
        }),
      true,
    );
  }

  private async find(request: { readonly choose?: boolean }): Promise<RoarPlace | undefined> {
    const place = await this.host.roarPlace(request).catch(() => undefined);
    this.place = place ?? this.place;
    this.onChange();
    return place;
  }
}

/** Per cent, rising. */
function fractionsOf(params: Readonly<Record<string, ParameterValue>>): number[] {
  const text = String(params['fractions'] ?? ROAR_PARAMETERS.fractions.default);
  return [...new Set(text.split(',').map(Number))].filter(Number.isFinite).sort((a, b) => a - b);
}

function defaultsOf(schema: ParameterSchema): Record<string, ParameterValue> {
  return Object.fromEntries(Object.entries(schema).map(([name, spec]) => [name, spec.default]));
}
