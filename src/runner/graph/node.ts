import { LensError } from '../../base/errors.js';
import { perObject } from '../../base/memo.js';
import { bitsOf, sizeOf } from '../../base/tensor.js';
import { storedBytes } from '../../checkpoint/elements.js';
import type { Checkpoint, NodeProto, StoredTensor, ValueInfo } from '../../checkpoint/model.js';
import { readTensorSlice } from '../../checkpoint/readTensor.js';
import { nodeDetail } from '../../method/graph/nodeDetail.js';
import { MOST_VALUES, valuesText } from '../../method/graph/nodeText.js';
import type { Call } from '../../protocol/channel.js';
import type { GraphNodeRequest } from '../../protocol/graph.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { NodeDetail } from '../../result/graphNode.js';
import type { OpenModel } from '../model/open.js';

/** A constant that has to be read as a whole for its first values is, up to this size. */
const READ_WHOLE = 1 << 20;

/** What the file says of its values and nodes. */
const said = perObject(({ graph }: Checkpoint) => ({
  declared: new Map<string, ValueInfo>(
    [...graph.valueInfo, ...graph.inputs, ...graph.outputs].map((value) => [value.name, value]),
  ),
  makers: new Map<string, NodeProto>(
    graph.nodes.flatMap((node) => node.outputs.map((output): [string, NodeProto] => [output, node])),
  ),
}));

/** A node of the graph, as the file has it; with the shapes of a run where it is asked for. */
export async function graphNodeOf(
  model: OpenModel,
  { node, measured }: GraphNodeRequest,
  { signal }: Call<WorkProgress>,
): Promise<NodeDetail> {
  const { graph, layers, checkpoint } = model.file;
  const { declared, makers } = said(checkpoint);
  const facts = measured ? { facts: await model.facts() } : {};
  const detail = await nodeDetail(graph, node, {
    ...facts,
    layers,
    declared,
    filed: (value) => makers.get(value),
    opset: checkpoint.opsets.get(''),
    read: (stored) => firstValues(stored, signal),
    bytes: storedBytes,
  });
  if (detail === undefined) throw new LensError('usage', 'graph/no-node', `The graph has no node ${node}.`);
  return detail;
}

async function firstValues(stored: StoredTensor, signal: AbortSignal): Promise<string> {
  const { at } = stored;
  const whole = at.kind === 'file' && (at.encoding === 'varint' || bitsOf(stored.type) < 8);
  if (whole && storedBytes(stored) > READ_WHOLE) return '';
  const count = sizeOf(stored.dims);
  return valuesText(await readTensorSlice(stored, 0, Math.min(count, MOST_VALUES), signal), count);
}
