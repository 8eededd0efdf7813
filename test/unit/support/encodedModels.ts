import { castFloating, sizeOf, toFloat32, type Tensor } from '../../../src/base/tensor.js';
import { inMemory, type StoredTensor } from '../../../src/checkpoint/model.js';
import { readTensor } from '../../../src/checkpoint/readTensor.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';

/** The ways in which converters store weights. */
export const ENCODINGS = [
  'float16',
  'bfloat16',
  'qdq int8 per channel',
  'qdq uint8',
  'qdq int4 in blocks',
  'operators of int8',
  'dynamic int8',
  'nbits',
] as const;
export type Encoding = (typeof ENCODINGS)[number];

const CONVOLUTION = 'Conv';
const LINEAR: ReadonlySet<string> = new Set(['Gemm', 'MatMul']);
/** Of what flows between layers; a made-up one: what the quantised network answers means nothing. */
const STEP = 0.05;
const BLOCK = 16;
const FLOAT = 1;

/**
 * The same network with its weights stored in another way, as onnxruntime's and PyTorch's converters write them, and the
 * largest error that this makes in an element of a weight, as a share of the largest magnitude of that weight.
 */
export async function encodedModel(graph: Graph, encoding: Encoding): Promise<{ graph: Graph; error: number }> {
  const maker = new Maker(graph);
  switch (encoding) {
    case 'float16':
      return { graph: await maker.half(), error: 2 ** -11 };
    case 'bfloat16':
      return { graph: await maker.casts(), error: 2 ** -8 };
    default:
      return {
        graph: await maker.quantised(encoding),
        error: encoding.includes('int4') || encoding === 'nbits' ? 1 / 14 + 1e-4 : 1 / 254 + 1e-4,
      };
  }
}

/** Integers of a weight, its scales and where zero lies: one for all, for each row (`axis`), or for blocks along the last axis. */
interface Quantised {
  readonly tensor: Tensor;
  readonly scale: Tensor;
  readonly zero: Tensor;
}

class Maker {
  private readonly nodes: GraphNode[] = [];
  private readonly weights: Map<string, StoredTensor>;
  private made = 0;

  constructor(private readonly graph: Graph) {
    this.weights = new Map(graph.weights);
  }

  /** Everything in float16, inputs and outputs too. */
  async half(): Promise<Graph> {
    for (const [name, weight] of this.graph.weights)
      if (weight.type === 'float32') this.put(name, castFloating(await readTensor(weight), 'float16'));
    const { graph, weights } = this;
    const half = <T extends { readonly type?: string }>(each: T): T => ({ ...each, type: 'float16' });
    return { ...graph, weights, inputs: graph.inputs.map(half), outputs: graph.outputs.map(half), described: [] };
  }

  /** Weights in bfloat16 that are cast before they are read. */
  async casts(): Promise<Graph> {
    const names = new Map<string, string>();
    for (const [name, weight] of this.graph.weights) {
      if (weight.type !== 'float32' || sizeOf(weight.dims) < 2) continue;
      this.put(name, castFloating(await readTensor(weight), 'bfloat16'));
      names.set(name, this.add('Cast', [name], { to: FLOAT }));
    }
    for (const node of this.graph.nodes)
      this.nodes.push({ ...node, inputs: node.inputs.map((name) => names.get(name) ?? name) });
    return this.done();
  }

  /** The weights of convolutions and linear layers as integers. */
  async quantised(encoding: Encoding): Promise<Graph> {
    for (const node of this.graph.nodes) {
      const weight = this.graph.weights.get(node.inputs[1] ?? '');
      const linear = LINEAR.has(node.op);
      if (weight === undefined || weight.type !== 'float32' || (node.op !== CONVOLUTION && !linear)) {
        this.nodes.push(node);
        continue;
      }
      const tensor = await readTensor(weight);
      const turned = node.op === 'Gemm' && node.attributes.int('transB', 0) !== 0;
      // The axis of outputs.
      const axis = node.op === CONVOLUTION || turned ? 0 : 1;
      switch (encoding) {
        case 'qdq uint8':
          this.dequantising(node, weight, quantise(tensor, 'uint8'), {});
          break;
        case 'qdq int4 in blocks':
          if (!linear) this.nodes.push(node);
          else this.dequantising(node, weight, quantise(tensor, 'int4', 1, BLOCK), { axis: 1, block_size: BLOCK });
          break;
        case 'operators of int8':
          if (linear) this.dequantising(node, weight, quantise(tensor, 'int8', axis), { axis });
          else await this.integerConvolution(node, weight, quantise(tensor, 'int8', 0));
          break;
        case 'dynamic int8':
          // MatMulInteger takes its matrix as it is, so a turned one stays what it is.
          if (turned) this.nodes.push(node);
          else this.dynamic(node, weight, quantise(tensor, 'int8'));
          break;
        case 'nbits':
          if (node.op === 'MatMul') this.packed(node, weight, tensor);
          else this.nodes.push(node);
          break;
        default:
          this.dequantising(node, weight, quantise(tensor, 'int8', axis), { axis });
          await this.integerBias(axis);
      }
    }
    return this.done();
  }

  /** `DequantizeLinear` before the node that reads the weight. */
  private dequantising(
    node: GraphNode,
    weight: StoredTensor,
    quantised: Quantised,
    attributes: Parameters<typeof makeNode>[3],
  ): void {
    const value = this.add('DequantizeLinear', this.quantisedInputs(weight, quantised), attributes);
    this.nodes.push({ ...node, inputs: node.inputs.map((name, i) => (i === 1 ? value : name)) });
  }

  /** The bias of the node that came last as `int32`, with a scale of its own. */
  private async integerBias(axis: number): Promise<void> {
    const node = this.nodes.pop()!;
    const bias = this.graph.weights.get(node.inputs[2] ?? '');
    if (axis !== 0 || bias === undefined) return void this.nodes.push(node);
    const values = toFloat32(await readTensor(bias));
    const scale = largest(values) / 2 ** 20 || 1;
    this.put(bias.name, {
      type: 'int32',
      dims: bias.dims,
      data: Int32Array.from(values, (v) => Math.round(v / scale)),
    });
    const s = this.put(`${bias.name}_scale`, scalar(scale));
    const value = this.add('DequantizeLinear', [bias.name, s], {});
    this.nodes.push({ ...node, inputs: [node.inputs[0]!, node.inputs[1]!, value] });
  }

  /** `QLinearConv` between quantised values, its bias in steps of both scales. */
  private async integerConvolution(node: GraphNode, weight: StoredTensor, quantised: Quantised): Promise<void> {
    const scale = this.put(`step_${this.made}`, scalar(STEP));
    const zero = this.put(`middle_${this.made}`, { type: 'uint8', dims: [], data: Uint8Array.of(128) });
    const x = this.add('QuantizeLinear', [node.inputs[0]!, scale, zero], {});
    const [w, ws, wz] = this.quantisedInputs(weight, quantised);
    const inputs = [x, scale, zero, w!, ws!, wz!, scale, zero];
    const bias = this.graph.weights.get(node.inputs[2] ?? '');
    if (bias !== undefined) {
      const scales = toFloat32(quantised.scale);
      const values = toFloat32(await readTensor(bias));
      const data = Int32Array.from(values, (v, i) => Math.round(v / (STEP * scales[i]!)));
      inputs.push(this.put(bias.name, { type: 'int32', dims: bias.dims, data }));
    }
    const y = `${node.outputs[0]!}_quantized`;
    this.nodes.push({ ...node, op: 'QLinearConv', inputs, outputs: [y] });
    this.nodes.push(makeNode('DequantizeLinear', `d_${this.made++}`, [y, scale, zero], {}, [node.outputs[0]!]));
  }

  /** Integer product of values that are quantised as they come; both scales are applied afterwards. */
  private dynamic(node: GraphNode, weight: StoredTensor, quantised: Quantised): void {
    const [x, xs, xz] = [1, 2, 3].map((i) => `dynamic_${this.made}_${i}`);
    this.nodes.push(makeNode('DynamicQuantizeLinear', `dq_${this.made++}`, [node.inputs[0]!], {}, [x!, xs!, xz!]));
    const [w, ws, wz] = this.quantisedInputs(weight, quantised);
    const integer = node.op === CONVOLUTION ? 'ConvInteger' : 'MatMulInteger';
    const product = `${node.outputs[0]!}_integer`;
    this.nodes.push({ ...node, op: integer, inputs: [x!, w!, xz!, wz!], outputs: [product] });
    const cast = this.add('Cast', [product], { to: FLOAT });
    const both = this.add('Mul', [xs!, ws!], {});
    const bias = this.graph.weights.get(node.inputs[2] ?? '');
    const out = node.outputs[0]!;
    if (bias === undefined)
      return void this.nodes.push(makeNode('Mul', `scaled_${this.made++}`, [cast, both], {}, [out]));
    const scaled = this.add('Mul', [cast, both], {});
    const dims = [1, bias.dims[0]!, 1, 1];
    this.weights.set(bias.name, { ...bias, dims });
    this.nodes.push(makeNode('Add', `biased_${this.made++}`, [scaled, bias.name], {}, [out]));
  }

  /** `com.microsoft.MatMulNBits`: rows of outputs, two numbers in a byte. */
  private packed(node: GraphNode, weight: StoredTensor, tensor: Tensor): void {
    const [k, n] = weight.dims as [number, number];
    const values = toFloat32(tensor);
    const turned = Float32Array.from({ length: n * k }, (_, i) => values[(i % k) * n + Math.floor(i / k)]!);
    const { tensor: q, scale } = quantise({ type: 'float32', dims: [n, k], data: turned }, 'int4', 1, BLOCK);
    const integers = q.data as Int8Array;
    const data = Uint8Array.from(
      { length: (n * k) / 2 },
      (_, i) => integers[2 * i]! + 8 + ((integers[2 * i + 1]! + 8) << 4),
    );
    this.put(weight.name, { type: 'uint8', dims: [n, k / BLOCK, BLOCK / 2], data });
    const s = this.put(`${weight.name}_scale`, { ...scale, dims: [scale.dims[0]! * scale.dims[1]!] });
    const attributes = { N: n, K: k, bits: 4, block_size: BLOCK };
    const made = makeNode('MatMulNBits', node.name, [node.inputs[0]!, weight.name, s], attributes, node.outputs);
    this.nodes.push({ ...made, domain: 'com.microsoft', metadata: node.metadata });
  }

  private quantisedInputs(weight: StoredTensor, { tensor, scale, zero }: Quantised): string[] {
    const { name } = weight;
    return [this.put(name, tensor), this.put(`${name}_scale`, scale), this.put(`${name}_zero_point`, zero)];
  }

  private put(name: string, tensor: Tensor): string {
    this.weights.set(name, inMemory(name, tensor));
    return name;
  }

  private add(op: string, inputs: readonly string[], attributes: Parameters<typeof makeNode>[3]): string {
    const name = `stored_${op.toLowerCase()}_${this.made++}`;
    this.nodes.push(makeNode(op, name, inputs, attributes));
    return name;
  }

  private done(): Graph {
    const { graph, nodes, weights } = this;
    const opsets = new Map([...graph.opsets, ['com.microsoft', 1]] as const);
    return { ...graph, nodes, weights, opsets, opset: Math.max(21, graph.opset), irVersion: 10, described: [] };
  }
}

function quantise(tensor: Tensor, type: 'int8' | 'uint8' | 'int4', axis?: number, block = 1): Quantised {
  const values = toFloat32(tensor);
  const { dims } = tensor;
  const inner = axis === undefined ? 1 : sizeOf(dims.slice(axis + 1));
  const groups = axis === undefined ? [] : dims.map((d, i) => (i === axis ? Math.ceil(d / block) : d));
  const groupOf = (i: number): number => {
    if (axis === undefined) return 0;
    if (block === 1) return Math.floor(i / inner) % dims[axis]!;
    // Blocks along the last axis of a matrix.
    const [row, column] = [Math.floor(i / dims[1]!), i % dims[1]!];
    return row * groups[1]! + Math.floor(column / block);
  };
  const count = axis === undefined ? 1 : block === 1 ? dims[axis]! : sizeOf(groups);
  const scaleDims = axis === undefined ? [] : block === 1 ? [count] : groups;
  const ends = Array.from({ length: count }, () => ({ low: 0, high: 0 }));
  values.forEach((v, i) => {
    const end = ends[groupOf(i)]!;
    end.low = Math.min(end.low, v);
    end.high = Math.max(end.high, v);
  });
  const most = type === 'int4' ? 7 : 127;
  const scales = ends.map(
    ({ low, high }) => (type === 'uint8' ? (high - low) / 255 : Math.max(-low, high) / most) || 1,
  );
  const zeros = ends.map(({ low }, g) => (type === 'uint8' ? Math.round(-low / scales[g]!) : 0));
  const integers = Array.from(values, (v, i) => Math.round(v / scales[groupOf(i)]!) + zeros[groupOf(i)]!);
  const data = (list: readonly number[]): Uint8Array | Int8Array =>
    type === 'uint8' ? Uint8Array.from(list) : Int8Array.from(list);
  return {
    tensor: { type, dims, data: data(integers) },
    scale: { type: 'float32', dims: scaleDims, data: Float32Array.from(scales) },
    zero: { type, dims: scaleDims, data: data(zeros) },
  };
}

function scalar(value: number): Tensor {
  return { type: 'float32', dims: [], data: Float32Array.of(value) };
}

function largest(values: Float32Array): number {
  return values.reduce((top, v) => Math.max(top, Math.abs(v)), 0);
}
