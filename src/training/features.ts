import { castFloating, floatTensor, sizeOf, toFloat32 } from '../base/tensor.js';
import { prune } from '../graph/edits.js';
import { dimsAt } from '../graph/facts.js';
import { indexOf, type Graph } from '../graph/graph.js';
import type { TrainingRecipe } from '../result/training.js';
import type { SessionOptions, Sessions } from '../session/session.js';
import { augmented, STILL } from './augment.js';
import { sampleDims, type Classifier } from './evaluate.js';
import { headOf } from './head.js';
import { normaliseInto, type Normalisation, type TrainingPictures } from './pictures.js';

/** What goes into the last layer for one picture, mirrored or not. */
export type Features = (place: number, mirrored: boolean) => Float32Array;

/** A network whose layers before the last one are frozen: these have been run once, and are not run again. */
export interface FrozenTrunk {
  /** From what goes into the last layer to the scores. */
  readonly graph: Graph;
  readonly input: string;
  readonly trained: Features;
  readonly held?: (place: number) => Float32Array;
}

interface Asked extends Classifier {
  readonly pictures: TrainingPictures;
  readonly validation?: TrainingPictures;
  readonly normalise: Normalisation;
  readonly recipe: TrainingRecipe;
  readonly trainable: readonly string[];
  readonly sessions: Sessions;
  readonly session?: Partial<SessionOptions>;
  readonly preparing?: (done: number, of: number) => void;
  readonly signal: AbortSignal;
}

/** Of all features together. */
const MOST_BYTES = 1 << 30;
const BATCH = 32;
/** Elements of the input of one run. */
const MOST_ELEMENTS = 4 << 20;

/**
 * Runs the frozen layers once for each picture, where the last layer alone is trained and pictures are changed in no way but
 * by mirroring.
 *
 * @returns undefined where that does not hold, or the features would not fit
 */
export async function frozenTrunk(task: Asked): Promise<FrozenTrunk | undefined> {
  const { graph, facts, logits, recipe, pictures, validation } = task;
  const changed = recipe.crop < 1 || recipe.translate > 0 || recipe.jitter > 0;
  const head = headOf(graph, logits);
  if (changed || !facts.dynamicBatch || head === undefined) return undefined;
  if (!task.trainable.every((name) => head.weights.includes(name))) return undefined;
  const value = beforeDropout(graph, head.node.inputs[0]!);
  const fact = facts.get(value);
  // One row of the value belongs to each picture, and has a size of its own.
  if (fact?.type !== 'float32' || fact.base[0] !== 0 || !fact.slope.every((s, i) => s === (i === 0 ? 1 : 0)))
    return undefined;
  const dims = dimsAt(fact, 1).slice(1);
  const rest = restOf(graph, value, dims, logits);
  const ways = recipe.flip ? 2 : 1;
  const rows = pictures.count * ways + (validation?.count ?? 0);
  if (rest === undefined || 4 * rows * sizeOf(dims) > MOST_BYTES) return undefined;
  const session = await task.sessions.open(prune(graph, [value]), { ...task.session, optimised: true });
  try {
    let done = 0;
    const run = (of: TrainingPictures, mirrored: boolean): Promise<Float32Array> =>
      featuresOf(task, of, mirrored, async (fed) => {
        const out = await session.run({ [task.input]: fed }, [value], task.signal);
        task.preparing?.((done += fed.dims[0]!), rows);
        return toFloat32(out[value]!);
      });
    const size = sizeOf(dims);
    const plain = await run(pictures, false);
    const mirror = recipe.flip ? await run(pictures, true) : plain;
    const held = validation === undefined ? undefined : await run(validation, false);
    const row = (all: Float32Array, i: number): Float32Array => all.subarray(i * size, (i + 1) * size);
    return {
      graph: rest,
      input: value,
      trained: (i, mirrored) => row(mirrored ? mirror : plain, i),
      ...(held === undefined ? {} : { held: (i) => row(held, i) }),
    };
  } finally {
    await session.dispose();
  }
}

/** Dropout belongs to what is trained: it draws anew each time. */
function beforeDropout(graph: Graph, value: string): string {
  const node = indexOf(graph).producer(value);
  return node?.op === 'Dropout' && node.domain === '' ? beforeDropout(graph, node.inputs[0]!) : value;
}

/** The graph behind a value; undefined where something else of the picture goes in, too. */
function restOf(graph: Graph, value: string, dims: readonly number[], logits: string): Graph | undefined {
  if (indexOf(graph).producer(value) === undefined) return undefined;
  const input = { name: value, type: 'float32', dims: ['batch', ...dims] } as const;
  const nodes = graph.nodes.filter((node) => !node.outputs.includes(value));
  const rest = prune({ ...graph, nodes, inputs: [...graph.inputs, input], described: [] }, [logits]);
  return rest.inputs.length === 1 && rest.inputs[0]!.name === value ? rest : undefined;
}

async function featuresOf(
  { facts, input, normalise }: Asked,
  pictures: TrainingPictures,
  mirrored: boolean,
  run: (fed: ReturnType<typeof castFloating>) => Promise<Float32Array>,
): Promise<Float32Array> {
  const dims = sampleDims(facts, input);
  const each = sizeOf(dims);
  const batch = Math.max(1, Math.min(BATCH, Math.floor(MOST_ELEMENTS / each)));
  const raw = new Uint8Array(pictures.height * pictures.width * pictures.channels);
  const seen = new Uint8Array(raw.length);
  const { type } = facts.get(input)!;
  const parts: Float32Array[] = [];
  for (let from = 0; from < pictures.count; from += batch) {
    const count = Math.min(batch, pictures.count - from);
    const values = floatTensor([count, ...dims]);
    for (let k = 0; k < count; k++) {
      pictures.bytes(from + k, raw);
      const change = { ...STILL, flip: mirrored, height: pictures.height, width: pictures.width };
      normaliseInto(augmented(raw, pictures, change, seen), pictures, normalise, values.data, k * each);
    }
    parts.push((await run(castFloating(values, type as 'float32'))).slice());
  }
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
