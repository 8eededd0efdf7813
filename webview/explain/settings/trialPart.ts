import { html, nothing, type TemplateResult } from 'lit';
import type { ClassScore, Prediction } from '../../../src/result/explanation.js';
import { button, icon } from '../../shared/controls.js';
import { formatNumber, formatProbability } from '../../shared/format.js';
import { tableHead } from '../../shared/table.js';
import type { Preparation, Trial } from './preparation.js';

const ROWS = 5;

/** What the model says of the picture at hand without the edits and with them. */
export function trialPart(p: Preparation): TemplateResult {
  const { baseline, trial, reading } = p;
  const before = predictionOf(baseline);
  const after = predictionOf(trial);
  const wrong = reading !== undefined && Object.keys(reading.problems).length > 0;
  const warnings = trial.answer?.warnings.filter((w) => !baseline.answer?.warnings.includes(w)) ?? [];
  return html`<div class="trial" aria-busy=${trial.working || baseline.working}>
    <div class="trial-head">
      <h3>What it says then</h3>
      ${
        trial.working
          ? html`<span class="dim">predicting…</span>${button({ label: 'Cancel', onClick: () => p.cancel() })}`
          : nothing
      }
    </div>
    ${before === undefined && after === undefined ? nothing : comparison(before, after)}
    ${
      wrong
        ? html`<p class="dim">A field needs to be mended first.</p>`
        : trial.error !== undefined && !trial.working
          ? failed(trial)
          : after === undefined && !trial.working
            ? html`<p class="dim">Each change is tried on this picture at once.</p>`
            : nothing
    }
    ${after === undefined && baseline.error !== undefined ? failed(baseline) : nothing}
    ${warnings.map((text) => html`<p class="doubt">${icon('warning', 'warn')}<span>${text}</span></p>`)}
    <div class="sr-only" aria-live="polite">${trial.working ? '' : spoken(before, after)}</div>
  </div>`;
}

function failed({ error }: Trial): TemplateResult {
  return html`<p class="doubt" role="alert">${icon('error')}<span>${error!.message} ${error!.hint ?? ''}</span></p>`;
}

function predictionOf({ answer }: Trial): Prediction | undefined {
  return answer !== undefined && 'result' in answer.outcome ? answer.outcome.result : undefined;
}

function comparison(before: Prediction | undefined, after: Prediction | undefined): TemplateResult {
  const rows = rowsOf(before, after);
  return html`<table>
    ${tableHead('Answer', 'Before', 'Edited')}
    <tbody>
      ${rows.map(
        ([name, a, b]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${a}</td>
            <td>${b}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

type Row = readonly [name: string, before: string, after: string];

/** The best classes of the newer answer and the best of the older one; else what an output of another kind holds. */
export function rowsOf(before: Prediction | undefined, after: Prediction | undefined): readonly Row[] {
  const newer = after ?? before;
  if (newer?.top !== undefined && newer.top.length > 0) {
    const shown = newer.top.slice(0, ROWS);
    const old = before?.top?.[0];
    const classes = old === undefined || shown.some((c) => c.index === old.index) ? shown : [...shown, old];
    return classes.map((c) => [c.label, scoreIn(before, c), scoreIn(after, c)]);
  }
  const [a, b] = [linesOf(before), linesOf(after)];
  return [...new Set([...a.keys(), ...b.keys()])].map((name) => [name, a.get(name) ?? '–', b.get(name) ?? '–']);
}

function scoreIn(prediction: Prediction | undefined, { index }: ClassScore): string {
  const found = prediction?.top?.find((c) => c.index === index);
  return found === undefined ? '–' : scoreText(found);
}

const scoreText = ({ probability, logit }: ClassScore): string =>
  probability === undefined ? formatNumber(logit) : formatProbability(probability);

/** What an output says that holds no classes, a line for each name. */
function linesOf(prediction: Prediction | undefined): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  if (prediction === undefined) return lines;
  const { boxes, text, norm, names = [], values = [] } = prediction;
  if (boxes !== undefined) lines.set('boxes', String(boxes.length));
  boxes?.slice(0, ROWS).forEach((b, i) => lines.set(`box ${i + 1}`, `${b.label} ${formatNumber(b.score)}`));
  if (text !== undefined) lines.set('text', text === '' ? '(none)' : text);
  if (norm !== undefined) lines.set('length of the embedding', formatNumber(norm));
  names.slice(0, ROWS).forEach((name, i) => lines.set(name, formatNumber(values[i] ?? NaN)));
  return lines;
}

function spoken(before: Prediction | undefined, after: Prediction | undefined): string {
  const say = (p: Prediction | undefined): string | undefined => {
    const [best] = p?.top ?? [];
    return best === undefined ? undefined : `${best.label} ${scoreText(best)}`;
  };
  const now = say(after);
  if (now === undefined) return '';
  return `Edited: ${now}. Before: ${say(before) ?? 'unknown'}.`;
}
