import { html, nothing, type TemplateResult } from 'lit';
import type { EvaluateAnswer } from '../../../src/protocol/benchmark.js';
import {
  against,
  metricOf,
  ranked,
  type EvaluatedMethod,
  type Evaluation,
  type MetricId,
} from '../../../src/result/benchmark.js';
import { evaluationDocument } from '../../../src/result/evaluationDocument.js';
import '../../shared/charts/lineChart.js';
import type { LineChartData } from '../../shared/charts/lineChart.js';
import { button, numberField } from '../../shared/controls.js';
import { parameterForm } from '../../shared/form/parameterForm.js';
import { formatNumber, plural, stemOf } from '../../shared/format.js';
import { emptyState, failure, notice } from '../../shared/messages.js';
import { styles } from '../../shared/page/css.js';
import { Remade } from '../../shared/remade.js';
import { tableHead } from '../../shared/table.js';
import { taskProgress } from '../../shared/task/taskProgress.js';
import type { Facts } from '../facts.js';
import { pictureList } from '../pictureList.js';
import type { Room, TabDefinition } from '../room.js';
import { explains, measure, methodChoice } from './choice.js';
import { METHODS } from './evaluate.js';
import { retrainPart } from './retrainPart.js';

/** Are attributions any good? Methods beside random pixels and edges. */
export const tab: TabDefinition = { id: METHODS, label: 'Methods', side: true, render };

function render(room: Room, facts: Facts): TemplateResult {
  const { evaluate } = room;
  evaluate.learn();
  if (room.retrain.kept.open) return retrainPart(room, facts);
  const { task } = evaluate;
  const { value, error } = task;
  const again = { label: 'Try again', look: 'primary', onClick: () => evaluate.ask() } as const;
  return html`${question(room)} ${taskProgress(task, 'Evaluating methods', { after: 0 })}
  ${error === undefined ? nothing : failure(error, [again])}
  ${
    task.stopped
      ? notice({
          icon: 'debug-pause',
          text: 'Stopped. What was measured is kept: it goes on from there.',
          action: { label: 'Go on', onClick: () => evaluate.ask() },
        })
      : nothing
  }
  ${task.working ? running(room) : value === undefined ? empty(room, error !== undefined || task.stopped) : answer(room, facts, value)}`;
}

/** What is asked. */
function question(room: Room): TemplateResult {
  const { evaluate } = room;
  const { kept, task } = evaluate;
  const metric = metricOf(kept.metric);
  const set = (name: string, value: string | number | boolean): void =>
    evaluate.choose({ params: { ...kept.params, [kept.metric]: { ...kept.params[kept.metric], [name]: value } } });
  return html`<div class="map-question">
      ${measure(room)}
      <label class="inline eval-count"
        ><span>Pictures</span> ${numberField({
          label: 'How many pictures, drawn with the shares of the classes kept',
          value: kept.pictures,
          minimum: 1,
          step: 1,
          onChange: (pictures) => evaluate.choose({ pictures }),
        })}</label
      >
      ${button({
        label:
          task.value === undefined ? 'Evaluate' : evaluate.changed ? 'Evaluate with these settings' : 'Evaluate again',
        icon: 'play',
        look: 'primary',
        disabled: kept.methods.length === 0 || task.working,
        title: kept.methods.length === 0 ? 'Choose a method first' : metric.summary,
        onClick: () => evaluate.ask(),
      })}
      ${task.value === undefined || task.working ? nothing : saving(room, task.value)}
    </div>
    <p class="dim lead">${metric.summary} <span title=${metric.citation}>${metric.citation}.</span></p>
    ${methodChoice(room)}
    <details class="eval-choice">
      <summary>Settings of the measure</summary>
      <div class="eval-form">
        ${parameterForm({ schema: metric.parameters, values: kept.params[kept.metric] ?? {}, onChange: set })}
      </div>
    </details>`;
}

/** With the recipe, as the command line writes it. */
function saving(room: Room, answer: EvaluateAnswer): TemplateResult {
  const stem = `${stemOf(room.setup?.place.name ?? 'data')}.${stemOf(room.setup?.model.name ?? 'model')}.${answer.evaluation.metric}`;
  const save = (ending: string, bytes: Uint8Array): void =>
    void room.host.save({ name: `${stem}.${ending}`, bytes }).catch(() => undefined);
  const text = (): string => JSON.stringify(evaluationDocument(room.setup?.model.name ?? '', answer), null, 2);
  return html`${button({ label: 'Save plot…', icon: 'desktop-download', onClick: () => save('png', answer.png) })}
  ${button({ label: 'Save numbers…', icon: 'json', title: 'All curves and the recipe, as JSON', onClick: () => save('json', new TextEncoder().encode(`${text()}\n`)) })}`;
}

function empty(room: Room, said: boolean): TemplateResult | typeof nothing {
  if (said) return nothing;
  return emptyState({
    icon: 'graph-line',
    text: 'Are the maps any good? Each method is measured on these pictures, beside random pixels and the edges of the picture, which know nothing of the model.',
    action: { label: 'Evaluate', onClick: () => room.evaluate.ask() },
  });
}

const live = new Remade<LineChartData>();

/** What is there while it is measured. */
function running(room: Room): TemplateResult | typeof nothing {
  const { progress } = room.evaluate.task;
  const { metric } = room.evaluate.kept;
  const rows = progress?.running ?? [];
  if (rows.length === 0) return nothing;
  const [{ curve } = { curve: [] }] = rows;
  const data = live.get([rows], () =>
    chartOf(
      metric,
      progress?.x ?? [],
      rows.map((row) => ({ name: row.title, values: row.curve })),
    ),
  );
  return html`${curve.length === 0 ? nothing : html`<div class="eval-chart"><lens-line-chart .data=${data} .label=${'Curves so far; the table has their scores'}></lens-line-chart></div>`}
    <div class="table-scroll" tabindex="0" role="group" aria-label="Scores so far">
      <table class="number-table">
        ${tableHead('method', 'score so far', 'pictures')}
        <tbody>
          ${rows.map(
            ({ title, score, count }) =>
              html`<tr>
                <th scope="row">${title}</th>
                <td>${count === 0 ? '–' : formatNumber(score)}</td>
                <td>${count}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function chartOf(metric: MetricId, x: readonly number[], series: LineChartData['series']): LineChartData {
  const { xTitle, yTitle, curves } = metricOf(metric);
  return {
    labels: x.map((v) => String(Number(v.toPrecision(4)))),
    xTitle,
    yTitle: curves[0]?.id === 'combined' ? `${yTitle}, (least − most) / 2` : yTitle,
    series,
  };
}

const charts = new Remade<LineChartData>();

function answer(room: Room, facts: Facts, { evaluation }: EvaluateAnswer): TemplateResult {
  const { metric, x, names, of, notes, omitted } = evaluation;
  const { score, better, curves, beside = [] } = metricOf(metric);
  const rows = ranked(evaluation);
  const [main] = curves;
  const data = charts.get([evaluation], () =>
    chartOf(
      metric,
      x,
      rows.map((row) => ({ name: row.title, values: (row.curves[main?.id ?? ''] ?? []).map(({ mean }) => mean) })),
    ),
  );
  const scale = scaleOf(rows);
  return html`<section class=${room.evaluate.task.outdated || room.evaluate.changed ? 'old' : ''}>
      <h2>
        ${metricOf(metric).title}
        <span class="hint"
          >${names.length === of ? plural(of, 'picture') : `${names.length} of ${of} pictures`} · ${better} is
          better</span
        >
      </h2>
      ${main === undefined ? nothing : html`<div class="eval-chart"><lens-line-chart .data=${data} .label=${'Mean curves of the methods; the table has their scores'}></lens-line-chart></div>`}
      <div class="table-scroll" tabindex="0" role="group" aria-label="Scores of the methods">
        <table class="number-table eval-table">
          ${tableHead('method', 'score', '95 %', 'interval', ...beside.map(({ title }) => title), 'beside random', 'pictures')}
          <tbody>
            ${rows.map((row) => scoreRow(explains(room, facts, row), room, evaluation, row, scale))}
          </tbody>
        </table>
      </div>
      <p class="dim">
        Score: ${score}. Intervals are of 2000 bootstrap draws over the pictures. The name of a method lists its
        pictures; a click on its row explains one by it.
      </p>
    </section>
    ${pictures(room, facts, evaluation)}
    <section>
      <h2>What must be said</h2>
      <ul class="plain lead">
        ${[...notes, ...failures(rows), ...omitted.map(({ name, error }) => `${name}: ${error.message}`)]
          .slice(0, 40)
          .map((line) => html`<li>${line}</li>`)}
      </ul>
    </section>`;
}

/** One sentence for each method that failed somewhere. */
function failures(rows: readonly EvaluatedMethod[]): string[] {
  return rows.flatMap(({ title, failed }) =>
    failed.length === 0 ? [] : [`${title} failed on ${plural(failed.length, 'picture')}: ${failed[0]!.error.message}`],
  );
}

/** What the bars of all rows run over. */
function scaleOf(rows: readonly EvaluatedMethod[]): readonly [low: number, high: number] {
  const all = rows.flatMap(({ score }) => [score.low, score.high]).filter(Number.isFinite);
  return [Math.min(0, ...all), Math.max(1e-9, ...all)];
}

const VERDICT = { better: 'better', worse: 'worse', unclear: 'not to be told apart' } as const;

function scoreRow(
  { onClick, control }: ReturnType<typeof explains>,
  { evaluate }: Room,
  evaluation: Evaluation,
  row: EvaluatedMethod,
  [low, high]: readonly [number, number],
): TemplateResult {
  const { id, title, score, kind, beside } = row;
  const at = (v: number): number => (100 * (v - low)) / (high - low);
  const known = Number.isFinite(score.mean);
  const found = against(evaluation, row, 'random');
  const shown = evaluate.shown === id;
  return html`<tr class=${kind === 'baseline' ? 'eval-baseline' : 'eval-opens'} @click=${onClick}>
    <th scope="row">
      <button type="button" class="link" aria-expanded=${shown} @click=${() => evaluate.show(id)}>${title}</button>
    </th>
    <td>${known ? formatNumber(score.mean) : '–'}</td>
    <td>${known ? `${formatNumber(score.low)} to ${formatNumber(score.high)}` : ''}</td>
    <td class="eval-interval">
      ${
        known
          ? html`<span class="eval-track" aria-hidden="true"
              ><span
                class="eval-line"
                ${styles({ left: `${at(score.low)}%`, width: `${at(score.high) - at(score.low)}%` })}
              ></span
              ><span class="eval-dot" ${styles({ left: `${at(score.mean)}%` })}></span
            ></span>`
          : nothing
      }
    </td>
    ${(metricOf(evaluation.metric).beside ?? []).map(({ id: name }) => html`<td>${formatNumber(beside?.[name]?.mean ?? NaN)}</td>`)}
    <td>${found === undefined ? '' : VERDICT[found.verdict]}</td>
    <td>${control}</td>
  </tr>`;
}

const listed = new Remade<readonly { readonly example: number; readonly score: number }[]>();

/** The pictures of one row, those with the best score first: each can be explained. */
function pictures(room: Room, facts: Facts, evaluation: Evaluation): TemplateResult | typeof nothing {
  const row = evaluation.methods.find(({ id }) => id === room.evaluate.shown);
  if (row === undefined) return nothing;
  const sign = metricOf(evaluation.metric).better === 'higher' ? -1 : 1;
  const all = listed.get([evaluation, facts, row], () =>
    row.pictures
      .flatMap(({ picture, score }) => {
        const example = facts.at.get(evaluation.names[picture]!);
        return example === undefined ? [] : [{ example, score }];
      })
      .sort((a, b) => sign * (a.score - b.score)),
  );
  return html`<section>
    <h2>${row.title} <span class="hint">its pictures, the best score first; Enter or the eye explains one</span></h2>
    ${pictureList(room, {
      label: `Pictures of ${row.title} by their score`,
      examples: all.map(({ example }) => example),
      selects: true,
      most: 6,
      note: (place) => formatNumber(all[place]!.score),
    })}
  </section>`;
}
