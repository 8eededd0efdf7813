import type { GraphStructure, VisibleEdge, VisibleGraph, VisibleNode } from '../../../src/result/graphView.js';
import { formatShape } from '../../shared/format.js';
import type { LayoutAnswer, LayoutRequest, Placed } from './layoutMessages.js';

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
  readonly text: string;
}

/** A graph with a place for everything. */
export interface GraphScene {
  readonly nodes: readonly SceneNode[];
  readonly frames: readonly SceneFrame[];
  readonly edges: readonly SceneEdge[];
  readonly width: number;
  readonly height: number;
  readonly byId: ReadonlyMap<string, SceneNode>;
}

const HEIGHT = 38;
const TITLE = 10;

/** What the worker needs to know of what is visible. */
export function layoutRequest(visible: VisibleGraph): Omit<LayoutRequest, 'id'> {
  const frames = new Map<number, number | undefined>();
  for (const { within } of visible.nodes) within.forEach((module, i) => frames.set(module, within[i - 1]));
  return {
    nodes: visible.nodes.map(({ id, label, detail, within }) => {
      const inner = within.at(-1);
      const width = Math.min(250, Math.max(84, 30 + 7.8 * label.length, 26 + 6.4 * Math.min(32, detail.length)));
      return { id, width, height: HEIGHT, ...(inner === undefined ? {} : { parent: frameId(inner) }) };
    }),
    frames: [...frames].map(([module, parent]) => ({
      id: frameId(module),
      ...(parent === undefined ? {} : { parent: frameId(parent) }),
    })),
    edges: visible.edges.map(({ from, to }) => ({ from, to })),
  };
}

function frameId(module: number): string {
  return `f${module}`;
}

export function sceneOf(visible: VisibleGraph, layout: LayoutAnswer): GraphScene {
  const nodes = visible.nodes.map((node, i) => ({ ...layout.nodes[i]!, node }));
  return {
    nodes,
    frames: layout.frames.map((frame) => ({
      ...frame,
      // Room for the title above the first node.
      y: frame.y - TITLE,
      height: frame.height + TITLE,
      module: Number(frame.id.slice(1)),
    })),
    edges: visible.edges.map((edge, i) => ({ edge, points: layout.edges[i]!, text: edgeText(edge) })),
    width: layout.width,
    height: layout.height,
    byId: new Map(nodes.map((node) => [node.id, node])),
  };
}

function edgeText({ shape, count }: VisibleEdge): string {
  return [shape === undefined ? '' : formatShape(shape), count > 1 ? `${count} values` : '']
    .filter(Boolean)
    .join(' · ');
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
 * The node that an arrow key leads to: down and up along the edges, to the sides the nearest one at the same height.
 */
export function neighbour(scene: GraphScene, from: string, key: string): string | undefined {
  const start = scene.byId.get(from);
  if (start === undefined) return scene.nodes[0]?.id;
  const middle = (node: Placed): number => node.x + node.width / 2;
  if (key === 'ArrowDown' || key === 'ArrowUp') {
    const next = scene.edges.flatMap(({ edge }) =>
      key === 'ArrowDown' ? (edge.from === from ? [edge.to] : []) : edge.to === from ? [edge.from] : [],
    );
    const near = next.map((id) => scene.byId.get(id)!);
    near.sort(
      (a, b) =>
        Math.abs(a.y - start.y) - Math.abs(b.y - start.y) ||
        Math.abs(middle(a) - middle(start)) - Math.abs(middle(b) - middle(start)),
    );
    return near[0]?.id;
  }
  const side = key === 'ArrowRight' ? 1 : -1;
  const beside = scene.nodes.filter(
    (n) => n.id !== from && Math.abs(n.y - start.y) < HEIGHT && side * (middle(n) - middle(start)) > 0,
  );
  beside.sort((a, b) => side * (middle(a) - middle(b)));
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
