import { perObject } from '../../base/memo.js';
import { proposalIn, type Proposal } from '../../input/conventions/words.js';
import type { OpenModel } from '../model/open.js';

/** Keys of a model's metadata whose value may be a sentence about its pictures. */
const KEYS = /descr|doc|preproc|input|normal|mean|note|comment/i;

type Told = Pick<OpenModel, 'file' | 'resolved'>;

const proposals = perObject((model: Told) => ({ found: read(model) }));

/** What the model's own text says of its pictures, where it does. */
export function proposalOf(model: Told): Proposal | undefined {
  return proposals(model).found;
}

function read({ file, resolved }: Told): Proposal | undefined {
  const channels = resolved.preprocessing?.channels.value;
  if (channels === undefined) return undefined;
  const { doc, graph, metadata } = file.checkpoint;
  const texts = [doc, graph.doc, ...[...metadata].filter(([key]) => KEYS.test(key)).map(([, value]) => value)];
  for (const text of texts) {
    const found = proposalIn(text, channels);
    if (found !== undefined) return found;
  }
  return undefined;
}
