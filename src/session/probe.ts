import { LensError, throwIfCancelled, type RefusedOperator } from '../base/errors.js';
import { Random } from '../base/random.js';
import {
  castFloating,
  floatTensor,
  formatDims,
  isFloating,
  sizeOf,
  toIntegers,
  type Tensor,
  type TensorData,
} from '../base/tensor.js';
import type { Facts } from '../graph/facts.js';
import type { Graph } from '../graph/graph.js';
import { layersOf } from '../graph/layers/layers.js';
import { scopeOf } from '../graph/layers/scopes.js';
import { probeGraph, readProbe, type Probe, type ProbeRun } from '../graph/measure/probe.js';
import type { ValueInfo } from '../checkpoint/model.js';
import { memoryLimit, planRun, requireEnd, withinLimit } from './plan.js';
import type { Session, Sessions } from './session.js';

/** Sizes of inputs at batch 1, for dimensions that the model leaves free, and what else is known of how they are fed. */
export type InputDims = Readonly<Record<string, readonly number[] | InputBinding>>;

export interface InputBinding {
  /** At batch 1; undefined where the model's own do, or sizes are tried. */
  readonly dims?: readonly number[] | undefined;
  /** Whether the first dimension is the batch; default true. */
  readonly batched?: boolean;
  /** The input that is explained: without a batch of its own the model has none. */
  readonly main?: boolean;
  /** What is fed, at batch 1 or whatever the batch is. */
  readonly value?: Tensor;
}

function bindingOf(inputDims: InputDims, name: string): InputBinding {
  const given = inputDims[name];
  return given !== undefined && 'length' in given ? { dims: given } : (given ?? {});
}

/** The runtime takes seconds to list 4,000 outputs, and four times as long for twice as many. */
const MOST_OUTPUTS = 4096;

export interface ProbeOptions {
  /** The batch counts as fixed at 1: what the model decides depends on it. */
  readonly single?: boolean;
  /** Bytes that the values of one run may take. */
  readonly limit?: number;
}

/**
 * Runs a model once or twice on noise to learn the type and shape of every value. A model whose batch dimension is free
 * is run at two batch sizes; where the second fails or its batch does not reach the outputs, the batch counts as fixed.
 *
 * @throws LensError `session/memory-limit` before a run whose values would take more than the limit
 */
export async function probeFacts(
  graph: Graph,
  sessions: Sessions,
  inputDims: InputDims = {},
  signal?: AbortSignal,
  { single = false, limit = memoryLimit() }: ProbeOptions = {},
): Promise<Facts> {
  const probe = probeGraph(graph);
  const batched = batchedInputs(graph, inputDims);
  const fixed = fixedBatch(batched) ?? (single || batched.length === 0 || withoutBatch(inputDims) ? 1 : undefined);
  if (graph.nodes.length === 0)
    throw new LensError('unsupported', 'graph/empty', 'The model has no operators: it computes nothing.');
  if (graph.outputs.length > MOST_OUTPUTS)
    throw new LensError(
      'unsupported',
      'session/outputs',
      `The model has ${graph.outputs.length} outputs; models with up to ${MOST_OUTPUTS} are run.`,
      { hint: 'Export it with the outputs that matter.' },
    );
  requireEnd(graph);
  const sizes = graph.inputs.map((input) => [input.name, dimsOf(input, inputDims, fixed ?? 1)]);
  const plan = await planRun(graph, sessions, Object.fromEntries(sizes));
  withinLimit(plan.bytes, limit, plan);
  const session = await sessions.open(probe.graph, { provider: 'cpu', optimised: false }).catch((error: unknown) => {
    throw placed(error, graph);
  });
  try {
    const first = await runProbe(probe, session, inputDims, fixed ?? 1, signal);
    if (fixed !== undefined) return readProbe(probe, [first]);
    // What fits once may not fit twice: then it is run one by one.
    if (2 * plan.bytes > limit) return readProbe(probe, [first]);
    const second = await runProbe(probe, session, inputDims, 2, signal).catch((error: unknown) => {
      throwIfCancelled(signal);
      if (error instanceof LensError) return undefined;
      throw error;
    });
    return second !== undefined && batchReachesOutputs(probe, second)
      ? readProbe(probe, [first, second])
      : readProbe(probe, [first]);
  } finally {
    await session.dispose();
  }
}

function withoutBatch(inputDims: InputDims): boolean {
  return Object.values(inputDims).some((b) => !('length' in b) && b.main === true && b.batched === false);
}

/** The inputs whose first dimension is the batch. */
export function batchedInputs(graph: Pick<Graph, 'inputs'>, inputDims: InputDims): readonly ValueInfo[] {
  return graph.inputs.filter((i) => bindingOf(inputDims, i.name).batched !== false);
}

/** The batch size that the inputs fix; undefined where it is free. */
export function fixedBatch(inputs: readonly ValueInfo[]): number | undefined {
  const batched = inputs.filter((i) => (i.dims?.length ?? 0) > 1);
  for (const { dims } of batched.length > 0 ? batched : inputs) {
    const first = dims?.[0];
    if (typeof first === 'number') return Math.max(1, first);
  }
  return undefined;
}

/** Models with a baked-in Reshape accept a second sample and fold it into another dimension. */
function batchReachesOutputs(probe: Probe, run: ProbeRun): boolean {
  return probe.of.outputs.every((output) => {
    const shape = run.outputs[probe.shapes.get(output.name) ?? ''];
    return shape === undefined || toIntegers(shape)[0] === run.batch;
  });
}

async function runProbe(
  probe: Probe,
  session: Session,
  inputDims: InputDims,
  batch: number,
  signal?: AbortSignal,
): Promise<ProbeRun> {
  const random = new Random(1);
  const feeds = Object.fromEntries(
    probe.graph.inputs.map((input) => {
      const { value } = bindingOf(inputDims, input.name);
      const dims = dimsOf(input, inputDims, batch);
      return [input.name, value === undefined ? noise(input, dims, random) : repeated(value, dims, input.name)];
    }),
  );
  const outputs = await session.run(
    feeds,
    probe.graph.outputs.map((o) => o.name),
    signal,
  );
  return { batch, feeds, outputs };
}

/** Elements of the largest input that is fed: 4 GiB of float32. */
const MOST_ELEMENTS = 2 ** 30;

/** Dimensions to feed: the batch first, sizes from `inputDims`, then what the model says. */
export function dimsOf(input: ValueInfo, inputDims: InputDims, batch: number): number[] {
  const { dims: given, batched = true, main = false } = bindingOf(inputDims, input.name);
  const { dims } = input;
  if (dims === undefined && given === undefined) {
    throw new LensError(
      'unsupported',
      'session/input-rank',
      `The model does not say the shape of its input "${input.name}".`,
    );
  }
  const found = (dims ?? given!).map((d, i) => {
    if (typeof d === 'number') return d;
    if (i === 0 && batched) return batch;
    const size = given?.[i];
    if (size !== undefined) return size;
    throw new LensError(
      'input',
      'session/input-size',
      `The model leaves dimension ${i} of its input "${input.name}" (${formatDims(dims ?? [])}) free.`,
      {
        hint: 'Say its size in the .lens.json file beside the model, as "input": { "size": [height, width] }.',
      },
    );
  });
  // None of a huge size is none, and cannot be said to the runtime.
  if (sizeOf(found) > MOST_ELEMENTS || found.some((d) => d > MOST_ELEMENTS)) {
    throw new LensError(
      'unsupported',
      'session/input-size',
      `The input "${input.name}" is ${formatDims(found)}, which is more than can be held in memory.`,
      { hint: 'Export the model with an input of a usual size.' },
    );
  }
  // Others may be empty: what a decoder has seen before, a list of regions.
  if (main && sizeOf(found) === 0) {
    throw new LensError(
      'unsupported',
      'session/empty-input',
      `The model declares its input "${input.name}" as ${formatDims(dims ?? found)}, which holds no numbers.`,
      { hint: 'Export it with sizes of 1 or more, or leave the batch free.' },
    );
  }
  return found;
}

function noise(input: ValueInfo, dims: readonly number[], random: Random): Tensor {
  const type = input.type ?? 'float32';
  if (!isFloating(type) || dims.length < 3) return zeros(type, dims, input.name);
  const data = new Float32Array(sizeOf(dims));
  for (let i = 0; i < data.length; i++) data[i] = random.normal();
  const tensor = floatTensor(dims, data);
  return type === 'float32' ? tensor : castFloating(tensor, type as 'float64' | 'float16' | 'bfloat16');
}

/**
 * A tensor whose batch is repeated until it has the given shape.
 *
 * @param name of the input that it is for
 * @throws LensError `input/shape` for values of more than one sample, or of another shape
 */
export function repeated(tensor: Tensor, dims: readonly number[], name: string): Tensor {
  const size = tensor.data.length;
  const times = sizeOf(dims) / Math.max(1, size);
  if (times === 1) return { ...tensor, dims };
  if (!Number.isInteger(times))
    throw new LensError(
      'input',
      'input/shape',
      `The value for "${name}" is ${formatDims(tensor.dims)}, but ${formatDims(dims)} is fed for each picture.`,
      { hint: 'Save the values that belong to one picture: they are used for every one.' },
    );
  const { data } = tensor;
  if (Array.isArray(data)) return { ...tensor, dims, data: Array.from({ length: times }, () => data).flat() };
  const Make = data.constructor as new (length: number) => Exclude<TensorData, string[]>;
  const all = new Make(size * times);
  for (let k = 0; k < times; k++) (all as Float32Array).set(data as Float32Array, k * size);
  return { ...tensor, dims, data: all };
}

/** A tensor of zeros, for inputs that nobody fills. */
export function zeros(type: Tensor['type'], dims: readonly number[], name: string): Tensor {
  const size = sizeOf(dims);
  const make: Partial<Record<Tensor['type'], () => TensorData>> = {
    float32: () => new Float32Array(size),
    float64: () => new Float64Array(size),
    float16: () => new Uint16Array(size),
    int8: () => new Int8Array(size),
    int16: () => new Int16Array(size),
    int32: () => new Int32Array(size),
    int64: () => new BigInt64Array(size),
    uint8: () => new Uint8Array(size),
    uint16: () => new Uint16Array(size),
    uint32: () => new Uint32Array(size),
    uint64: () => new BigUint64Array(size),
    bool: () => new Uint8Array(size),
    string: () => new Array<string>(size).fill(''),
  };
  const data = make[type]?.();
  if (data === undefined)
    throw new LensError(
      'unsupported',
      'session/input-type',
      `The input "${name}" is ${type}, which ONNX Runtime cannot be fed.`,
    );
  return { type, dims: [...dims], data };
}

/** The runtime names an operator that it does not have, but not where it stands; the graph tells. */
function placed(error: unknown, graph: Graph): unknown {
  const [unknown] = (error instanceof LensError && error.refused) || [];
  if (!(error instanceof LensError) || unknown === undefined) return error;
  const bare = (op: string): string => op.slice(op.lastIndexOf('.') + 1);
  const nodes = graph.nodes.filter((n) => (unknown.node === '' ? n.op === bare(unknown.op) : n.name === unknown.node));
  const [first] = nodes;
  if (first === undefined) return error;
  const layers = new Map(layersOf(graph).map((l) => [l.node, l.name]));
  const refused = nodes.map((n): RefusedOperator => {
    const layer = layers.get(n.name) ?? scopeOf(n).path;
    const op = n.domain === '' ? n.op : `${n.domain}.${n.op}`;
    return { op, node: n.name, reason: unknown.reason, ...(layer === '' ? {} : { layer }) };
  });
  const [{ op, layer }] = refused as [RefusedOperator];
  const where = `node "${first.name}"${layer === undefined || layer === first.name ? '' : ` of layer "${layer}"`}`;
  const custom =
    first.domain !== '' && first.domain !== 'com.microsoft' ? `, which belongs to the domain "${first.domain}"` : '';
  const why = unknown.node === '' ? '' : `: ${unknown.reason}`;
  return new LensError(
    error.kind,
    error.code,
    `ONNX Runtime cannot run the operator ${op} (${where})${custom}${why}.`,
    {
      refused,
      cause: error,
      hint: 'The model cannot be run here: export it with standard operators.',
    },
  );
}
