import { metricOf, ranked, type Evaluation } from '../result/benchmark.js';
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
