import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isFloating, sizeOf, type ElementType, type Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { allOutputs, type Case } from './check.js';

const TYPES: Readonly<Record<number, ElementType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  11: 'float64',
  10: 'float16',
};

/** A TensorProto that stands alone in a file, as the ONNX standard tests store their inputs. */
function readTensorProto(bytes: Uint8Array): Tensor {
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const b = bytes[at++]!;
      value |= BigInt(b & 127) << shift;
      if (b < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  const dims: number[] = [];
  let type: ElementType = 'float32';
  let raw: Uint8Array = new Uint8Array(0);
  while (at < bytes.length) {
    const key = varint();
    const [field, wire] = [key >> 3, key & 7];
    if (wire === 0) {
      const v = varint();
      if (field === 1) dims.push(v);
      if (field === 2) type = TYPES[v] ?? 'string';
    } else if (wire === 2) {
      const length = varint();
      const span = Uint8Array.from(bytes.subarray(at, at + length));
      at += length;
      if (field === 9 || field === 4) raw = span;
      else if (field === 1) {
        for (let i = 0; i < span.length; i++) dims.push(span[i]!);
      }
    } else throw new Error(`wire type ${wire}`);
  }
  const buffer = raw.buffer as ArrayBuffer;
  const data = {
    float32: () => new Float32Array(buffer),
    float64: () => new Float64Array(buffer),
    int64: () => new BigInt64Array(buffer),
    int32: () => new Int32Array(buffer),
    uint8: () => new Uint8Array(buffer),
    int8: () => new Int8Array(buffer),
    bool: () => new Uint8Array(buffer),
    float16: () => new Uint16Array(buffer),
  }[type as 'float32']();
  if (data.length !== sizeOf(dims)) throw new Error(`${data.length} values for ${dims.join()}`);
  return { type, dims, data };
}

/** Floating inputs that are parameters of the operator, not values with a gradient. */
const PARAMETERS: Readonly<Record<string, readonly number[]>> = {
  Resize: [1, 2],
  Dropout: [1, 2],
  RotaryEmbedding: [1, 2],
  Upsample: [1],
};

/** Tests whose inputs stand on a kink or where powers overflow: moved a little. */
const MOVED: Readonly<Record<string, (v: number, i: number) => number>> = {
  test_leakyrelu_example: (v) => v + 0.25,
  test_selu_example: (v) => v + 0.25,
  test_maxpool_3d_dilations_use_ref_impl: (v, i) => v + ((i * 7) % 64) / 32,
  test_pow: (v) => 0.5 + v / 20,
};

/** A test of the ONNX standard as a case: whole numbers become weights, every output is looked at. */
export async function nodeCase(folder: string): Promise<Case | undefined> {
  const graph = buildGraph(await openCheckpoint(path.join(folder, 'model.onnx')));
  const feeds: Record<string, Tensor> = {};
  const weights = new Map(graph.weights);
  const given = graph.inputs.map((v, i) => [v, path.join(folder, 'test_data_set_0', `input_${i}.pb`)] as const);
  const parameters = new Set(graph.nodes.flatMap((n) => (PARAMETERS[n.op] ?? []).map((i) => n.inputs[i])));
  for (const [v, file] of given) {
    if (!existsSync(file)) return undefined;
    const tensor = readTensorProto(readFileSync(file));
    const moved = MOVED[path.basename(folder)];
    if (moved !== undefined) (tensor.data as Float32Array).forEach((x, k, all) => (all[k] = moved(x, k)));
    if (isFloating(tensor.type) && !parameters.has(v.name)) feeds[v.name] = tensor;
    else weights.set(v.name, inMemory(v.name, tensor));
  }
  const output = graph.outputs[0]!.name;
  return {
    title: path.basename(folder),
    graph: allOutputs({ ...graph, weights, inputs: graph.inputs.filter((v) => v.name in feeds) }),
    feeds,
    wrt: Object.keys(feeds),
    output,
  };
}
