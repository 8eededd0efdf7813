import { graphlib, layout } from '@dagrejs/dagre';
import type { LayoutAnswer, LayoutRequest, Placed } from './layoutMessages.js';

/**
 * The layout of the graph, beside the page: a worker of its own, so that the page goes on answering. Bundled by itself and
 * carried in the page's script as text.
 */

/** A layered layout (Gansner et al. 1993, as dagre does it), modules as frames around their nodes. */
function place({ id, direction, nodes, frames, edges }: LayoutRequest): LayoutAnswer {
  const graph = new graphlib.Graph({ compound: frames.length > 0, multigraph: true });
  const right = direction === 'right';
  graph.setGraph({ rankdir: right ? 'LR' : 'TB', nodesep: 18, ranksep: 30, edgesep: 8, marginx: 16, marginy: 16 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const frame of frames) graph.setNode(frame.id, {});
  for (const { id: name, width, height } of nodes) graph.setNode(name, { width, height });
  for (const each of [...frames, ...nodes]) if (each.parent !== undefined) graph.setParent(each.id, each.parent);
  // Beside a line that goes down; on one that goes to the right, with the line between its two lines of text.
  const labelpos = right ? 'c' : 'r';
  edges.forEach(({ from, to, label }, i) =>
    graph.setEdge(from, to, label === undefined ? {} : { ...label, labelpos, labeloffset: 4 }, String(i)),
  );
  layout(graph);
  const placed = (name: string): Placed => {
    const { x, y, width, height } = graph.node(name) as { x: number; y: number; width: number; height: number };
    return { id: name, x: x - width / 2, y: y - height / 2, width, height };
  };
  const size = graph.graph() as { width?: number; height?: number };
  return {
    id,
    nodes: nodes.map((node) => placed(node.id)),
    frames: frames.map((frame) => placed(frame.id)),
    edges: edges.map(({ from, to }, i) => {
      const { points = [] } = graph.edge(from, to, String(i)) as { points?: { x: number; y: number }[] };
      return Float32Array.from(points.flatMap((p) => [p.x, p.y]));
    }),
    labels: edges.map(({ from, to, label }, i) => {
      const { x, y } = graph.edge(from, to, String(i)) as { x?: number; y?: number };
      return label === undefined || x === undefined || y === undefined ? undefined : { x, y };
    }),
    width: size.width ?? 0,
    height: size.height ?? 0,
  };
}

self.onmessage = ({ data }: MessageEvent<LayoutRequest>) => {
  try {
    self.postMessage(place(data));
  } catch (error) {
    const none = { nodes: [], frames: [], edges: [], labels: [], width: 0, height: 0 };
    self.postMessage({ id: data.id, ...none, error: error instanceof Error ? error.message : String(error) });
  }
};
