import { LensError, throwIfCancelled } from '../base/errors.js';
import { given } from '../base/given.js';
import { castFloating, toFloat32, type Tensor } from '../base/tensor.js';
import { withWeights } from '../graph/edits.js';
import type { Graph } from '../graph/graph.js';
import type { EpochRecord, Measured, TrainingEnd, TrainingRecipe } from '../result/training.js';
import type { Session, SessionOptions, Sessions } from '../session/session.js';
import { Batches, dropoutMask, type Batch } from './batch.js';
import { divergence } from './diverged.js';
import { frozenTrunk, type FrozenTrunk } from './features.js';
import { TimeLeft } from './estimate.js';
import { best as bestOf, evaluateModel, sampleDims, type Classifier } from './evaluate.js';
import type { Normalisation, TrainingPictures } from './pictures.js';
import { randomlyLabelled } from './randomLabels.js';
import type { BestEpoch, SavedTraining, TrainingKeep } from './saved.js';
import { batchesOf, rateAt } from './schedule.js';
import type { TrainingStep } from './step/step.js';
import { stepRequest } from './stepRequest.js';
import { chosenStep, type ChosenStep } from './step/form.js';

/** What is to be trained, and on what. */
export interface TrainingTask extends Classifier {
  readonly pictures: TrainingPictures;
  /** Pictures that are not trained on, by which the best epoch is told. */
  readonly validation?: TrainingPictures;
  readonly normalise: Normalisation;
  readonly recipe: TrainingRecipe;
  readonly seed: number;
  /** Names of the weights that are trained; the others stay as they are. */
  readonly trainable: readonly string[];
  /** Weights to begin with in place of the graph's, by its names. */
  readonly weights?: ReadonlyMap<string, Tensor>;
  readonly sessions: Sessions;
  readonly session?: Partial<SessionOptions>;
  readonly keep?: TrainingKeep;
  /** Told while layers that are frozen are run once for all pictures. */
  readonly preparing?: (done: number, of: number) => void;
  /** The model that the weights are put into, where it is another than the graph that is trained. */
  readonly model?: Graph;
  /** Says when to wait and when to end. */
  readonly steering?: { resumed(signal: AbortSignal): Promise<void>; stopped(): boolean };
  readonly signal: AbortSignal;
}

/** Where a training is. */
export interface TrainingProgress {
  /** From 1. */
  readonly epoch: number;
  /** Steps of this epoch that are done, of `steps`. */
  readonly step: number;
  readonly steps: number;
  /** Means over this epoch so far. */
  readonly loss: number;
  readonly accuracy: number;
  readonly rate: number;
  /** Epochs that are whole. */
  readonly curve: readonly EpochRecord[];
  /** To the end of the last epoch, by the time that steps have taken so far; absent before any is known. */
  readonly secondsLeft?: number;
  /** Epochs that a run before this had done. */
  readonly resumed: number;
  /** How its steps are computed, and why so: a sentence. */
  readonly form: string;
}

export interface TrainedModel {
  /** The network with its new weights, as an ordinary model. */
  readonly graph: Graph;
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly curve: readonly EpochRecord[];
  /** The epoch whose weights these are; absent where it was ended within its first. */
  readonly epoch?: number;
  readonly measured?: Measured;
  readonly ended: TrainingEnd;
  /** Epochs that a run before this had done. */
  readonly resumed: number;
  /** How its steps ran, as a sentence. */
  readonly form: string;
  readonly notes: readonly string[];
}

/** Progress is told no more often than that. */
const TELL_MS = 100;
/** What a picture costs that is only looked at, as a share of one that is trained on; until it is measured. */
const FORWARD_SHARE = 0.3;

/**
 * Trains a classifier. Everything that is random is a function of the seed, the epoch and the picture: a training that is
 * killed and goes on at its last whole epoch ends with the same weights to the bit, on the same kind of machine with the
 * same number of threads.
 *
 * @throws LensError `training/diverged` that names the layer where a number stopped being one; `training/…` and those of
 *   the step for what cannot be trained
 */
export async function* train(task: TrainingTask): AsyncGenerator<TrainingProgress, TrainedModel, void> {
  const training = await Training.begin(task);
  try {
    return yield* training.run();
  } finally {
    await training.dispose();
  }
}

class Training {
  private readonly left = new TimeLeft();
  private curve: EpochRecord[] = [];
  private best: BestEpoch | undefined;
  private done = 0;
  private resumed = 0;
  private ended: TrainingEnd | undefined;
  /** Of this epoch. */
  private sums = { loss: 0, right: 0, seen: 0 };

  private constructor(
    private readonly task: TrainingTask,
    private readonly chosen: ChosenStep,
    private readonly sizes: ReturnType<typeof batchesOf>,
    private state: Map<string, Tensor>,
    private readonly trunk: FrozenTrunk | undefined,
  ) {}

  private get step(): TrainingStep {
    return this.chosen.step;
  }

  /** How steps ran, as a sentence. */
  private get form(): string {
    return this.trunk === undefined
      ? this.chosen.said
      : 'The layers before the last one are frozen: they ran once for each picture.';
  }

  private get session(): Session {
    return this.chosen.session;
  }

  static async begin(task: TrainingTask): Promise<Training> {
    const { pictures, recipe, seed, keep, signal } = task;
    if (pictures.count === 0) throw new LensError('input', 'training/empty', 'There are no pictures to train on.');
    if (task.trainable.length === 0)
      throw new LensError('input', 'training/frozen', 'Nothing would be trained: all weights are frozen.', {
        hint: 'Leave a layer with weights out of "freeze".',
      });
    const labelled = recipe.labels === 'random' ? { ...task, pictures: randomlyLabelled(pictures, seed) } : task;
    const begun = withStart(labelled);
    const trunk = await frozenTrunk(begun);
    const own = trunk === undefined ? begun : { ...begun, graph: trunk.graph, input: trunk.input };
    const { facts } = task;
    const sizes = batchesOf(pictures.count, recipe.batch, facts.dynamicBatch ? undefined : facts.batch);
    const chosen = await chosenStep(stepRequest(own, sizes.size), task.sessions, task.session);
    const { session } = chosen;
    const state = await chosen.step.start(undefined, signal);
    const training = new Training(own, chosen, sizes, state, trunk);
    try {
      const saved = await keep?.read();
      if (saved !== undefined) training.resume(saved);
    } catch (error) {
      await session.dispose();
      throw error;
    }
    return training;
  }

  dispose(): Promise<void> {
    return this.session.dispose();
  }

  async *run(): AsyncGenerator<TrainingProgress, TrainedModel, void> {
    const { recipe } = this.task;
    while (this.done < recipe.epochs && this.ended === undefined) {
      const epoch = this.done + 1;
      const whole = yield* this.epoch(epoch);
      if (!whole) {
        this.ended = 'stopped';
        break;
      }
      await this.endEpoch(epoch);
      yield this.progress(epoch, this.sizes.steps);
    }
    return this.trained();
  }

  private resume(saved: SavedTraining): void {
    const missing = this.step.state.find(({ input }) => !saved.state.has(input));
    if (missing !== undefined)
      throw new LensError('input', 'training/other', 'What is kept there belongs to another training.', {
        hint: 'Train into another folder.',
      });
    this.state = new Map(saved.state);
    this.curve = [...saved.curve];
    this.best = saved.best;
    this.resumed = this.done = saved.epoch;
    this.ended = saved.ended;
  }

  /** @returns whether it came to its end */
  private async *epoch(epoch: number): AsyncGenerator<TrainingProgress, boolean, void> {
    const { task, step } = this;
    const { pictures, recipe, normalise, seed, steering, signal } = task;
    const dims = sampleDims(task.facts, task.input);
    const source = { pictures, normalise, recipe, seed, dims, size: this.sizes.size };
    const batches = new Batches({ ...source, ...given({ features: this.trunk?.trained }) }, epoch);
    this.sums = { loss: 0, right: 0, seen: 0 };
    const seconds = { sum: 0 };
    let told = 0;
    let next = batches.make(0);
    for (let at = 0; at < this.sizes.steps; at++) {
      throwIfCancelled(signal);
      if (steering !== undefined) {
        await steering.resumed(signal);
        throwIfCancelled(signal);
        if (steering.stopped()) return false;
      }
      const started = performance.now();
      const batch = next;
      const rate = this.rate(epoch, at);
      const feeds = this.feeds(batch, epoch, at, rate);
      const running = this.session.run(
        feeds,
        step.graph.outputs.map((o) => o.name),
        signal,
      );
      // The next pictures are made while the runtime works.
      if (at + 1 < this.sizes.steps) next = batches.make(at + 1);
      await this.take(await running, { batch, feeds, epoch, at, rate });
      const taken = performance.now() - started;
      seconds.sum += taken;
      this.left.step(taken);
      if (performance.now() - told < TELL_MS) continue;
      told = performance.now();
      yield this.progress(epoch, at + 1);
    }
    this.record(epoch, seconds.sum / 1000);
    return true;
  }

  private rate(epoch: number, at: number): number {
    return rateAt(this.task.recipe, (epoch - 1) * this.sizes.steps + at, this.sizes.steps);
  }

  private feeds(batch: Batch, epoch: number, at: number, rate: number): Record<string, Tensor> {
    const { feeds } = this.step;
    const { recipe, seed } = this.task;
    const run = (epoch - 1) * this.sizes.steps + at;
    const floats = (tensor: Tensor): Tensor => castFloating(tensor, feeds.type as 'float32');
    const scalar = (value: number): Tensor => floats({ type: 'float32', dims: [], data: Float32Array.of(value) });
    const out: Record<string, Tensor> = {
      ...Object.fromEntries(this.state),
      [feeds.picture]: floats(batch.picture),
      [feeds.target]: floats(batch.target),
      [feeds.rate]: scalar(rate),
    };
    if (feeds.step !== undefined) out[feeds.step] = scalar(Math.floor(run / recipe.accumulate) + 1);
    if (feeds.apply !== undefined)
      out[feeds.apply] = { type: 'bool', dims: [], data: Uint8Array.of((run + 1) % recipe.accumulate === 0 ? 1 : 0) };
    feeds.masks.forEach((mask, k) => {
      out[mask.name] = dropoutMask(mask, { seed, epoch, mask: k, pictures: batch.places }, feeds.type);
    });
    return out;
  }

  /** The new state, and the sums of the epoch. */
  private async take(
    out: Record<string, Tensor>,
    {
      batch,
      feeds,
      epoch,
      at,
      rate,
    }: { batch: Batch; feeds: Record<string, Tensor>; epoch: number; at: number; rate: number },
  ): Promise<void> {
    const { step, task, chosen } = this;
    const number = (name: string): number => toFloat32(out[name]!)[0]!;
    const loss = number(step.outputs.loss);
    const after = new Map(step.state.map(({ input, output }) => [input, out[output]!]));
    if (!Number.isFinite(loss) || !Number.isFinite(number(step.outputs.gradientNorm))) {
      const { graph, sessions, session = {} } = task;
      throw await divergence({
        graph,
        step: chosen.plain,
        feeds,
        sessions,
        session,
        epoch,
        rate,
        after,
        before: this.state,
        at: at + 1,
      });
    }
    this.state = after;
    const logits = toFloat32(out[step.outputs.logits]!);
    const classes = logits.length / batch.labels.length;
    this.sums.loss += loss * batch.fresh;
    this.sums.seen += batch.fresh;
    for (let k = 0; k < batch.fresh; k++)
      if (bestOf(logits.subarray(k * classes, (k + 1) * classes)) === batch.labels[k]) this.sums.right++;
  }

  private record(epoch: number, seconds: number): void {
    const { loss, right, seen } = this.sums;
    const rate = this.rate(epoch, this.sizes.steps - 1);
    this.curve.push({ epoch, loss: loss / seen, accuracy: right / seen, rate, seconds });
  }

  /** Looks at what is held out, and keeps what there is. */
  private async endEpoch(epoch: number): Promise<void> {
    const started = performance.now();
    const { task } = this;
    const { validation, recipe, keep, signal } = task;
    const weights = this.weights();
    if (validation !== undefined) {
      const { loss, accuracy } = await evaluateModel({
        ...task,
        ...given({ features: this.trunk?.held }),
        weights,
        pictures: validation,
        loss: recipe.loss,
        signal,
      });
      const measured = { loss, accuracy };
      this.curve[this.curve.length - 1] = { ...this.curve.at(-1)!, validation: measured };
      if (this.best === undefined || isBetter(measured, this.best.measured)) this.best = { epoch, measured, weights };
    }
    this.done = epoch;
    const waited = epoch - (this.best?.epoch ?? epoch);
    if (recipe.patience > 0 && waited >= recipe.patience) this.ended = 'patience';
    else if (epoch === recipe.epochs) this.ended = 'epochs';
    if (keep !== undefined) {
      const { state, curve, best, ended } = this;
      await keep.write(
        { epoch, state, curve, ...given({ best, ended }) },
        withWeights(task.model ?? task.graph, weights),
      );
    }
    this.left.epochEnd(performance.now() - started);
  }

  /** The model's weights as they are now. */
  private weights(): Map<string, Tensor> {
    return this.step.weights(this.state, this.task.recipe.ema > 0);
  }

  private progress(epoch: number, step: number): TrainingProgress {
    const { sums, curve, sizes, task, left, resumed } = this;
    const { epochs } = task.recipe;
    const held = (task.validation?.count ?? 0) * FORWARD_SHARE * ((left.perStep ?? 0) / sizes.size);
    const [steps, ends] = [(epochs - epoch + 1) * sizes.steps - step, epochs - this.done];
    return {
      epoch,
      step,
      steps: sizes.steps,
      curve: [...curve],
      resumed,
      form: this.form,
      loss: sums.loss / sums.seen,
      accuracy: sums.right / sums.seen,
      rate: this.rate(epoch, Math.max(0, step - 1)),
      ...given({ secondsLeft: left.seconds(steps, ends, held) }),
    };
  }

  private trained(): TrainedModel {
    const { task, step, best, curve } = this;
    const weights = best?.weights ?? this.weights();
    // Without pictures that are held out nothing says which epoch is the best: the last is taken.
    const epoch = best?.epoch ?? (this.done === 0 ? undefined : this.done);
    return {
      graph: withWeights(task.model ?? task.graph, weights),
      weights,
      curve,
      ...given({ epoch, measured: best?.measured }),
      ended: this.ended ?? 'epochs',
      resumed: this.resumed,
      form: this.form,
      notes: step.notes,
    };
  }
}

/** The task with the weights that it begins with in its graphs: those that are frozen stay so. */
function withStart(task: TrainingTask): TrainingTask {
  const { weights, graph, model = graph } = task;
  if (weights === undefined) return { ...task, model };
  return { ...task, graph: withWeights(graph, weights), model: withWeights(model, weights) };
}

function isBetter(a: Measured, b: Measured): boolean {
  return a.accuracy > b.accuracy || (a.accuracy === b.accuracy && a.loss < b.loss);
}
