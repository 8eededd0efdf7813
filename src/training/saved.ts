import type { ElementType, Tensor, TensorData } from '../base/tensor.js';
import type { Graph } from '../graph/graph.js';
import type { EpochRecord, Measured, TrainingEnd } from '../result/training.js';

/** All that a training needs to go on as if nothing had happened. */
export interface SavedTraining {
  /** The last epoch that is whole. */
  readonly epoch: number;
  /** By the names of the step's inputs. */
  readonly state: ReadonlyMap<string, Tensor>;
  readonly curve: readonly EpochRecord[];
  readonly best?: BestEpoch;
  /** It is over. */
  readonly ended?: TrainingEnd;
}

export interface BestEpoch {
  readonly epoch: number;
  readonly measured: Measured;
  /** By the model's names. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

/** Where a training is kept. Whoever keeps it knows whether what is there is of the same training. */
export interface TrainingKeep {
  read(): Promise<SavedTraining | undefined>;
  /** @param model the network after the epoch, as it would be used */
  write(saved: SavedTraining, model: Graph): Promise<void>;
}

interface Head {
  readonly epoch: number;
  readonly curve: readonly EpochRecord[];
  readonly ended?: TrainingEnd;
  readonly best?: Omit<BestEpoch, 'weights'>;
  readonly tensors: readonly {
    readonly best: boolean;
    readonly name: string;
    type: ElementType;
    dims: readonly number[];
  }[];
}

/** A training as bytes: the length of a head of JSON, the head, and the elements of its tensors as they lie in memory. */
export function encodeTraining({ epoch, state, curve, best, ended }: SavedTraining): Uint8Array {
  const tensors = [
    ...[...state].map(([name, tensor]) => ({ best: false, name, tensor })),
    ...[...(best?.weights ?? [])].map(([name, tensor]) => ({ best: true, name, tensor })),
  ];
  const head: Head = {
    epoch,
    curve,
    ...(ended === undefined ? {} : { ended }),
    ...(best === undefined ? {} : { best: { epoch: best.epoch, measured: best.measured } }),
    tensors: tensors.map(({ tensor: { type, dims }, ...rest }) => ({ ...rest, type, dims })),
  };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const pieces = tensors.map(({ tensor }) => bytesOf(tensor));
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 4 + text.length));
  new DataView(out.buffer).setUint32(0, text.length, true);
  out.set(text, 4);
  let at = 4 + text.length;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** @throws Error for bytes that are none of a training */
export function decodeTraining(bytes: Uint8Array): SavedTraining {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Head;
  const [state, weights] = [new Map<string, Tensor>(), new Map<string, Tensor>()];
  let at = 4 + length;
  for (const { best, name, type, dims } of head.tensors) {
    const count = dims.reduce((a, b) => a * b, 1);
    const made = arrayOf(type, count);
    const size = made.byteLength;
    new Uint8Array(made.buffer).set(bytes.subarray(at, at + size));
    (best ? weights : state).set(name, { type, dims, data: made as TensorData });
    at += size;
  }
  if (at !== bytes.length) throw new Error('The bytes of a training are cut off');
  const { epoch, curve, best, ended } = head;
  return {
    epoch,
    state,
    curve,
    ...(best === undefined ? {} : { best: { ...best, weights } }),
    ...(ended === undefined ? {} : { ended }),
  };
}

function bytesOf({ data }: Tensor): Uint8Array {
  if (Array.isArray(data)) throw new Error('Texts are no state of a training');
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function arrayOf(type: ElementType, count: number): Exclude<TensorData, string[]> {
  switch (type) {
    case 'float32':
      return new Float32Array(count);
    case 'float64':
      return new Float64Array(count);
    case 'float16':
    case 'bfloat16':
      return new Uint16Array(count);
    case 'int64':
      return new BigInt64Array(count);
    default:
      throw new Error(`A tensor of ${type} is no state of a training`);
  }
}
