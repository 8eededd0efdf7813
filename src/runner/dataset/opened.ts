import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { DatasetRequest } from '../../protocol/dataset.js';
import { inputOf, type PendingInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { matchLabels, type Matched } from './labels.js';
import type { DatasetRoom, KeptFor } from './room.js';
import type { DataSets } from './sets.js';

/** A part of a data set as a model is to see it; nothing of it has been read. */
export interface OpenedSet {
  readonly part: Awaited<ReturnType<DataSets['part']>>;
  /** What its labels stand for. */
  readonly matched: Matched;
  /** One for each example. */
  readonly inputs: readonly PendingInput[];
  /** What is known of them, and where it is kept; to be settled when all has been read. */
  readonly kept: KeptFor;
}

export async function openedSet(
  model: OpenModel,
  subject: ModelSubject,
  room: DatasetRoom,
  request: DatasetRequest,
  signal: AbortSignal,
): Promise<OpenedSet> {
  const part = await room.sets.part(request, signal);
  const { dataset, examples } = part;
  const labels = examples.map((e) => e.className);
  return {
    part,
    matched: matchLabels(model, subject, labels, dataset.classes, request.mapping),
    inputs: examples.map((e) => inputOf(model, e, e.name, dataset.classes)),
    kept: await room.keptFor(model, subject, request),
  };
}
