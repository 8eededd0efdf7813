import { html, nothing, type TemplateResult } from 'lit';
import type { SilenceAnswer } from '../../src/protocol/attention.js';
import type { SilencedRow } from '../../src/result/attention.js';
import { button, dropdown } from '../shared/controls.js';
import { formatNumber, formatProbability, plural } from '../shared/format.js';
import { failure } from '../shared/messages.js';
import { taskProgress } from '../shared/task/taskProgress.js';
import type { AttentionController } from './controller.js';
import { nameOfCut } from './networks.js';

/** Rows that are listed at first. */
const SHOWN = 12;

/** What the prediction loses without a head: on this picture, or over a folder. */
export function silencePart(c: AttentionController): TemplateResult {
  const { view, chosen, cut, layers } = c;
  const silence = c.silencing.task;
  const { folder } = view;
  const heads = layers.reduce((sum, { heads: own }) => sum + own, 0);
  return html`<section class="att-silence" aria-labelledby="att-silence">
    <h2 id="att-silence">Silence a head<span class="hint dim">what the prediction loses without it</span></h2>
    <div class="controls-row">
      <label class="inline"
        ><span>on</span>${dropdown({
          label: 'Pictures that heads are silenced on',
          value: folder === undefined ? 'picture' : 'folder',
          choices: [
            { value: 'picture', label: 'this picture' },
            ...(folder === undefined ? [] : [{ value: 'folder', label: `folder ${folder.name}` }]),
            { value: 'choose', label: 'a folder…' },
          ],
          onChange: (value) => c.silencing.choose(value),
        })}</label
      >
      ${button({
        label: `Heads of layer ${chosen?.row ?? 0}`,
        title: 'Each head of the chosen layer, one after the other',
        disabled: chosen === undefined || silence.working,
        onClick: () => c.silence('head', chosen!.layer.name),
      })}
      ${button({ label: `All ${plural(heads, 'head')}`, disabled: silence.working, onClick: () => c.silence('head') })}
      ${button({ label: 'Whole layers', disabled: silence.working, onClick: () => c.silence('layer') })}
    </div>
    ${
      chosen === undefined
        ? nothing
        : html`<div class="controls-row">
            ${
              cut === undefined
                ? button({
                    label: `Maps without ${nameOfCut(headOf(c), layers)}`,
                    title: 'What the other heads look at when this one counts for nothing',
                    onClick: () => c.without(headOf(c)),
                  })
                : button({ label: 'Maps of the model as it is', look: 'primary', onClick: () => c.without(undefined) })
            }
          </div>`
    }
    ${taskProgress(silence, 'Silencing heads', { after: 0 })}
    ${silence.error === undefined ? nothing : failure(silence.error, [])} ${tableOf(c)}
  </section>`;
}

function headOf({ chosen }: AttentionController): { readonly layer: string; readonly head?: number } {
  const { layer, head } = chosen!;
  return typeof head === 'number' ? { layer: layer.name, head } : { layer: layer.name };
}

/** The first class without the head, where it is another. */
function saysThen({ pictures = [] }: SilencedRow, answer: SilenceAnswer | undefined): string {
  const label = pictures[0]?.label;
  return label === undefined || label === answer?.target?.label ? 'the same' : label;
}

/** The rows that are there, the largest drop first: also those of work that goes on or was stopped. */
function tableOf(c: AttentionController): TemplateResult | typeof nothing {
  const { layers } = c;
  const silence = c.silencing.task;
  const { value, progress, working, stopped } = silence;
  const partial = working || stopped;
  const rows =
    (partial ? progress?.rows : undefined) ?? (partial || silence.error !== undefined ? undefined : value?.rows);
  if (rows === undefined || rows.length === 0) return stopped ? html`<p class="dim">Stopped.</p>` : nothing;
  const answer = partial ? undefined : value;
  const score =
    answer?.score === 'probability' || c.result?.predicted?.[0]?.probability !== undefined ? 'probability' : 'score';
  const number = score === 'probability' ? formatProbability : formatNumber;
  const many = (answer?.counted ?? 2) > 1 || c.view.folder !== undefined;
  const name = (row: SilencedRow): string => nameOfCut(row, layers);
  const choose = ({ layer, head }: SilencedRow): void => c.choose(layer, head ?? 'mean');
  const all = c.silencing.all ? rows : rows.slice(0, SHOWN);
  const first = rows.find(({ pictures }) => pictures?.length === 1)?.pictures;
  return html`<p class="dim">
      ${
        answer === undefined
          ? stopped
            ? 'Stopped: what was known by then.'
            : 'So far.'
          : `${score[0]!.toUpperCase()}${score.slice(1)} of ${answer.target?.label ?? 'each picture’s first class'}, ${answer.counted === 1 ? 'this picture' : `mean over ${answer.counted} of ${plural(answer.of, 'picture')}`}.`
      }
      ${answer !== undefined && answer.omitted.length > 0 ? `${plural(answer.omitted.length, 'picture')} could not be used: ${answer.omitted[0]!.error.message}` : ''}
      ${answer !== undefined && answer.whole.length > 0 ? `The heads of ${answer.whole.join(', ')} cannot be told apart: cut as a whole.` : ''}
    </p>
    <div class="att-scroll" tabindex="0" role="region" aria-label="What the prediction loses">
      <table class="att-table">
        <thead>
          <tr>
            <th scope="col">without</th>
            <th scope="col">before</th>
            <th scope="col">after</th>
            <th scope="col">drop</th>
            ${many ? html`<th scope="col">changed</th>` : first === undefined ? nothing : html`<th scope="col">says then</th>`}
          </tr>
        </thead>
        <tbody>
          ${all.map(
            (row) =>
              html`<tr>
                <th scope="row">
                  <button type="button" class="link" @click=${() => choose(row)}>${name(row)}</button>
                </th>
                <td>${number(row.before)}</td>
                <td>${number(row.after)}</td>
                <td>${formatNumber(row.drop)}</td>
                ${many ? html`<td>${row.changed ?? ''}</td>` : first === undefined ? nothing : html`<td>${saysThen(row, answer)}</td>`}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${
      rows.length > all.length
        ? button({ label: `Show all ${rows.length}`, onClick: () => c.silencing.showAll() })
        : nothing
    }`;
}
