import { LensError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { FloatTensor } from '../../base/tensor.js';
import type { MetricId } from '../../result/benchmark.js';
import type { ParameterValue } from '../../result/method.js';
import type { ScoreKind } from '../../result/recipe.js';
import { fillTensor, type Fill } from '../fill.js';
import type { InputSpec } from '../subject/subject.js';
import { areaUnder, curveOf, type Way } from './curves.js';
import { equalSteps, rankedPixels } from './order.js';
import { percentagesOf, road } from './road.js';
import { sensitivityN, sizesOf } from './sensitivity.js';
import { massOn, peakOn } from './truth.js';

/** A picture that maps are measured on, and the model that is asked. */
export interface MetricPicture {
  /** Batch 1, in the model's own layout. */
  readonly input: FloatTensor;
  readonly spec: InputSpec;
  /** Samples of one run. */
  readonly most: number;
  score(batch: FloatTensor, kind: ScoreKind): Promise<ArrayLike<number>>;
  /** 1 where the mark is, `[height × width]`. */
  readonly mark?: Uint8Array;
  readonly signal: AbortSignal;
}

/** A map as the metrics see it: one number for each pixel, rows from the top. */
export interface PixelMap {
  /** The most relevant pixel has the largest: magnitudes where the map has channels, else its values with their signs. */
  readonly importance: ArrayLike<number>;
  /** With their signs, added over channels. */
  readonly values: ArrayLike<number>;
}

export interface Measured {
  readonly score: number;
  readonly curves: Readonly<Record<string, readonly number[]>>;
  readonly beside?: Readonly<Record<string, number>>;
}

export type MetricParams = Readonly<Record<string, ParameterValue>>;

/** How one metric is computed; what it says about itself stands in `result/benchmark.ts`. */
export interface Metric {
  readonly id: MetricId;
  /** The score that it asks the model for; nothing where it looks at the map alone. */
  readonly asks?: ScoreKind;
  /** Neighbours of a pixel must be neighbours in the picture. */
  readonly plane?: true;
  /** It draws random numbers beside those that order equal pixels. */
  readonly draws?: true;
  /** Where the points of its curves stand; `LensError` for parameters that mean nothing. */
  x(params: MetricParams, pixels: number): readonly number[];
  measure(picture: MetricPicture, map: PixelMap, params: MetricParams, random: Random): Promise<Measured>;
}

function way(picture: MetricPicture, kind: ScoreKind, from: FloatTensor, to: FloatTensor): Way {
  const { spec, most } = picture;
  return { from, to, spec, most, score: (batch) => picture.score(batch, kind) };
}

/** @param inserted from the cover to the picture */
function along(id: 'deletion' | 'insertion', inserted: boolean): Metric {
  return {
    id,
    asks: 'probability',
    x: ({ points }) => Array.from({ length: Number(points) + 1 }, (_, i) => (100 * i) / Number(points)),
    async measure(picture, { importance }, { points, cover }, random) {
      const { input, spec } = picture;
      const covered = fillTensor(cover as Fill, input, spec, random.fork(1));
      const [from, to] = inserted ? [covered, input] : [input, covered];
      const order = rankedPixels(importance, random.fork(0));
      const steps = equalSteps(order.length, Number(points));
      const values = Array.from(await curveOf(way(picture, 'probability', from, to), order, steps));
      return { score: areaUnder(values), curves: { probability: values } };
    },
  };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const roadMetric: Metric = {
  id: 'road',
  asks: 'probability',
  plane: true,
  draws: true,
  x: ({ percentages }) => percentagesOf(String(percentages)),
  async measure(picture, { importance }, { percentages, noise }, random) {
    const { input, spec, most, signal } = picture;
    const found = await road(
      {
        input,
        spec,
        most,
        score: (batch) => picture.score(batch, 'probability'),
        noise: Number(noise),
        random: random.fork(1),
        signal,
      },
      rankedPixels(importance, random.fork(0)),
      percentagesOf(String(percentages)),
    );
    const combined = Array.from(found.most, (value, i) => (found.least[i]! - value) / 2);
    return {
      score: mean(combined),
      curves: { combined, most: Array.from(found.most), least: Array.from(found.least) },
    };
  },
};

const sensitivityMetric: Metric = {
  id: 'sensitivity_n',
  asks: 'logit',
  draws: true,
  x: ({ sizes }, pixels) => sizesOf(pixels, Number(sizes)),
  async measure(picture, { values }, { sizes, subsets, cover }, random) {
    const { input, spec } = picture;
    const covered = fillTensor(cover as Fill, input, spec, random.fork(1));
    const correlation = await sensitivityN(
      way(picture, 'logit', input, covered),
      values,
      sizesOf(values.length, Number(sizes)),
      Number(subsets),
      random.fork(0),
    );
    return { score: mean(correlation), curves: { correlation } };
  },
};

const truthMetric: Metric = {
  id: 'truth',
  x: () => [],
  measure: async ({ mark }, { importance }) => {
    if (mark === undefined)
      throw new LensError('usage', 'benchmark/no-mask', 'The ground truth needs a mask for each picture.', {
        hint: 'Name their folder, e.g. --param masks=marks.',
      });
    const area = mark.reduce((a, b) => a + b, 0) / mark.length;
    return { score: massOn(importance, mark), curves: {}, beside: { peak: peakOn(importance, mark), area } };
  },
};

const METRICS: readonly Metric[] = [
  roadMetric,
  along('deletion', false),
  along('insertion', true),
  sensitivityMetric,
  truthMetric,
];

export function metricById(id: MetricId): Metric {
  return METRICS.find((metric) => metric.id === id)!;
}

/** The mean of what some draws gave. */
export function averaged(all: readonly Measured[]): Measured {
  const [first] = all;
  if (all.length === 1) return first!;
  const record = (of: (measured: Measured) => Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(Object.keys(of(first!)).map((key) => [key, mean(all.map((each) => of(each)[key]!))]));
  return {
    score: mean(all.map(({ score }) => score)),
    curves: Object.fromEntries(
      Object.entries(first!.curves).map(([name, values]) => [
        name,
        values.map((_, i) => mean(all.map(({ curves }) => curves[name]![i]!))),
      ]),
    ),
    ...(first!.beside === undefined ? {} : { beside: record(({ beside }) => beside!) }),
  };
}
