import type { GraphStructure, VisibleEdge, VisibleGraph, VisibleNode } from '../../../src/result/graphView.js';
import { formatShape } from '../../shared/format.js';
import type { Direction, LabelSize, LayoutAnswer, LayoutRequest, Placed } from './layoutMessages.js';

export interface SceneNode extends Placed {
  readonly node: VisibleNode;
}

export interface SceneFrame extends Placed {
  /** Index of the open module. */
  readonly module: number;
}

export interface SceneEdge {
  readonly edge: VisibleEdge;
  readonly points: Float32Array;
  readonly text: EdgeText;
  /** The middle of its text, where room was left for one. */
  readonly label?: { readonly x: number; readonly y: number };
}

/** What flows along an edge. */
export interface EdgeText {
  /** The value's name, shortened; '' where another edge of the same value carries it. */
  readonly name: string;
  readonly shape: string;
}

/** A graph with a place for everything. */
export interface GraphScene {
  readonly direction: Direction;
  readonly nodes: readonly SceneNode[];
  readonly frames: readonly SceneFrame[];
  readonly edges: readonly SceneEdge[];
  readonly width: number;
  readonly height: number;
  readonly byId: ReadonlyMap<string, SceneNode>;
}

const HEIGHT = 38;
const TITLE = 10;
/** With more edges no room is left for their texts: the layout would take several times as long. */
const MOST_LABELLED = 600;
const LONGEST_NAME = 22;

/** What the worker needs to know of what is visible. */
export function layoutRequest(visible: VisibleGraph, direction: Direction): Omit<LayoutRequest, 'id'> {
  const frames = new Map<number, number | undefined>();
  for (const { within } of visible.nodes) within.forEach((module, i) => frames.set(module, within[i - 1]));
  const texts = edgeTexts(visible);
  const labelled = visible.edges.length <= MOST_LABELLED;
  return {
    direction,
    nodes: visible.nodes.map(({ id, label, detail, within }) => {
      const inner = within.at(-1);
      const width = Math.min(250, Math.max(84, 30 + 7.8 * label.length, 26 + 6.4 * Math.min(32, detail.length)));
      return { id, width, height: HEIGHT, ...(inner === undefined ? {} : { parent: frameId(inner) }) };
    }),
    frames: [...frames].map(([module, parent]) => ({
      id: frameId(module),
      ...(parent === undefined ? {} : { parent: frameId(parent) }),
    })),
    edges: visible.edges.map(({ from, to }, i) => {
      const label = labelled ? labelSize(texts[i]!) : undefined;
      return { from, to, ...(label === undefined ? {} : { label }) };
    }),
  };
}

function frameId(module: number): string {
  return `f${module}`;
}

export function sceneOf(visible: VisibleGraph, layout: LayoutAnswer, direction: Direction): GraphScene {
  const texts = edgeTexts(visible);
  const nodes = visible.nodes.map((node, i) => ({ ...layout.nodes[i]!, node }));
  return {
    direction,
    nodes,
    frames: layout.frames.map((frame) => ({
      ...frame,
      // Room for the title above the first node.
      y: frame.y - TITLE,
      height: frame.height + TITLE,
      module: Number(frame.id.slice(1)),
    })),
    edges: visible.edges.map((edge, i) => {
      const label = layout.labels[i];
      return { edge, points: layout.edges[i]!, text: texts[i]!, ...(label === undefined ? {} : { label }) };
    }),
    width: layout.width,
    height: layout.height,
    byId: new Map(nodes.map((node) => [node.id, node])),
  };
}

/** What stands at each edge: a value that several nodes read is named once. */
function edgeTexts({ edges }: VisibleGraph): readonly EdgeText[] {
  const named = new Set<string>();
  return edges.map(({ from, value, shape, count }) => {
    const key = `${from} ${value}`;
    if (count === 1 && named.has(key)) return { name: '', shape: '' };
    named.add(key);
    return {
      name: count > 1 ? `${count} values` : shortName(value),
      shape: shape === undefined ? '' : formatShape(shape),
    };
  });
}

/** The last part of a value's name, which says what it is; the middle of a long one is left out. */
function shortName(value: string): string {
  const last = value.slice(value.lastIndexOf('/') + 1) || value;
  if (last.length <= LONGEST_NAME) return last;
  return `${last.slice(0, 8)}…${last.slice(9 - LONGEST_NAME)}`;
}

function labelSize({ name, shape }: EdgeText): LabelSize | undefined {
  const longest = Math.max(name.length, shape.length);
  return longest === 0 ? undefined : { width: 12 + 5.8 * longest, height: 26 };
}

/** Names of everything that a person may look for, with the index of its node. */
export function findEntries(structure: GraphStructure): { value: string; label: string; detail: string }[] {
  return structure.nodes.map((node, i) => ({ value: String(i), label: node.layer ?? node.name, detail: node.op }));
}

/** The visible node that shows a node of the structure: itself, or the closed module it is in. */
export function visibleIdOf(structure: GraphStructure, visible: VisibleGraph, node: number): string | undefined {
  const ids = new Set(visible.nodes.map((each) => each.id));
  if (ids.has(`n${node}`)) return `n${node}`;
  for (let at = structure.nodes[node]?.module ?? 0; at > 0; at = structure.modules[at]!.parent)
    if (ids.has(`m${at}`)) return `m${at}`;
  return undefined;
}

/**
 * The node that an arrow key leads to: with and against the flow along the edges, across it the nearest one beside.
 */
export function neighbour(scene: GraphScene, from: string, key: string): string | undefined {
  const start = scene.byId.get(from);
  if (start === undefined) return scene.nodes[0]?.id;
  const right = scene.direction === 'right';
  const [forward, back, after] = right
    ? ['ArrowRight', 'ArrowLeft', 'ArrowDown']
    : ['ArrowDown', 'ArrowUp', 'ArrowRight'];
  const middle = ({ x, y, width, height }: Placed): { along: number; across: number } => {
    const [cx, cy] = [x + width / 2, y + height / 2];
    return right ? { along: cx, across: cy } : { along: cy, across: cx };
  };
  const at = middle(start);
  const far = (node: SceneNode): { along: number; across: number } => {
    const { along, across } = middle(node);
    return { along: Math.abs(along - at.along), across: Math.abs(across - at.across) };
  };
  if (key === forward || key === back) {
    const next = scene.edges.flatMap(({ edge }) =>
      key === forward ? (edge.from === from ? [edge.to] : []) : edge.to === from ? [edge.from] : [],
    );
    const near = next.map((id) => scene.byId.get(id)!);
    near.sort((a, b) => far(a).along - far(b).along || far(a).across - far(b).across);
    return near[0]?.id;
  }
  const side = key === after ? 1 : -1;
  // Beside it: overlapping in the direction of the flow.
  const reach = (node: Placed): number => (right ? node.width : node.height) / 2;
  const beside = scene.nodes.filter(
    (n) => n.id !== from && far(n).along < reach(n) + reach(start) && side * (middle(n).across - at.across) > 0,
  );
  beside.sort((a, b) => far(a).across - far(b).across || far(a).along - far(b).along);
  return beside[0]?.id;
}

/** What kind of work an operator does, for its colour. */
export function kindOf(op: string): 'weights' | 'normalise' | 'activate' | 'pool' | 'shape' | 'other' {
  if (/^(Conv|ConvTranspose|Gemm|MatMul|QLinear|FusedConv|Attention|LSTM|GRU|Einsum|QLinearConv)/.test(op))
    return 'weights';
  if (/Norm|^LRN$|^Dropout$/.test(op)) return 'normalise';
  if (
    /^(Relu|LeakyRelu|PRelu|Sigmoid|Tanh|Softmax|LogSoftmax|Gelu|Elu|Selu|Hard|Clip|Swish|Mish|Erf|Softplus|Silu)/.test(
      op,
    )
  )
    return 'activate';
  if (/Pool|^Reduce/.test(op)) return 'pool';
  if (
    /^(Reshape|Transpose|Flatten|Squeeze|Unsqueeze|Concat|Split|Slice|Gather|Pad|Expand|Shape|Constant|Cast|Identity|Tile|Resize|Roll)/.test(
      op,
    )
  )
    return 'shape';
  return 'other';
}

/** Nodes by the name of their layer, which people know, where they have one. */
export function byLayer({ nodes, edges }: VisibleGraph, structure: GraphStructure): VisibleGraph {
  const layerOf = (node: VisibleNode): string | undefined =>
    node.kind === 'node' ? structure.nodes[node.index]?.layer : undefined;
  return { nodes: nodes.map((node) => ({ ...node, detail: layerOf(node) ?? node.detail })), edges };
}
