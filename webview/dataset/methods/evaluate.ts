import { given } from '../../../src/base/given.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { EvaluateAnswer, EvaluateProgress } from '../../../src/protocol/benchmark.js';
import type { DatasetHostApi } from '../../../src/protocol/datasetPanel.js';
import { METRICS, type MetricId } from '../../../src/result/benchmark.js';
import type { MethodDescription, ParameterValue } from '../../../src/result/method.js';
import { Task } from '../../shared/task/task.js';
import type { DatasetView } from '../kept.js';

/** The id of the view, and of what is kept of it. */
export const METHODS = 'methods';

/** What the page keeps of this view. */
export interface KeptEvaluate {
  readonly methods: readonly string[];
  readonly metric: MetricId;
  /** Values that differ from the metric's defaults, by metric. */
  readonly params: Readonly<Record<string, Readonly<Record<string, ParameterValue>>>>;
  readonly pictures: number;
}

const FIRST: KeptEvaluate = {
  methods: ['gradient', 'integrated_gradients', 'gradcam'],
  metric: METRICS[0]!.id,
  params: {},
  pictures: 32,
};

/** The panel around this part. */
export interface EvaluateRoom {
  readonly host: Client<DatasetHostApi>;
  readonly view: DatasetView;
  update(view: Partial<DatasetView>): void;
  /** Which examples every question is about. */
  readonly part: { readonly most?: number; readonly split?: string };
}

type Request = Parameters<Client<DatasetHostApi>['evaluate']>[0];

/** How good methods are on these pictures: what is asked, and what came. */
export class Evaluate {
  readonly task: Task<EvaluateAnswer, EvaluateProgress>;
  methods: readonly MethodDescription[] = [];
  /** The row whose pictures are listed. */
  shown: string | undefined;
  private asked = false;

  constructor(
    private readonly room: EvaluateRoom,
    private readonly onChange: () => void,
  ) {
    this.task = new Task<EvaluateAnswer, EvaluateProgress>(onChange);
  }

  /** What was chosen; it may have been kept by another version. */
  get kept(): KeptEvaluate {
    const kept = this.room.view.parts[METHODS] as Partial<KeptEvaluate> | null | undefined;
    if (typeof kept !== 'object' || kept === null) return FIRST;
    const { methods, metric, params, pictures } = kept;
    return {
      methods: Array.isArray(methods) ? methods.filter((id): id is string => typeof id === 'string') : FIRST.methods,
      metric: METRICS.some(({ id }) => id === metric) ? metric! : FIRST.metric,
      params: typeof params === 'object' ? params : {},
      pictures: typeof pictures === 'number' && pictures >= 1 ? Math.round(pictures) : FIRST.pictures,
    };
  }

  choose(change: Partial<KeptEvaluate>): void {
    const { parts } = this.room.view;
    this.room.update({ parts: { ...parts, [METHODS]: { ...this.kept, ...change } } });
  }

  /** In the order of the list, whatever the order in which they were chosen. */
  toggle(id: string): void {
    const chosen = new Set(this.kept.methods);
    if (!chosen.delete(id)) chosen.add(id);
    this.choose({ methods: this.methods.map((m) => m.id).filter((each) => chosen.has(each)) });
  }

  show(id: string | undefined): void {
    this.shown = this.shown === id ? undefined : id;
    this.onChange();
  }

  /** What would be asked now. */
  get request(): Request {
    const { methods, metric, params, pictures } = this.kept;
    const { split, most = pictures } = this.room.part;
    return {
      methods: methods.map((method) => ({ method })),
      metric,
      params: params[metric] ?? {},
      most: Math.min(most, pictures),
      ...given({ split }),
    };
  }

  /** What is shown is the answer to another question. */
  get changed(): boolean {
    return this.task.value !== undefined && JSON.stringify(this.request) !== this.task.question;
  }

  ask(): void {
    const { request, task } = this;
    if (request.methods.length === 0) return;
    void task.run(JSON.stringify(request), (options) => this.room.host.evaluate(request, options), true);
  }

  /** The methods there are, asked for once. */
  learn(): void {
    if (this.asked) return;
    this.asked = true;
    void (async () => {
      this.methods = await this.room.host.methods({}).catch(() => []);
      this.onChange();
    })();
  }
}
