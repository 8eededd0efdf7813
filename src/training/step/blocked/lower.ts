import { prune } from '../../../graph/edits.js';
import type { Graph, GraphNode } from '../../../graph/graph.js';
import { operator } from '../../../graph/operators/operators.js';
import { readsOf } from '../../../graph/order.js';
import { windowOf, type Window } from '../../../gradient/emit/window.js';
import { toIntegers } from '../../../base/tensor.js';
import { biasGradient, convolution, inputPhases, weightGradient, type Plain } from './convolution.js';
import { fused } from './fuse.js';
import { hasBlockedForm, type Convolution } from './geometry.js';
import { MARKERS } from './markers.js';
import {
  frozenNormalisation,
  normalisationGradient,
  normalised,
  statistics,
  type Statistics,
} from './normalisation.js';
import { averagePool, maxPool, maxPoolGradient } from './pooling.js';
import { Values, type Lowering } from './values.js';
import { filledUp, meanOverPositions, NCHWC, type Blocked } from './writer.js';

/**
 * The same step with convolutions, normalisations, poolings and what stands between them in ONNX Runtime's blocked layout.
 * Values enter the layout where an operator with a blocked form reads them, and leave it where another does, so that any
 * network works; inputs, outputs and weights stay as they are.
 */
export function lowered(graph: Graph, how: Lowering): Graph {
  return new Pass(graph, how).run();
}

/** Of the operators that join values, those that make what is finite infinite. */
const EXPLODING: ReadonlySet<string> = new Set(['Div', 'Pow', 'Mod', 'BitShift']);

class Pass extends Values {
  private readonly statistics = new Map<string, Statistics>();
  private readonly sums = new Set<string>();

  run(): Graph {
    const { graph, w } = this;
    for (const { name, type, dims } of graph.inputs) {
      this.outside.add(name);
      if (type !== undefined) this.types.set(name, type);
      if (dims !== undefined)
        this.dims.set(
          name,
          dims.map((d) => (typeof d === 'number' ? d : this.how.batch)),
        );
    }
    for (const [name, { type, dims }] of graph.weights) {
      this.outside.add(name);
      this.types.set(name, type);
      this.dims.set(name, dims);
    }
    const fetched = graph.outputs.map((o) => o.name);
    for (const v of [...graph.nodes.flatMap(readsOf), ...fetched]) this.uses.set(v, (this.uses.get(v) ?? 0) + 1);
    for (const node of graph.nodes) {
      this.learn(node);
      w.scope = node.name;
      if (!this.lower(node)) this.keep(node);
    }
    for (const output of fetched) this.plain(output);
    const nodes = fused(w.nodes, this.sums, new Set(fetched));
    const all = { ...graph, nodes, weights: new Map([...graph.weights, ...w.weights]) };
    const opsets = new Map([...graph.opsets, [NCHWC, 1]]);
    // Inputs stay even where nothing reads them, and shapes that were told are those of the plain form.
    return { ...prune(all), inputs: graph.inputs, outputs: graph.outputs, opsets, described: [] };
  }

  private keep(node: GraphNode): void {
    for (const value of readsOf(node)) this.plain(value);
    this.w.nodes.push(node);
    for (const output of node.outputs) this.outside.add(output);
  }

  // Operators.

  private lower(node: GraphNode): boolean {
    if (node.domain !== '') return false;
    switch (node.op) {
      case 'Conv':
        return this.convolution(node);
      case MARKERS.convolution:
        return this.convolutionGradient(node);
      case 'BatchNormalization':
        return this.normalisation(node);
      case MARKERS.normalisation:
        return this.normalisationGradient(node);
      case 'MaxPool':
      case 'AveragePool':
        return this.pool(node);
      case MARKERS.maxPool:
        return this.maxPoolGradient(node);
      case 'GlobalAveragePool':
      case 'ReduceMean':
        return this.mean(node);
      case 'Expand':
      case 'Resize':
        return this.repeated(node);
      case 'Concat':
        return this.joined(node);
      default:
        return operator(node).elementwise !== undefined && this.elementwise(node);
    }
  }

  private window(node: GraphNode, kernel: readonly number[], x: string, y: readonly number[]): Window {
    return windowOf(node, kernel, this.dims.get(x)!.slice(2), y.slice(2));
  }

  private convolution(node: GraphNode): boolean {
    const [x = '', weight = '', bias = ''] = node.inputs;
    const [from, kernel, to] = [x, weight, node.outputs[0]!].map((v) => this.dims.get(v));
    if (from?.length !== 4 || kernel?.length !== 4 || to === undefined || this.types.get(x) !== 'float32') return false;
    const s: Convolution = {
      ...this.window(node, kernel.slice(2), x, to),
      batch: from[0]!,
      channels: from[1]!,
      filters: kernel[0]!,
      group: node.attributes.int('group', 1),
    };
    if (!hasBlockedForm(s, this.how.block)) return false;
    const shift = bias === '' ? undefined : this.plain(bias);
    const y = convolution(this.w, this.source(x, s), this.plain(weight), shift, s);
    this.inside.set(node.outputs[0]!, y);
    return true;
  }

  /** A picture that is fed is read as it is where it has fewer channels than a block. */
  private source(x: string, s: Convolution): Blocked | Plain {
    if (s.group === 1 && s.channels < this.how.block && !this.isInside(x)) return { plain: this.plain(x) };
    return this.blocked(x)!;
  }

  private convolutionGradient(node: GraphNode): boolean {
    const { w } = this;
    const [dy = '', x = '', weight = ''] = node.inputs;
    const [dx = '', dw = '', db = ''] = node.outputs;
    const from = this.dims.get(x)!;
    const kernel = this.dims.get(weight)!;
    const s: Convolution = {
      ...this.markedWindow(node, x),
      batch: from[0]!,
      channels: from[1]!,
      filters: kernel[0]!,
      group: node.attributes.int('group', 1),
    };
    const gradient = this.arriving(dy, [s.batch, s.filters, ...s.output]);
    if (this.uses.has(dx)) {
      this.dims.set(dx, from);
      const planes = inputPhases(w, gradient, this.plain(weight), s);
      this.phases.set(dx, { planes, s });
    }
    if (this.uses.has(dw)) this.give(dw, weightGradient(w, this.source(x, s), gradient, s));
    if (this.uses.has(db)) this.give(db, biasGradient(w, gradient));
    return true;
  }

  private markedWindow({ attributes }: GraphNode, x: string): Window {
    const pads = attributes.ints('pads', []);
    return {
      kernel: attributes.ints('kernel_shape', []),
      strides: attributes.ints('strides', []),
      dilations: attributes.ints('dilations', []),
      begin: pads.slice(0, 2),
      end: pads.slice(2),
      input: this.dims.get(x)!.slice(2),
      output: attributes.ints('output', []),
    };
  }

  private normalisation(node: GraphNode): boolean {
    const { w } = this;
    const [x = '', scale = '', bias = '', mean = '', variance = ''] = node.inputs;
    const [y = '', batchMean = '', batchVariance = ''] = node.outputs;
    const epsilon = node.attributes.float('epsilon', 1e-5);
    const dims = this.dims.get(x);
    if (dims?.length !== 4 || this.types.get(x) !== 'float32') return false;
    if (node.attributes.int('training_mode', 0) !== 1) {
      if (!this.isInside(x)) return false;
      const p = { scale, bias, mean, variance };
      for (const value of Object.values(p)) this.plain(value);
      this.inside.set(y, frozenNormalisation(w, this.blocked(x)!, p, epsilon));
      return true;
    }
    const found = statistics(w, this.blocked(x)!, epsilon);
    this.statistics.set(batchMean, found);
    this.inside.set(y, normalised(w, this.blocked(x)!, this.plain(scale), this.plain(bias), found));
    const crop = (v: string): string => w.crop(v, [w.full(dims[1]!)], [dims[1]!]);
    if (batchMean !== '') this.give(batchMean, crop(found.mean));
    if (batchVariance !== '') this.give(batchVariance, crop(found.variance));
    return true;
  }

  private normalisationGradient(node: GraphNode): boolean {
    const [dy = '', x = '', scale = '', batchMean = ''] = node.inputs;
    const [dx = '', dscale = '', dbias = ''] = node.outputs;
    const values = { dy: this.arriving(dy, this.dims.get(x)!), x: this.blocked(x)!, scale: this.plain(scale) };
    const gradient = normalisationGradient(this.w, values, this.statistics.get(batchMean)!);
    this.dims.set(dx, this.dims.get(x)!);
    if (this.uses.has(dx)) this.inside.set(dx, gradient.dx());
    if (this.uses.has(dscale)) this.give(dscale, gradient.scale());
    if (this.uses.has(dbias)) this.give(dbias, gradient.bias());
    return true;
  }

  private pool(node: GraphNode): boolean {
    const x = node.inputs[0]!;
    const to = this.dims.get(node.outputs[0]!);
    const kernel = node.attributes.ints('kernel_shape');
    if (kernel?.length !== 2 || to?.length !== 4 || this.types.get(x) !== 'float32' || node.outputs.length > 1)
      return false;
    const s = this.window(node, kernel, x, to);
    if (node.op === 'MaxPool') {
      this.inside.set(node.outputs[0]!, maxPool(this.w, this.blocked(x)!, s));
      return true;
    }
    if (node.attributes.int('ceil_mode', 0) === 1 || s.dilations.some((d) => d !== 1)) return false;
    const include = node.attributes.int('count_include_pad', 0) === 1;
    this.inside.set(node.outputs[0]!, averagePool(this.w, this.blocked(x)!, s, include));
    return true;
  }

  private maxPoolGradient(node: GraphNode): boolean {
    const [dy = '', x = '', y = ''] = node.inputs;
    const s = this.markedWindow(node, x);
    const values = { dy: this.arriving(dy, this.dims.get(y)!), x: this.blocked(x)!, y: this.blocked(y)! };
    const dx = node.outputs[0]!;
    this.dims.set(dx, this.dims.get(x)!);
    this.inside.set(dx, maxPoolGradient(this.w, values, s, node.attributes.int('safe', 0) === 1));
    return true;
  }

  /** A mean over both axes of a picture. */
  private mean(node: GraphNode): boolean {
    const { w } = this;
    const x = node.inputs[0]!;
    const to = this.dims.get(node.outputs[0]!);
    if (!this.isInside(x) || to === undefined) return false;
    if (node.op === 'ReduceMean') {
      const known = this.constant(node.inputs[1] ?? '');
      const axes = node.attributes.ints('axes') ?? (known === undefined ? [] : toIntegers(known));
      const all = axes.map((k) => (k < 0 ? k + 4 : k)).sort((a, b) => a - b);
      if (all.join() !== '2,3') return false;
    }
    const v = this.blocked(x)!;
    const pooled = w.crop(meanOverPositions(w, v), [v.n, w.full(v.c)], [v.n, v.c]);
    this.w.named(node.outputs[0]!, 'Reshape', [pooled, w.ints(to)]);
    this.outside.add(node.outputs[0]!);
    return true;
  }

  /** One number for each channel, repeated over the positions: inside or outside, as it is read. */
  private repeated(node: GraphNode): boolean {
    const [x = '', , scales = ''] = node.inputs;
    const out = node.outputs[0]!;
    const from = this.dims.get(x);
    let to = this.dims.get(out);
    if (from?.length !== 4 || this.types.get(x) !== 'float32' || from.slice(2).some((d) => d !== 1)) return false;
    if (node.op === 'Resize') {
      const factors = this.constant(scales);
      if (node.attributes.string('mode', '') !== 'nearest' || factors?.type !== 'float32') return false;
      to = from.map((d, i) => Math.floor(d * (factors.data as Float32Array)[i]!));
    }
    if (to?.length !== 4 || to[1] !== from[1] || to.slice(2).every((d) => d === 1)) return false;
    this.dims.set(out, to);
    const [n, c, h, width] = to as [number, number, number, number];
    this.pending.set(out, {
      inside: () => {
        const { w } = this;
        const [blocks, lanes] = [w.full(c) / w.block, w.block];
        const flat = this.channels(x, [from[0]!, c]);
        const wide = w.op('Expand', [flat, w.ints([n, blocks, h * width, lanes])]);
        return { ref: w.reshape(wide, [n, w.full(c), h, width]), n, c, h, w: width };
      },
      outside: () => {
        for (const value of node.inputs) this.plain(value);
        this.w.nodes.push(node);
      },
    });
    return true;
  }

  /** [n, c, 1, 1] as [n, c'/B, 1, B]. */
  private channels(value: string, [n, c]: readonly [number, number]): string {
    const { w } = this;
    const flat = w.reshape(this.plain(value), [n, c]);
    return w.reshape(filledUp(w, flat, [n, c]), [n, w.full(c) / w.block, 1, w.block]);
  }

  private joined(node: GraphNode): boolean {
    const { w } = this;
    const whole = (v: string): boolean => {
      const dims = this.dims.get(v);
      return dims?.length === 4 && dims[1]! % w.block === 0 && this.types.get(v) === 'float32';
    };
    if (node.attributes.int('axis', 0) !== 1 || !node.inputs.every(whole)) return false;
    if (!node.inputs.some((v) => this.isInside(v))) return false;
    const parts = node.inputs.map((v) => this.blocked(v)!);
    const c = parts.reduce((sum, p) => sum + p.c, 0);
    const refs = parts.map((p) => p.ref);
    this.inside.set(node.outputs[0]!, { ...parts[0]!, c, ref: w.concat(refs, 1) });
    this.dims.set(node.outputs[0]!, [parts[0]!.n, c, parts[0]!.h, parts[0]!.w]);
    return true;
  }

  /** An operator that keeps places works on blocks as it does on pictures, where its operands lie alike. */
  private elementwise(node: GraphNode): boolean {
    const { w } = this;
    const out = node.outputs[0]!;
    const dims = this.dims.get(out);
    if (node.outputs.length !== 1 || dims?.length !== 4 || !node.inputs.some((v) => this.isInside(v))) return false;
    const [n, c, h, width] = dims as [number, number, number, number];
    if (c % w.block !== 0 && !staysFinite(node)) return false;
    const kinds = node.inputs.map((v) => this.kind(v, dims));
    if (kinds.includes('other') || !kinds.includes('whole')) return false;
    if (this.addPhases(node)) return true;
    if (node.op === 'Identity') {
      this.inside.set(out, this.blocked(node.inputs[0]!)!);
      return true;
    }
    const flat = [n, w.full(c) / w.block, h * width, w.block];
    const apart = kinds.some((k) => k === 'channels' || k === 'samples');
    const refs: string[] = [];
    for (const [i, v] of node.inputs.entries()) {
      if (kinds[i] === 'whole') {
        const inside = this.blocked(v);
        if (inside === undefined) return false;
        refs.push(apart ? w.reshape(inside.ref, flat) : inside.ref);
      } else if (kinds[i] === 'channels')
        refs.push(this.channels(v, [this.dims.get(v)!.length < 4 ? 1 : this.dims.get(v)![0]!, c]));
      else refs.push(this.plain(v));
    }
    const write = (inputs: readonly string[]): string => {
      const name = w.name(node.op);
      w.nodes.push({ ...node, name, inputs, outputs: [name], attributes: node.attributes });
      return name;
    };
    let ref: string;
    if (node.op === 'Sum' && !apart && kinds.every((k) => k === 'whole')) {
      ref = refs.reduce((sum, v) => this.sum(sum, v));
    } else if (node.op === 'Add' && !apart && kinds.every((k) => k === 'whole')) ref = this.sum(refs[0]!, refs[1]!);
    else ref = write(refs);
    if (apart) ref = w.reshape(ref, [n, w.full(c), h, width]);
    this.inside.set(out, { ref, n, c, h, w: width });
    return true;
  }

  private sum(a: string, b: string): string {
    const name = this.w.add(a, b);
    this.sums.add(name);
    return name;
  }

  /** Strided gradients that meet at one value are added phase by phase, in which they are small, and often absent. */
  private addPhases(node: GraphNode): boolean {
    if (!['Add', 'Sum'].includes(node.op)) return false;
    const parts = node.inputs.map((v) =>
      this.uses.get(v) === 1 && !this.inside.has(v) ? this.phases.get(v) : undefined,
    );
    const [first] = parts;
    if (first === undefined || !parts.every((p) => p?.s.strides.join() === first.s.strides.join())) return false;
    if (first.s.strides.every((k) => k === 1)) return false;
    const planes = first.planes.map((row, r) =>
      row.map((_, k) => {
        const there = parts.flatMap((p) => p!.planes[r]![k] ?? []);
        return there.length === 0 ? undefined : there.reduce((a, b) => ({ ...a, ref: this.sum(a.ref, b.ref) }));
      }),
    );
    this.phases.set(node.outputs[0]!, { planes, s: first.s });
    return true;
  }

  private kind(
    value: string,
    [n, c, h, width]: readonly number[],
  ): 'whole' | 'scalar' | 'channels' | 'samples' | 'other' {
    if (value === '') return 'scalar';
    const dims = this.dims.get(value);
    if (dims === undefined || dims.length > 4) return 'other';
    if (dims.every((d) => d === 1)) return 'scalar';
    const [a, b, x, y] = [...[1, 1, 1, 1].slice(dims.length), ...dims] as [number, number, number, number];
    if (a === n && b === c && x === h && y === width) return 'whole';
    if (x !== 1 || y !== 1 || (a !== 1 && a !== n)) return 'other';
    if (b === 1) return dims.length === 4 ? 'samples' : 'other';
    return b === c ? 'channels' : 'other';
  }
}

/** Whether what channels that fill up a block hold stays finite, so that weights of 0 take it away. */
function staysFinite(node: GraphNode): boolean {
  const row = operator(node);
  if (row.elementwise === 'joint') return !EXPLODING.has(node.op);
  return row.activation === true || row.elementwise === 'linear' || row.elementwise === 'step';
}
