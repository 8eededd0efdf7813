import { structureOf } from '../../method/graph/structure.js';
import type { Call } from '../../protocol/channel.js';
import type { GraphRequest } from '../../protocol/graph.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { GraphStructure } from '../../result/graphView.js';
import type { OpenModel } from '../model/open.js';

/** The graph for drawing. Only with shapes and FLOPs it takes a run, once. */
export async function graphViewOf(
  model: OpenModel,
  { measured }: GraphRequest,
  call: Call<WorkProgress>,
): Promise<GraphStructure> {
  const { graph, layers } = model.file;
  if (!measured) return structureOf(graph, layers);
  call.progress({ message: 'running once to learn the shapes' });
  return structureOf(graph, layers, await model.facts());
}
