import { fromErrorData, LensError } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { spaceOf } from '../../method/attribution/shared/answer.js';
import { edgesOf, randomMap } from '../../method/benchmark/baselines.js';
import { averaged, type Measured, type MetricPicture, type PixelMap } from '../../method/benchmark/metrics.js';
import type { Ranking } from '../../method/activations/prediction.js';
import type { Target } from '../../method/target/target.js';
import type { Attribution } from '../../result/explanation.js';
import { hasChannels, overChannels } from '../../result/heatmap.js';
import { explainOne } from '../attribution/one.js';
import { NamedPictures } from '../attribution/named.js';
import { describe, targetOf } from '../attribution/target.js';
import { loadInput, requireNumbers } from '../input/answers.js';
import type { LoadedInput, PendingInput } from '../input/inputs.js';
import { rank } from '../prediction/rank.js';
import type { MeasuredPicture } from '../../result/benchmark.js';
import { markOf } from './masks.js';
import type { EvaluateQuestion, Row } from './question.js';

/** One picture that was read, with what the model says of it: all rows are measured on it. */
export interface ReadPicture {
  readonly input: PendingInput;
  readonly loaded: LoadedInput;
  readonly ranking: Ranking;
  readonly target: Target;
  readonly metric: MetricPicture;
  /** Tells its draws from those of other pictures, wherever it stands in whichever set. */
  readonly stream: number;
}

/** @param content what tells the picture from others whatever it is called */
export async function readPicture(
  question: EvaluateQuestion,
  input: PendingInput,
  content: string | undefined,
  signal: AbortSignal,
): Promise<ReadPicture> {
  const { model, subject, labels, metric } = question;
  const loaded = await loadInput(input, signal);
  const [ranking] = await rank(subject, labels, [loaded], undefined, 1, signal);
  if (ranking === undefined || 'error' in ranking)
    throw fromErrorData(ranking?.error ?? { kind: 'runtime', code: 'benchmark/rank', message: 'No answer.' });
  requireNumbers(loaded, ranking);
  const named = new NamedPictures(model, subject);
  const target = await targetOf(question.target, { subject, labels, ranking, loaded, named }, signal);
  const asking = subject.asking(target);
  const mark = metric.id === 'truth' ? await markOf(question, input, loaded, signal) : undefined;
  return {
    input,
    loaded,
    ranking,
    target,
    metric: {
      input: loaded.tensor,
      spec: subject.input,
      most: Math.max(1, subject.batchSize('forward')),
      score: (batch, kind) => asking.scores(batch, target, kind, signal),
      signal,
      ...(mark === undefined ? {} : { mark }),
    },
    stream: hashOf(content ?? input.name),
  };
}

/** What one row gets on one picture: the mean over its seeds. */
export async function measureRow(
  question: EvaluateQuestion,
  row: Row,
  picture: ReadPicture,
  signal: AbortSignal,
): Promise<Omit<MeasuredPicture, 'picture'>> {
  const { metric, params, seed } = question;
  const all: Measured[] = [];
  let map: PixelMap | undefined;
  for (let s = 0; s < row.seeds; s++) {
    const random = new Random(seed + s).fork(picture.stream);
    if (map === undefined || drawsMaps(row)) map = await mapOf(question, row, picture, seed + s, signal);
    all.push(await metric.measure(picture.metric, map, params, random));
  }
  return { target: describe(picture.target), ...averaged(all) };
}

const drawsMaps = (row: Row): boolean =>
  row.kind === 'baseline' ? row.baseline === 'random' : row.question.method.properties.seeded;

async function mapOf(
  { model, subject, labels }: EvaluateQuestion,
  row: Row,
  { input, loaded, ranking, stream }: ReadPicture,
  seed: number,
  signal: AbortSignal,
): Promise<PixelMap> {
  const { height, width } = subject.input;
  if (row.kind === 'baseline') {
    // Not the stream that orders equal pixels: a random map must not be made of the same draws.
    const values =
      row.baseline === 'edges'
        ? edgesOf(loaded.tensor, subject.input)
        : randomMap(height * width, new Random(seed).fork(stream).fork(7));
    return { importance: values, values };
  }
  const { question } = row;
  const { attribution } = await explainOne(
    { model, subject, labels },
    { ...question, asked: { ...question.asked, seed } },
    { input, loaded, ranking, milliseconds: 0 },
    { signal, together: 1 },
  );
  return pixelsOf(attribution, spaceOf(subject.input));
}

/** @throws LensError where the map has not a value for each pixel, or one that is no finite number */
function pixelsOf(attribution: Attribution, space: readonly number[]): PixelMap {
  const values = overChannels(attribution, 'sum');
  if (values.length !== space.reduce((a, b) => a * b, 1))
    throw new LensError(
      'usage',
      'benchmark/map-size',
      `The map has ${values.length} values for ${space.join('×')} pixels.`,
      { hint: 'Leave it enlarged to the picture (upsample).' },
    );
  if (!values.every(Number.isFinite))
    throw new LensError('runtime', 'benchmark/map', 'The map holds values that are not finite numbers.');
  return { importance: hasChannels(attribution) ? overChannels(attribution, 'l1') : values, values };
}

/** A number that is the same wherever the text stands (FNV-1a). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
