import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { ClassScore } from '../../../src/result/explanation.js';
import { icon } from '../controls.js';
import { styles } from '../page/css.js';
import { formatNumber, formatProbability } from '../format.js';

export interface PredictionBarsOptions {
  readonly predictions: readonly ClassScore[];
  /** Rows to keep free while nothing is known, so that nothing moves when it is. */
  readonly rows: number;
  /** Class that is explained. */
  readonly target: number | undefined;
  readonly onTarget: (index: number) => void;
}

/** What the model says, best first. A click or Enter explains that class; arrow keys move through the classes. */
export function predictionBars(o: PredictionBarsOptions): TemplateResult {
  if (o.predictions.length === 0 && o.rows === 0) return html``;
  if (o.predictions.length === 0) {
    return html`<div class="bars" aria-hidden="true">
      ${Array.from({ length: o.rows }, () => html`<div class="bar-row waiting"><span class="bar-label"></span></div>`)}
    </div>`;
  }
  const largest = o.predictions.reduce((top, p) => Math.max(top, Math.abs(p.logit)), 0);
  const stop = Math.max(
    0,
    o.predictions.findIndex((p) => p.index === o.target),
  );
  const plain = o.predictions.every((p) => p.probability === undefined);
  return html`<div
    class="bars ${plain ? 'values' : ''} ${o.rows === 0 ? 'packed' : ''}"
    role="listbox"
    aria-label="Predictions: choose ${plain ? 'what' : 'a class'} to explain"
    @keydown=${move}
  >
    ${repeat(
      o.predictions,
      (p) => p.index,
      (p, i) =>
        html`<div
          class="bar-row"
          role="option"
          aria-selected=${p.index === o.target}
          tabindex=${i === stop ? 0 : -1}
          data-class=${p.index}
          title=${
            p.probability === undefined
              ? `${p.label} · ${p.index} · ${formatNumber(p.logit)}`
              : `${p.label} · class ${p.index} · logit ${formatNumber(p.logit)} · probability ${formatProbability(p.probability)}`
          }
          @click=${() => o.onTarget(p.index)}
        >
          <span class="bar-label"
            >${p.index === o.target ? icon('target') : nothing}<span class="ellipsis">${p.label}</span></span
          >
          <span class="bar-track"
            ><span class="bar-fill" ${styles({ width: `${shareOf(p, largest) * 100}%` })}></span
          ></span>
          <span class="bar-value"
            >${p.probability === undefined ? formatNumber(p.logit) : formatProbability(p.probability)}</span
          >
        </div>`,
    )}
  </div>`;
}

/** Length of a bar: the probability, a score between 0 and 1, or the size beside the largest. */
function shareOf({ probability, logit }: ClassScore, largest: number): number {
  const share = probability ?? (largest <= 1 ? logit : Math.abs(logit) / largest);
  return Math.max(0, Math.min(1, share));
}

function move(event: KeyboardEvent): void {
  const rows = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role=option]')];
  const at = rows.indexOf(event.target as HTMLElement);
  if (event.key === 'Enter' || event.key === ' ') rows[at]?.click();
  else {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined) return;
    rows[Math.min(rows.length - 1, Math.max(0, to))]?.focus();
  }
  event.preventDefault();
}
