import { LensError } from '../base/errors.js';
import { isFloating, type Tensor } from '../base/tensor.js';
import { withOutputs } from '../graph/edits.js';
import { indexOf, type Graph } from '../graph/graph.js';
import type { Layer } from '../graph/layers/layer.js';
import { layersOf } from '../graph/layers/layers.js';
import { inferTypes } from '../graph/types.js';
import type { SessionOptions, Sessions } from '../session/session.js';
import type { TrainingStep } from './step/step.js';

/** A step whose numbers are no numbers any more. */
export interface Diverged {
  readonly graph: Graph;
  readonly step: TrainingStep;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** The state before the step, by names of inputs; the feeds hold it, too. */
  readonly before: ReadonlyMap<string, Tensor>;
  readonly after: ReadonlyMap<string, Tensor>;
  readonly epoch: number;
  /** From 1, within the epoch. */
  readonly at: number;
  readonly rate: number;
  readonly sessions: Sessions;
  readonly session: Partial<SessionOptions>;
}

/** The error that ends a training: at which step, and in which layer it began. */
export async function divergence(what: Diverged): Promise<LensError> {
  const where = await whereItBegan(what);
  return new LensError(
    'input',
    'training/diverged',
    `The training ended at step ${what.at} of epoch ${what.epoch}, where its numbers became infinite or no numbers: ${where}.`,
    { hint: `Take a smaller learning rate than ${Number(what.rate.toPrecision(3))}, a warm-up, or clip the gradient.` },
  );
}

async function whereItBegan(what: Diverged): Promise<string> {
  const layers = layersOf(what.graph);
  const spoilt = layers.find((layer) => weightsOf(what, layer, what.before).some((t) => !isFinite(t)));
  const outputs = await layerOutputs(what, layers);
  const first = layers.find((layer) => {
    const value = outputs[layer.output];
    return value !== undefined && !isFinite(value);
  });
  if (spoilt !== undefined && (first === undefined || layers.indexOf(spoilt) <= layers.indexOf(first)))
    return `the step before had spoilt the weights of the layer "${spoilt.name}"`;
  if (first !== undefined) return `it began in the output of the layer "${first.name}" (${first.op})`;
  // Gradients come from the end: the last layer that is spoilt was the first.
  const last = layers.filter((layer) => weightsOf(what, layer, what.after).some((t) => !isFinite(t))).at(-1);
  if (last !== undefined) return `it began in the gradient of the layer "${last.name}" (${last.op})`;
  return 'it began in the loss, the outputs of all layers are still finite';
}

/** Weights of a layer in a state; none where they are not trained. */
function weightsOf({ step }: Diverged, { weights }: Layer, state: ReadonlyMap<string, Tensor>): Tensor[] {
  return step.state.flatMap(({ kind, of, input }) =>
    kind === 'weight' && weights.includes(of) ? (state.get(input) ?? []) : [],
  );
}

/** What the layers gave out in that very step. */
async function layerOutputs(
  { step, feeds, sessions, session }: Diverged,
  layers: readonly Layer[],
): Promise<Record<string, Tensor>> {
  const { producer } = indexOf(step.graph);
  const types = inferTypes(step.graph);
  const names = layers
    .map((layer) => layer.output)
    .filter((name) => producer(name) !== undefined && isFloating(types.get(name) ?? 'float32'));
  const opened = await sessions.open(withOutputs(step.graph, [...new Set(names)]), { ...session, optimised: false });
  try {
    const wanted = new Set(step.graph.inputs.map((i) => i.name));
    return await opened.run(Object.fromEntries(Object.entries(feeds).filter(([n]) => wanted.has(n))), [
      ...new Set(names),
    ]);
  } finally {
    await opened.dispose();
  }
}

function isFinite({ data }: Tensor): boolean {
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) return true;
  for (const v of data) if (!Number.isFinite(v)) return false;
  return true;
}
