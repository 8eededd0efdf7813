import type { FloatTensor, Tensor } from '../../base/tensor.js';
import { prune, withOutputs } from '../../graph/edits.js';
import { concatBatches } from '../../session/batches.js';
import { feedsOf, type Fed } from '../subject/feeds.js';
import { inPieces } from '../subject/pieces.js';
import { samplesOf } from '../subject/samples.js';
import type { Subject } from '../subject/subject.js';
import type { ModelAttention } from './layers.js';

/** A graph that was made of a model's own. */
export type OtherGraph = Pick<ModelAttention, 'graph' | 'facts' | 'key'>;

/**
 * Forward values of a graph that was made of the model's: with no attention hidden, with heads cut.
 *
 * @param batch `[n, …]`
 * @param beside what is fed to inputs that the model has not, at a batch of `n`
 * @returns `[n, …]` each
 */
export async function valuesIn(
  subject: Fed & Pick<Subject, 'derived' | 'batchSize'>,
  { graph, facts, key }: OtherGraph,
  names: readonly string[],
  batch: FloatTensor,
  signal: AbortSignal,
  beside: (n: number) => Readonly<Record<string, Tensor>> = () => ({}),
): Promise<ReadonlyMap<string, FloatTensor>> {
  const own = subject.input.name;
  const wanted = [...new Set(names)].filter((name) => name !== own);
  const out = new Map<string, FloatTensor>();
  if (names.includes(own)) out.set(own, batch);
  if (wanted.length === 0) return out;
  const part = prune(withOutputs(graph, wanted), wanted);
  const pieces = await inPieces(batch.dims[0]!, subject.batchSize('forward'), facts, signal, async (piece) => {
    const extra = Object.entries(beside(piece.n)).filter(([name]) => part.inputs.some((i) => i.name === name));
    const feeds = { ...feedsOf(subject, part, piece.of(batch), piece.n), ...Object.fromEntries(extra) };
    const raw = await subject.derived(`${key} ${JSON.stringify(wanted)}`, part, feeds, signal);
    return new Map(wanted.map((name) => [name, samplesOf(facts, name, raw[name]!, piece.n)]));
  });
  for (const name of wanted) out.set(name, concatBatches(pieces.map((p) => p.get(name)!)));
  return out;
}
