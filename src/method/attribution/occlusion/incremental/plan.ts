import { dimsAt, type Facts } from '../../../../graph/facts.js';
import { addNodes, makeNode, prune } from '../../../../graph/edits.js';
import { flopsOf } from '../../../../graph/measure/flops.js';
import { indexOf, type Graph, type GraphNode } from '../../../../graph/graph.js';
import { Attributes, makeAttributes } from '../../../../graph/attributes.js';
import { inMemory, type StoredTensor, type ValueInfo } from '../../../../graph/values.js';
import { int64Tensor, sizeOf, type Tensor } from '../../../../base/tensor.js';
import { Names } from '../../../../graph/names.js';
import { describe, readsOf } from '../../../../graph/order.js';
import { localityOf } from './locality.js';
import {
  contains,
  coverage,
  groupPositions,
  patchSpan,
  receptive,
  sameWindow,
  slide,
  unite,
  whole,
  type Groups,
  type Window,
} from './windows.js';
import type { Paste } from './paste.js';

/**
 * Incremental inference for occlusion (Nakandala, Kumar, Papakonstantinou 2019, "Incremental and Approximate Inference
 * for Faster Occlusion-based Deep CNN Explanations", SIGMOD): an occluded patch changes only its receptive field, so
 * early layers are computed on windows around the patches, pasted into the clean activations where the next layer reads
 * past them, and whole maps are computed only once the windows cover most of them. Exact, up to the order of summation.
 */
export interface IncrementalPlan {
  /** Reads `patches` `[n, C, h, w]`, the pastes' indices and the clean maps; writes the score value `[n, …]`. */
  readonly graph: Graph;
  /** Batch 1: reads the picture, writes the clean maps that `graph` reads, by the same names. */
  readonly clean: Graph;
  readonly cleanMaps: readonly string[];
  readonly patches: string;
  /** Positions in the order in which they are computed: a run takes a part of one group. */
  readonly order: Int32Array;
  readonly groups: Groups;
  /** Where the patches lie in the picture, in that order. */
  readonly window: Window;
  readonly pastes: readonly Paste[];
  /** Sliding layers that are computed on windows. */
  readonly windowedLayers: number;
  /** Estimated cost of a whole forward pass over that of one position, pasting included. */
  readonly gain: number;
}

export interface PlanRequest {
  readonly input: string;
  readonly output: string;
  /** Top-left corners in the picture, one per position. */
  readonly tops: readonly number[];
  readonly lefts: readonly number[];
  readonly patch: readonly [height: number, width: number];
}

/** A window that covers more of the map than this is not worth gathering and pasting. */
const WORTH = 0.9;

/** Bands of rows and of columns into which the positions are grouped. */
const BANDS = 7;

/**
 * Pasting one element costs about as much as this many floating-point operations of a convolution: five passes over
 * memory, measured on ResNet-18 and SqueezeNet.
 */
const PASTE_FLOPS = 600;

type State = { readonly kind: 'window'; readonly window: Window } | { readonly kind: 'whole' };

/** Makes the plan, or says in a sentence why the graph allows none. */
export function planIncremental(
  graph: Graph,
  facts: Facts,
  request: PlanRequest,
): IncrementalPlan | { readonly reason: string } {
  const shape = facts.get(request.input);
  if (shape?.base.length !== 4 || shape.type !== 'float32')
    return { reason: 'the input is not a float32 picture in NCHW order' };
  if (!facts.dynamicBatch) return { reason: 'the model has a fixed batch size' };
  return new Planner(prune(graph, [request.output]), facts, request).plan();
}

class Planner {
  private readonly names: Names;
  private readonly states = new Map<string, State>();
  private readonly nodes: GraphNode[] = [];
  private readonly weights = new Map<string, StoredTensor>();
  private readonly inputs: ValueInfo[] = [];
  private readonly pastes: Paste[] = [];
  private readonly cleanNodes: GraphNode[] = [];
  private readonly cleanWeights = new Map<string, StoredTensor>();
  private readonly cleanOutputs = new Map<string, ValueInfo>();
  private readonly made = new Map<string, string>();
  private windowed = 0;
  private fullFlops = 0;
  private flops = 0;

  constructor(
    private readonly graph: Graph,
    private readonly facts: Facts,
    private readonly request: PlanRequest,
  ) {
    this.names = new Names(indexOf(graph).names);
  }

  plan(): IncrementalPlan | { readonly reason: string } {
    const { request, graph } = this;
    const [, channels, height, width] = dimsAt(this.facts.get(request.input)!, 1);
    const patches = this.names.make('occlusion_patches');
    const { order, groups } = groupPositions(request.tops, request.lefts, BANDS);
    const window: Window = {
      y: patchSpan(
        groups,
        order.map((i) => request.tops[i]!),
        request.patch[0],
        height!,
      ),
      x: patchSpan(
        groups,
        order.map((i) => request.lefts[i]!),
        request.patch[1],
        width!,
      ),
    };
    this.inputs.push({ name: patches, type: 'float32', dims: ['batch', channels!, 'patch_height', 'patch_width'] });
    this.nodes.push(makeNode('Identity', this.names.make('occlusion_start'), [patches], {}, [request.input]));
    this.states.set(request.input, { kind: 'window', window });
    for (const node of graph.nodes) {
      if (readsOf(node).some((v) => this.states.has(v) && !node.inputs.includes(v)))
        return { reason: `${describe(node)} reads the picture from inside a nested graph` };
      this.add(node);
    }
    if (!this.states.has(request.output)) return { reason: 'the score does not depend on the picture' };
    if (this.windowed === 0) return { reason: 'no layer is local: the first operators look at the whole picture' };
    const out = this.wholeOf(request.output);
    if (out !== request.output) return { reason: 'the score is a map, not a number per class' };
    const others = graph.inputs.filter((i) => i.name !== request.input);
    return {
      graph: {
        ...graph,
        nodes: this.nodes,
        inputs: [...others, ...this.inputs],
        outputs: [{ name: request.output, type: 'float32' }],
        weights: new Map([...graph.weights, ...this.weights]),
      },
      clean: {
        ...addNodes(prune(graph, [...new Set(this.cleanSources)]), this.cleanNodes, {
          weights: this.cleanWeights.values(),
        }),
        outputs: [...this.cleanOutputs.values()],
      },
      cleanMaps: [...this.cleanOutputs.keys()],
      patches,
      order,
      groups,
      window,
      pastes: this.pastes,
      windowedLayers: this.windowed,
      gain: this.fullFlops / Math.max(1, this.flops),
    };
  }

  private readonly cleanSources: string[] = [];

  private add(node: GraphNode): void {
    const moving = node.inputs.filter((i) => this.states.has(i));
    if (moving.length === 0) {
      this.nodes.push(node);
      return;
    }
    // Shapes that the probe saw equal at every batch size do not depend on the picture: the node is not needed.
    const constants = node.outputs.map((o) => (o === '' ? undefined : this.facts.get(o)?.constant));
    if (node.outputs.every((o, i) => o === '' || constants[i] !== undefined)) {
      node.outputs.forEach((o, i) => o !== '' && this.weights.set(o, inMemory(o, constants[i]!)));
      return;
    }
    const cost = flopsOf(node, this.facts, 1) ?? 0;
    this.fullFlops += cost;
    const windowed = this.addWindowed(node, moving);
    const state = this.states.get(node.outputs[0]!);
    this.flops += windowed && state?.kind === 'window' ? cost * coverage(state.window) : cost;
    if (!windowed) {
      this.nodes.push({ ...node, inputs: node.inputs.map((i) => (this.states.has(i) ? this.wholeOf(i) : i)) });
      for (const o of node.outputs) if (o !== '') this.states.set(o, { kind: 'whole' });
    }
  }

  /** Adds the node on windows; false when it has to see whole maps. */
  private addWindowed(node: GraphNode, moving: readonly string[]): boolean {
    const windows: Window[] = [];
    for (const value of new Set(moving)) {
      const state = this.states.get(value)!;
      if (state.kind === 'whole' || localityOf(node, this.facts, value).kind === 'global') return false;
      windows.push(state.window);
    }
    const output = node.outputs[0]!;
    const locality = localityOf(node, this.facts, moving[0]!);
    if (locality.kind === 'sliding') {
      // Weights that move are not convolution as we know it.
      if (node.inputs[0] !== moving[0] || moving.length !== 1) return false;
      const window = windows[0]!;
      const out: Window = { y: slide(window.y, locality.y), x: slide(window.x, locality.x) };
      if (coverage(out) > WORTH) return false;
      const region: Window = {
        y: receptive(out.y, locality.y, window.y.length),
        x: receptive(out.x, locality.x, window.x.length),
      };
      const read = this.paste(moving[0]!, window, region, locality.padding);
      const attributes = new Attributes([
        ...node.attributes.list.filter((a) => a.name !== 'pads' && a.name !== 'auto_pad' && a.name !== 'ceil_mode'),
        ...makeAttributes({ pads: [0, 0, 0, 0] }).list,
      ]);
      this.nodes.push({ ...node, attributes, inputs: [read, ...node.inputs.slice(1)] });
      this.states.set(output, { kind: 'window', window: out });
      this.windowed++;
      return true;
    }
    const common = windows.reduce((a, b) => ({ y: unite(a.y, b.y), x: unite(a.x, b.x) }));
    const inputs: string[] = [];
    for (const value of node.inputs) {
      const state = this.states.get(value);
      if (state?.kind === 'window') {
        inputs.push(sameWindow(state.window, common) ? value : this.paste(value, state.window, common, 0));
      } else if (value === '' || this.isSameEverywhere(node, value, common)) inputs.push(value);
      else return false;
    }
    this.nodes.push({ ...node, inputs });
    this.states.set(output, { kind: 'window', window: common });
    return true;
  }

  /** Whether an operand that does not move has one value for all places of the map. */
  private isSameEverywhere(node: GraphNode, value: string, window: Window): boolean {
    const fact = this.facts.get(value);
    if (fact === undefined) return false;
    // Parameters of these are per channel, not broadcast from the right.
    if (node.op === 'BatchNormalization') return true;
    if (node.op === 'Concat') return false;
    const dims = dimsAt(fact, 1);
    // An operand as large as the map differs from place to place unless the map is a single point.
    return dims.slice(-2).every((d) => d === 1) || window.y.length * window.x.length === 1;
  }

  /** The value on a region, read from its windows and, around them, from the clean map. */
  private paste(value: string, window: Window, region: Window, padding: number): string {
    const key = `${value}|${padding}|${spanKey(region)}`;
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const channels = this.facts.get(value)!.base[1]!;
    const map = this.cleanMap(value, padding, channels);
    const make = (suffix: string): string => this.names.make(`${value}_${suffix}`);
    const paste: Paste = {
      clean: make('clean_rows'),
      fresh: make('fresh_rows'),
      shape: make('region_shape'),
      ...(contains(region, window) ? {} : { mask: make('is_fresh') }),
      channels,
      window,
      region,
    };
    this.pastes.push(paste);
    this.flops += PASTE_FLOPS * channels * coverage(region) * region.y.length * region.x.length;
    // A symbol of its own: equal symbols promise the runtime equal sizes.
    const count = `${paste.clean}_count`;
    this.inputs.push(
      { name: paste.clean, type: 'int32', dims: [count] },
      { name: paste.shape, type: 'int64', dims: [4] },
    );
    const last = this.step('Transpose', make('channels_last'), [value], { perm: [0, 2, 3, 1] });
    const rows = this.step('Reshape', make('rows'), [last, this.ints([-1, channels])]);
    const clean = this.step('Gather', make('clean'), [map, paste.clean], { axis: 0 });
    let both: string;
    if (paste.mask === undefined) {
      // One pass over the region and one over the window; Where would take three over the region.
      this.inputs.push({ name: paste.fresh, type: 'int64', dims: [`${paste.fresh}_count`, 1] });
      both = this.step('ScatterND', make('pasted'), [clean, paste.fresh, rows]);
    } else {
      this.inputs.push(
        { name: paste.fresh, type: 'int32', dims: [count] },
        { name: paste.mask, type: 'bool', dims: [count, 1] },
      );
      const fresh = this.step('Gather', make('fresh'), [rows, paste.fresh], { axis: 0 });
      both = this.step('Where', make('pasted'), [paste.mask, fresh, clean]);
    }
    const regions = this.step('Reshape', make('regions'), [both, paste.shape]);
    const result = this.step('Transpose', make('region'), [regions], { perm: [0, 3, 1, 2] });
    this.made.set(key, result);
    return result;
  }

  /** The value as a whole map. */
  private wholeOf(value: string): string {
    const state = this.states.get(value);
    if (state === undefined || state.kind === 'whole') return value;
    const { window } = state;
    return this.paste(value, window, { y: whole(window.y), x: whole(window.x) }, 0);
  }

  /** Input that holds the clean map as rows `[H × W + 1, C]`, the last one being the padding. */
  private cleanMap(value: string, padding: number, channels: number): string {
    const key = `clean|${value}|${padding}`;
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const name = this.names.make(`${value}_clean_map`);
    const dims = dimsAt(this.facts.get(value)!, 1);
    const info: ValueInfo = { name, type: 'float32', dims: [sizeOf(dims.slice(2)) + 1, channels] };
    const part = (suffix: string): string => this.names.make(`${name}_${suffix}`);
    const last = part('channels_last');
    const rows = part('rows');
    const shape = this.weight(this.cleanWeights, part('shape'), int64Tensor([2], [-1, channels]));
    const row = this.weight(this.cleanWeights, part('padding'), {
      type: 'float32',
      dims: [1, channels],
      data: new Float32Array(channels).fill(padding),
    });
    this.cleanNodes.push(
      makeNode('Transpose', last, [value], { perm: [0, 2, 3, 1] }),
      makeNode('Reshape', rows, [last, shape]),
      makeNode('Concat', name, [rows, row], { axis: 0 }),
    );
    this.cleanSources.push(value);
    this.cleanOutputs.set(name, info);
    this.inputs.push(info);
    this.made.set(key, name);
    return name;
  }

  private step(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
  ): string {
    this.nodes.push(makeNode(op, name, inputs, attributes));
    return name;
  }

  private ints(values: readonly number[]): string {
    const key = `ints|${values.join()}`;
    let name = this.made.get(key);
    if (name === undefined) {
      name = this.weight(this.weights, this.names.make('occlusion_shape'), int64Tensor([values.length], values));
      this.made.set(key, name);
    }
    return name;
  }

  private weight(into: Map<string, StoredTensor>, name: string, tensor: Tensor): string {
    into.set(name, inMemory(name, tensor));
    return name;
  }
}

function spanKey({ y, x }: Window): string {
  return [y.size.join(), y.start.join(), x.size.join(), x.start.join()].join('|');
}
