import { html, nothing, type TemplateResult } from 'lit';
import type { Explanation } from '../../../src/result/explanation.js';
import type { OutputSummary } from '../../../src/result/output.js';
import '../canvas/valueMap.js';
import { formatNumber } from '../format.js';

/** Boxes that are listed. */
const BOXES = 5;

export interface FoundListOptions {
  readonly explanation: Pick<Explanation, 'found' | 'outputs' | 'valueMap'> | undefined;
  readonly onTarget: (target: string) => void;
}

/** What the output holds beside a ranking of classes: boxes, values, text; and what the other outputs say. */
export function foundList({ explanation, onTarget }: FoundListOptions): TemplateResult {
  const { found, outputs = [], valueMap } = explanation ?? {};
  if (found === undefined) return html``;
  const { boxes, text, norm, names, values = [], others = [] } = found;
  const line = (name: string, value: string): TemplateResult =>
    html`<div class="found-line"><span class="ellipsis">${name}</span><span class="value">${value}</span></div>`;
  return html`<div class="found">
    ${
      boxes === undefined
        ? nothing
        : boxes.length === 0
          ? html`<p class="dim">No box was found.</p>`
          : html`<div role="list" aria-label="Boxes, best first">
              ${boxes.slice(0, BOXES).map((b, i) => {
                const place = (b.inPicture ?? b.box).map((v) => Math.round(v)).join(', ');
                return html`<div role="listitem">
                  <button
                    class="found-line found-box"
                    title="Explain this box: ${place} (left, top, right, bottom in pixels of ${b.inPicture === undefined ? "the model's input" : 'the picture'})"
                    @click=${() => onTarget(`box:${i + 1}`)}
                  >
                    <span class="ellipsis">${i + 1} ${b.label} <span class="dim">${place}</span></span
                    ><span class="value">${formatNumber(b.score)}</span>
                  </button>
                </div>`;
              })}
              ${boxes.length > BOXES ? html`<p class="dim">and ${boxes.length - BOXES} more</p>` : nothing}
            </div>`
    }
    ${
      valueMap === undefined
        ? nothing
        : html`<lens-value-map .map=${valueMap} .name=${outputs.find((o) => o.chosen)?.name ?? ''}></lens-value-map>`
    }
    ${text === undefined ? nothing : line('text', text === '' ? '(none)' : text)}
    ${norm === undefined ? nothing : line('length of the embedding', formatNumber(norm))}
    ${names === undefined ? nothing : values.map((v, i) => line(names[i] ?? String(i), formatNumber(v)))}
    ${others.map(({ name, values: own, top }) =>
      line(
        name,
        own?.map(formatNumber).join(', ') ??
          top?.map((c) => `${c.label} ${formatNumber(c.probability ?? c.logit)}`).join(', ') ??
          '',
      ),
    )}
    ${outputNote(outputs)}
  </div>`;
}

/** That a guess was made, or that there are more outputs. */
function outputNote(outputs: readonly OutputSummary[]): TemplateResult | typeof nothing {
  const chosen = outputs.find((o) => o.chosen);
  if (chosen === undefined || (outputs.length < 2 && chosen.guessed !== true)) return nothing;
  const which = outputs.length > 1 ? `Of ${outputs.length} outputs "${chosen.name}"` : `"${chosen.name}"`;
  const rest = outputs.map((o) => `${o.name}: ${o.kind}. ${o.reason}`).join('\n');
  return html`<p class="dim" title=${rest}>
    ${which} (${chosen.kind})${chosen.guessed === true ? ', which is a guess' : ''}
  </p>`;
}

/** What the rows of the ranking are, for the heading. */
export function rankingHint(outputs: readonly OutputSummary[] | undefined): string {
  switch (outputs?.find((o) => o.chosen)?.kind) {
    case 'detection':
      return 'the best box of each class';
    case 'segmentation':
      return 'share of the places';
    case 'regression':
      return 'click a value to explain it';
    case 'dense':
    case 'embedding':
    case 'sequence':
    case 'unknown':
      return '';
    default:
      return 'click a class to explain it';
  }
}
