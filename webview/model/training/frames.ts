import type { Address } from '../../../src/base/place.js';
import { isCancelled, toErrorData, type ErrorData } from '../../../src/base/errors.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ModelHostApi, SeriesEntry } from '../../../src/protocol/modelPanel.js';
import type { WorkProgress } from '../../../src/protocol/request.js';
import { firstPage, pageShape, WeightPages } from '../weights/pages.js';
import { flattened, type Frame, type FrameQuestion, type WeightPart } from './frame.js';
import { Lane, type Job } from './lane.js';

type Host = Pick<Client<ModelHostApi>, 'weightsOf' | 'weightStatisticsOf' | 'explainWith'>;

/** Checkpoints whose weights and maps are held: those around the one that is looked at. */
const WEIGHTS_HELD = 9;
const MAPS_HELD = 48;
/** Neighbours that are fetched ahead, nearest first. */
const AHEAD = [1, -1, 2];

/**
 * A layer and an explanation over the checkpoints of a training. What is looked at comes first, then its neighbours,
 * then the numbers of all checkpoints, for the curves and for the scale that all of them share.
 */
export class TrainingFrames {
  private frames: Frame[] = [];
  private layer: string | undefined;
  private weight: WeightPart | undefined;
  private question: FrameQuestion | undefined;
  private target: string | undefined;
  private label: string | undefined;
  private at = 0;
  private all = false;
  /** Stopped by a person: nothing at all, until something else is looked at; and nothing for checkpoints that nobody looks at. */
  private halted = false;
  private resting = false;
  /** Grows with every other layer, question, series: answers to older ones are dropped. */
  private age = { weights: 0, question: 0 };
  progress: WorkProgress | undefined;
  private readonly numbers: Lane;
  private readonly maps: Lane;

  constructor(
    private readonly host: Host,
    private readonly changed: () => void,
    private readonly arrived: () => void = changed,
  ) {
    this.numbers = new Lane(() => this.nextNumbers(), changed);
    this.maps = new Lane(() => this.nextMap(), changed);
  }

  get list(): readonly Frame[] {
    return this.frames;
  }

  /** The class that is explained at every checkpoint, once it is known; its name once one of them has answered. */
  get explained(): { readonly index: string; readonly label: string | undefined } | undefined {
    return this.target === undefined ? undefined : { index: this.target, label: this.label };
  }

  /** What is being computed, for people to wait for or to stop. */
  get working(): 'numbers' | 'maps' | undefined {
    return this.maps.working !== undefined ? 'maps' : this.numbers.working !== undefined ? 'numbers' : undefined;
  }

  get stopped(): boolean {
    return this.resting;
  }

  /** The checkpoints there are now. What was rewritten is asked anew; the others stay. */
  setSeries(series: readonly SeriesEntry[]): void {
    const known = new Map(this.frames.map((frame) => [frame.entry.file.uri, frame]));
    const kept = new Set<Frame>();
    this.frames = series.map((entry) => {
      const frame = known.get(entry.file.uri);
      if (frame === undefined || frame.entry.version !== entry.version) return { entry };
      kept.add(frame);
      return frame;
    });
    for (const frame of known.values()) if (!kept.has(frame)) frame.weights?.pages.dispose();
    this.go();
  }

  /** @param weight which weight of the layer; default its main one */
  setLayer(layer: string | undefined, weight?: WeightPart): void {
    if (layer === this.layer && weight?.name === this.weight?.name) return;
    this.layer = layer;
    this.weight = weight;
    this.age.weights++;
    this.numbers.stop();
    for (const frame of this.frames) {
      frame.weights?.pages.dispose();
      delete frame.weights;
      delete frame.statistics;
      delete frame.weightsError;
    }
    this.go();
  }

  setQuestion(question: FrameQuestion | undefined): void {
    if (JSON.stringify(question) === JSON.stringify(this.question)) return;
    const before = this.question;
    this.question = question;
    // The class stays that of the newest checkpoint of the time when the picture was chosen.
    const same = before?.picture === question?.picture && before?.target === question?.target;
    if (!same) {
      this.target = question?.target === 'top1' ? undefined : question?.target;
      this.label = undefined;
    }
    this.age.question++;
    this.maps.stop();
    for (const frame of this.frames) {
      delete frame.explanation;
      delete frame.score;
      delete frame.limit;
      delete frame.explanationError;
    }
    this.go();
  }

  /** Looks at a checkpoint. */
  lookAt(index: number): void {
    if (index === this.at) return;
    this.at = index;
    this.halted = false;
    this.forget();
    this.go(false);
  }

  /** Whether every checkpoint is explained, not only those that are looked at. */
  explainAll(all: boolean): void {
    if (all === this.all) return;
    this.all = all;
    this.go();
  }

  /** Whether everything about a checkpoint is there, or known not to come. */
  ready(index: number): boolean {
    const frame = this.frames[index];
    if (frame === undefined) return false;
    const weights = this.layer === undefined || frame.weights !== undefined || frame.weightsError !== undefined;
    const map = this.question === undefined || frame.explanation !== undefined || frame.explanationError !== undefined;
    return weights && map;
  }

  /** Largest magnitude of the layer over the checkpoints that are measured, and how many these are. */
  get magnitude(): { readonly limit: number; readonly of: number } {
    const known = this.frames.flatMap(({ statistics }) => (statistics === undefined ? [] : [statistics.magnitude]));
    return { limit: Math.max(0, ...known), of: known.length };
  }

  /** The value at the end of the scale of all maps that are there, and how many these are. */
  get mapLimit(): { readonly limit: number; readonly of: number } {
    const known = this.frames.flatMap(({ limit }) => (limit === undefined ? [] : [limit]));
    return { limit: Math.max(0, ...known), of: known.length };
  }

  /** Axes that all histograms share: the range of the values, and the largest count. */
  get histograms(): { readonly range: readonly [number, number]; readonly most: number } | undefined {
    const known = this.frames.flatMap(({ statistics }) => (statistics === undefined ? [] : [statistics]));
    if (known.length === 0) return undefined;
    const range = [Math.min(...known.map((s) => s.min)), Math.max(...known.map((s) => s.max))] as const;
    return { range, most: known.reduce((top, s) => Math.max(top, ...s.histogram.counts), 0) };
  }

  /** Stops what is being computed for checkpoints that nobody looks at, and what is looked at, too. */
  stop(): void {
    this.halted = this.resting = true;
    this.numbers.stop();
    this.maps.stop();
    this.changed();
  }

  /** Goes on after a stop, and tries again what has failed. */
  resume(): void {
    for (const frame of this.frames) {
      delete frame.weightsError;
      delete frame.explanationError;
    }
    this.go();
  }

  dispose(): void {
    this.numbers.close();
    this.maps.close();
    for (const frame of this.frames) frame.weights?.pages.dispose();
  }

  private go(again = true): void {
    if (again) this.halted = this.resting = false;
    this.numbers.look();
    this.maps.look();
    this.changed();
  }

  /** The checkpoint that is looked at, then those that may be next. */
  private near(): readonly (readonly [frame: Frame, urgent: boolean])[] {
    return [0, ...AHEAD].flatMap((step) => {
      const frame = this.frames[this.at + step];
      return frame === undefined ? [] : [[frame, step === 0] as const];
    });
  }

  private nextNumbers(): Job | undefined {
    const { layer } = this;
    if (layer === undefined || this.halted) return undefined;
    const bare = (frame: Frame): boolean => frame.weights === undefined && frame.weightsError === undefined;
    const near = this.near().find(([frame]) => bare(frame));
    if (near?.[1] === true) return this.weightsJob(near[0], layer, true);
    if (this.resting) return undefined;
    const measure = (frame: Frame): boolean => frame.statistics === undefined && frame.weightsError === undefined;
    // Two ahead is soon enough: the scale that all share first.
    if (near !== undefined) return this.weightsJob(near[0], layer, false);
    const unmeasured = this.frames.find(measure);
    return unmeasured === undefined ? undefined : this.statisticsJob(unmeasured, layer);
  }

  private weightsJob(frame: Frame, layer: string, urgent: boolean): Job {
    const { uri } = frame.entry.file;
    const { host } = this;
    return {
      key: `weights ${uri} ${this.age.weights}`,
      urgent,
      run: (signal) =>
        this.kept(
          frame,
          'weights',
          async () => {
            const fetch = { uri, layer, ...(await this.nameIn(uri, layer, signal)) };
            const answer = await firstPage((page) => host.weightsOf({ ...fetch, page }, { signal }), 'index');
            const pages = new WeightPages(
              pageShape(answer.shown),
              'index',
              answer,
              (page, own) => host.weightsOf({ ...fetch, page }, { signal: own }),
              () => this.arrived(),
            );
            return { answer, pages };
          },
          (weights) => {
            frame.weights = weights;
            if (weights.answer.statistics !== undefined) frame.statistics = weights.answer.statistics;
            this.forget();
          },
          (error) => (frame.weightsError = error),
        ),
    };
  }

  private statisticsJob(frame: Frame, layer: string): Job {
    const { uri, name } = frame.entry.file;
    const done = this.magnitude.of;
    this.progress = { fraction: done / this.frames.length, message: `measuring ${layer} in ${name}` };
    return {
      key: `statistics ${uri} ${this.age.weights}`,
      urgent: false,
      run: (signal) =>
        this.kept(
          frame,
          'weights',
          async () =>
            this.host.weightStatisticsOf({ uri, layer, ...(await this.nameIn(uri, layer, signal)) }, { signal }),
          (statistics) => (frame.statistics = statistics),
          (error) => (frame.weightsError = error),
        ),
    };
  }

  /** What the chosen weight is called in a checkpoint: exporters make up names, which may differ. */
  private async nameIn(uri: Address, layer: string, signal: AbortSignal): Promise<{ readonly weight?: string }> {
    const { weight } = this;
    if (weight === undefined) return {};
    const few = { rowFrom: 0, rowCount: 1, columnFrom: 0, columnCount: 1 };
    const { weights } = await this.host.weightsOf({ uri, layer, page: few }, { signal });
    const twin = weights.find(({ name }) => name === weight.name) ?? weights.find(({ role }) => role === weight.role);
    return { weight: twin?.name ?? weight.name };
  }

  private nextMap(): Job | undefined {
    const { question, target } = this;
    if (question === undefined || this.halted) return undefined;
    const bare = (frame: Frame): boolean => frame.explanation === undefined && frame.explanationError === undefined;
    if (target === undefined) {
      const newest = this.frames.at(-1);
      return newest === undefined || !bare(newest) ? undefined : this.mapJob(newest, question, 'top1', true);
    }
    const near = this.near().find(([frame]) => bare(frame));
    if (near !== undefined && (near[1] || !this.resting)) return this.mapJob(near[0], question, target, near[1]);
    if (this.resting) return undefined;
    const rest = this.all
      ? this.frames.find((frame) => frame.score === undefined && frame.explanationError === undefined)
      : undefined;
    return rest === undefined ? undefined : this.mapJob(rest, question, target, false);
  }

  private mapJob(frame: Frame, question: FrameQuestion, target: string, urgent: boolean): Job {
    const { uri, name } = frame.entry.file;
    return {
      key: `map ${uri} ${this.age.question} ${target}`,
      urgent,
      run: (signal) =>
        this.kept(
          frame,
          'question',
          () =>
            this.host.explainWith(
              { uri, ...question, target },
              {
                signal,
                onProgress: ({ fraction, message }) => {
                  this.progress = { ...(fraction === undefined ? {} : { fraction }), message: `${name}: ${message}` };
                  this.changed();
                },
              },
            ),
          (explanation) => {
            const flat = flattened(explanation);
            frame.explanation = flat.explanation;
            frame.limit = flat.limit;
            frame.score = explanation.value;
            this.target ??= String(explanation.target.index);
            this.label = explanation.target.label;
            this.forget();
          },
          (error) => (frame.explanationError = error),
        ),
    };
  }

  /** Runs a question and keeps its answer, if it still is one. */
  private async kept<T>(
    frame: Frame,
    kind: keyof TrainingFrames['age'],
    ask: () => Promise<T>,
    keep: (value: T) => void,
    fail: (error: ErrorData) => void,
  ): Promise<void> {
    const age = this.age[kind];
    const current = (): boolean => this.age[kind] === age && this.frames.includes(frame);
    try {
      const value = await ask();
      if (current()) keep(value);
    } catch (error) {
      if (isCancelled(error)) throw error;
      if (current()) fail(toErrorData(error));
    } finally {
      this.progress = undefined;
    }
  }

  /** Lets go of what is far from what is looked at. */
  private forget(): void {
    const far = [...this.frames.keys()].sort((a, b) => Math.abs(b - this.at) - Math.abs(a - this.at));
    const held = (has: (frame: Frame) => boolean): Frame[] => far.map((i) => this.frames[i]!).filter(has);
    const weights = held((frame) => frame.weights !== undefined);
    for (const frame of weights.slice(0, Math.max(0, weights.length - WEIGHTS_HELD))) {
      frame.weights?.pages.dispose();
      delete frame.weights;
    }
    const maps = held((frame) => frame.explanation !== undefined);
    for (const frame of maps.slice(0, Math.max(0, maps.length - MAPS_HELD))) delete frame.explanation;
  }
}
