import { throwIfCancelled } from '../../../base/errors.js';
import { given } from '../../../base/given.js';
import type { Random } from '../../../base/random.js';
import { floatTensor, type FloatTensor } from '../../../base/tensor.js';
import type { Attribution } from '../../../result/explanation.js';
import { fillTensor, type Fill } from '../../fill.js';
import type { AttributionRequest } from '../../method.js';
import type { Subject } from '../../subject/subject.js';
import { partsOf, spread, switched, type PartsKind } from './parts.js';
import { pixelAttribution, spaceTensor } from '../shared/answer.js';
import type { Parts } from './squares.js';

/** How sure the values of parts are. */
export interface Sureness {
  /** Standard error of each. */
  readonly errors?: ArrayLike<number>;
  /** Share of the variance of the scores that a sum over the parts explains. */
  readonly r2?: number;
}

/** A picture in parts that can be covered, and the score that is watched. */
export interface Covered {
  readonly subject: Subject;
  readonly request: Pick<AttributionRequest<never>, 'input' | 'target' | 'score' | 'labelMap'>;
  readonly fill: FloatTensor;
  readonly parts: Parts;
  /** One value for each part as a map of the pixels. */
  map(values: ArrayLike<number>, unit: string, sure?: Sureness): Attribution;
}

/** The picture of a request cut into the parts that its parameters ask for, and what stands in their place. */
export function coveredOf(
  subject: Subject,
  request: Covered['request'] & { readonly params: { parts: PartsKind; count: number; fill: Fill } },
  random: Random,
): Covered {
  const { input, params } = request;
  const parts = partsOf(params.parts, params.count, request, subject.input);
  return {
    subject,
    request,
    fill: fillTensor(params.fill, input, subject.input, random),
    parts,
    map: (values, unit, { errors, r2 } = {}) => ({
      ...pixelAttribution(spaceTensor(subject.input, spread(values, parts)), true, unit),
      parts: {
        of: parts.of,
        count: parts.count,
        ...given({
          errors: errors && Float32Array.from(errors),
          r2: r2 === undefined || Number.isNaN(r2) ? undefined : r2,
        }),
      },
    }),
  };
}

/**
 * The scores of the picture with some parts only, in batches.
 *
 * @param coalitions for each which parts are there, `[count]` of 0 and 1; drawn as they are needed
 * @param each the score of one, in order
 * @param onBatch after each batch, how many are done
 */
export async function scoreCoalitions(
  { subject, request, fill, parts }: Covered,
  coalitions: Iterable<Uint8Array>,
  signal: AbortSignal,
  each: (on: Uint8Array, score: number) => void,
  onBatch: (done: number) => void = () => undefined,
): Promise<void> {
  const { input, target, score } = request;
  const size = input.data.length;
  const step = subject.batchSize('forward');
  let done = 0;
  let waiting: Uint8Array[] = [];
  const run = async (): Promise<void> => {
    throwIfCancelled(signal);
    const batch = floatTensor([waiting.length, ...input.dims.slice(1)]);
    waiting.forEach((on, k) =>
      switched({ input, fill, spec: subject.input, parts }, on, batch.data.subarray(k * size, (k + 1) * size)),
    );
    const scores = await subject.scores(batch, target, score, signal);
    waiting.forEach((on, k) => each(on, scores[k]!));
    done += waiting.length;
    waiting = [];
    onBatch(done);
  };
  for (const on of coalitions) {
    waiting.push(on);
    if (waiting.length === step) await run();
  }
  if (waiting.length > 0) await run();
}
