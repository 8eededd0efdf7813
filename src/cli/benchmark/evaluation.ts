import type { EvaluateAnswer } from '../../protocol/benchmark.js';
import { against, metricOf, ranked, type EvaluatedMethod } from '../../result/benchmark.js';
import { digits, onOneLine, table } from '../io.js';
import { csvLine } from '../../base/csv.js';

/** A row for each method, input and curve; the score in a column of its own. */
export function evaluationCsv({ evaluation }: EvaluateAnswer): string {
  const { x, names, methods, metric } = evaluation;
  const { curves, beside = [] } = metricOf(metric);
  const head = ['method', 'input', 'target', 'score', ...beside.map(({ id }) => id), 'curve', ...x.map(String)];
  const rows = methods.flatMap((method) =>
    method.pictures.flatMap(({ picture, target, score, curves: of, beside: more }) => {
      const start = [method.id, names[picture]!, target.label, score, ...beside.map(({ id }) => more?.[id] ?? '')];
      return curves.length === 0 ? [[...start, '']] : curves.map(({ id }) => [...start, id, ...of[id]!]);
    }),
  );
  return [head, ...rows].map(csvLine).join('');
}

export function evaluationText({ evaluation, provider }: EvaluateAnswer, out: string | undefined): string {
  const { metric, names, of, notes } = evaluation;
  const { title, score, better, beside = [] } = metricOf(metric);
  const rows = ranked(evaluation).map((method) => [
    method.id,
    `${digits(method.score.mean)} (${digits(method.score.low)} to ${digits(method.score.high)})`,
    ...beside.map(({ id }) => digits(method.beside?.[id]?.mean ?? NaN)),
    verdict(evaluation, method),
    method.failed.length === 0 ? '' : `${method.failed.length} failed`,
  ]);
  return [
    `${title} on ${names.length} of ${of} pictures: ${score}; ${better} is better\n`,
    table(['method', 'score (95 %)', ...beside.map(({ title: name }) => name), 'beside random pixels', ''], rows),
    notes.map((note) => `${onOneLine(note)}\n`).join(''),
    `ran on ${provider}\n${out === undefined ? 'All of it: --out FILE.csv, FILE.png, FILE.svg or FILE.json, or --json.' : `written: ${out}`}\n`,
  ].join('\n');
}

function verdict(evaluation: EvaluateAnswer['evaluation'], method: EvaluatedMethod): string {
  const found = against(evaluation, method, 'random');
  if (found === undefined) return '';
  return found.verdict === 'unclear' ? 'not to be told apart' : found.verdict;
}
