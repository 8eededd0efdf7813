import { canonical } from '../../../base/canonical.js';
import { LensError, throwIfCancelled } from '../../../base/errors.js';
import { Random } from '../../../base/random.js';
import { predict } from '../../../method/activations/prediction.js';
import { baselineImportance, importanceOf, levelsOf, tensorOf, type Levels } from '../../../method/benchmark/roar.js';
import { sampleDims } from '../../../training/evaluate.js';
import type { TrainingPictures } from '../../../training/pictures.js';
import { outputLabels } from '../../output/outputs.js';
import { unitKey, type KeptUnits } from '../../reading/keptInJob.js';
import type { RoarQuestion, Row } from './question.js';

/** Pictures of one unit of maps. */
export const MAPS = 32;

/** What of every picture is removed at which fraction. */
export interface RowLevels {
  readonly trained: readonly Levels[];
  readonly test: readonly Levels[];
}

/** One unit: some pictures, mapped by a method. */
export interface MapUnit {
  readonly row: number;
  readonly set: 'pictures' | 'test';
  readonly from: number;
  readonly to: number;
}

/** The units of maps of all methods: baselines are made where they are used, which costs nothing. */
export function mapUnits({ rows, pictures, test }: RoarQuestion): MapUnit[] {
  const of = (set: MapUnit['set'], count: number, row: number): MapUnit[] =>
    Array.from({ length: Math.ceil(count / MAPS) }, (_, k) => ({
      row,
      set,
      from: k * MAPS,
      to: Math.min(count, (k + 1) * MAPS),
    }));
  return rows.flatMap(({ kind }, row) =>
    kind === 'baseline' ? [] : [...of('pictures', pictures.count, row), ...of('test', test.count, row)],
  );
}

export function mapKey({ rows, context }: RoarQuestion, { row, set, from, to }: MapUnit): string {
  const { by } = rows[row]!;
  if (!('question' in by)) throw new Error('Baselines are no units');
  const { method, asked } = by.question;
  return unitKey(
    'roar-map',
    context.maps,
    method.id,
    canonical(asked.params),
    asked.layer ?? null,
    asked.seed,
    set,
    from,
    to,
  );
}

/** Levels of the pictures of a unit, one after the other: of what the model takes each for, never of its label. */
export async function mapLevels(question: RoarQuestion, unit: MapUnit, signal: AbortSignal): Promise<Uint8Array> {
  const { rows, model, training, removal, normalise } = question;
  const { by } = rows[unit.row]!;
  if (!('question' in by)) throw new Error('Baselines are no units');
  const { method, asked } = by.question;
  const { subject, classifier } = training;
  const of = question[unit.set];
  const { labels } = outputLabels(model, subject);
  const size = of.height * of.width * of.channels;
  const out = new Uint8Array(size * (unit.to - unit.from));
  const bytes = new Uint8Array(size);
  for (let i = unit.from; i < unit.to; i++) {
    throwIfCancelled(signal);
    of.bytes(i, bytes);
    const input = tensorOf(bytes, of, normalise, sampleDims(classifier.facts, classifier.input));
    const [ranking] = await predict(subject, labels, input, 1, signal);
    const [best] = ranking!.top;
    if (best === undefined)
      throw new LensError(
        'input',
        'roar/no-class',
        'The model takes a picture for no class: there is nothing to explain.',
      );
    const target = { index: best.index, label: best.label };
    const random = new Random(asked.seed).fork(i).fork(unit.set === 'test' ? 1 : 0);
    const { attribution } = await method.run(
      subject.asking(target),
      { ...asked, input, target },
      { signal, random, progress: () => undefined },
    );
    const importance = importanceOf(attribution, subject.input, of, normalise, removal);
    out.set(levelsOf(importance, of, removal, random.fork(9)), (i - unit.from) * size);
  }
  return out;
}

/** What a row removes of every picture, for the training of a seed; the maps of methods must be there, or are made. */
export async function rowLevels(
  question: RoarQuestion,
  row: number,
  seed: number,
  levelsFor: (unit: MapUnit) => Promise<Uint8Array>,
): Promise<RowLevels> {
  const { rows, pictures, test } = question;
  const { by } = rows[row]!;
  if ('baseline' in by)
    return {
      trained: baselineLevels(question, by.baseline, pictures, seed, 0),
      test: baselineLevels(question, by.baseline, test, seed, 1),
    };
  const size = pictures.height * pictures.width * pictures.channels;
  const found = { pictures: [] as Levels[], test: [] as Levels[] };
  for (const unit of mapUnits(question).filter((each) => each.row === row)) {
    const levels = await levelsFor(unit);
    for (let k = 0; k < unit.to - unit.from; k++) found[unit.set].push(levels.subarray(k * size, (k + 1) * size));
  }
  return { trained: found.pictures, test: found.test };
}

function baselineLevels(
  { removal }: RoarQuestion,
  baseline: Extract<Row['by'], { baseline: unknown }>['baseline'],
  pictures: TrainingPictures,
  seed: number,
  stream: number,
): Levels[] {
  const bytes = new Uint8Array(pictures.height * pictures.width * pictures.channels);
  return Array.from({ length: pictures.count }, (_, i) => {
    pictures.bytes(i, bytes);
    const random = new Random(seed).fork(i).fork(stream);
    const importance = baselineImportance(baseline, bytes, pictures, removal, random.fork(1));
    return levelsOf(importance, pictures, removal, random.fork(2));
  });
}

/** Levels of a unit that is kept, or made and kept. */
export async function keptLevels(
  question: RoarQuestion,
  unit: MapUnit,
  units: KeptUnits | undefined,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const key = mapKey(question, unit);
  const known = await units?.read(key);
  if (known !== undefined) return known;
  const made = await mapLevels(question, unit, signal);
  await units?.write(key, made);
  return made;
}
