import { metricOf, ranked, type Evaluation } from '../result/benchmark.js';
import { NOTHING, overSeeds, roarRanked, type Roar } from '../result/roar.js';
import { barsSvg, plotSvg } from './plot.js';

/** An evaluation as a picture: curves where the metric has some, else bars; the best first. */
export function evaluationSvg(title: string, evaluation: Evaluation): string {
  const { metric, x, names } = evaluation;
  const { title: name, curves, xTitle, yTitle, score, citation } = metricOf(metric);
  const methods = ranked(evaluation);
  const notes = [
    `${names.length} ${names.length === 1 ? 'picture' : 'pictures'}; bars: 95 % of 2000 bootstrap draws over the pictures.`,
    `Score: ${score}.`,
    citation,
  ];
  const of = `${title}: ${name}`;
  const [first] = curves;
  if (first === undefined)
    return barsSvg({
      title: of,
      notes,
      xTitle: score,
      rows: methods.map((m) => ({ name: m.title, value: m.score, baseline: m.kind === 'baseline' })),
    });
  return plotSvg({
    title: of,
    notes,
    xTitle,
    yTitle: first.id === 'combined' ? `${yTitle}, (least − most) / 2` : yTitle,
    x,
    logarithmic: metric === 'sensitivity_n',
    series: methods.map((m) => ({ name: m.title, values: m.curves[first.id] ?? [], baseline: m.kind === 'baseline' })),
  });
}

/** Accuracy of retrained networks over what was removed, as in the paper; the method after which least is learned first. */
export function roarSvg(title: string, roar: Roar): string {
  const { fractions, params, notes } = roar;
  const whole = overSeeds(roar, NOTHING, 0);
  return plotSvg({
    title: `${title}: ${params.keep ? 'keep and retrain' : 'remove and retrain'}`,
    notes: [
      ...notes,
      `The most frequent class is ${(100 * roar.majority).toFixed(1)} % of ${roar.tested} test pictures.`,
      'Hooker, Erhan, Kindermans, Kim 2019, A Benchmark for Interpretability Methods in Deep Neural Networks, arXiv:1806.10758',
    ],
    xTitle: 'removed, %',
    yTitle: 'test accuracy after retraining, %',
    x: [0, ...fractions],
    series: roarRanked(roar).map(({ id, title: name, kind }) => ({
      name,
      baseline: kind === 'baseline',
      values: [whole, ...fractions.map((fraction) => overSeeds(roar, id, fraction))].map(({ mean, low, high }) => ({
        mean: 100 * mean,
        low: 100 * low,
        high: 100 * high,
      })),
    })),
  });
}
