import { html, nothing, type TemplateResult } from 'lit';
import type { ErrorData } from '../../src/base/errors.js';
import { button, icon, type ButtonOptions } from './controls.js';
import { styles } from './page/css.js';
import { formatElapsed, formatPercent } from './format.js';

/** What a panel says when it has nothing to show: what to do, and one button that does it. */
export function emptyState(o: {
  readonly icon: string;
  readonly text: string;
  readonly action: ButtonOptions;
}): TemplateResult {
  return html`<div class="empty-state">
    ${icon(o.icon, 'large')}
    <p>${o.text}</p>
    ${button({ look: 'primary', ...o.action })}
  </div>`;
}

/** An error: one sentence, what to do about it, and the buttons. Operators that stop a model are listed. */
export function failure(error: ErrorData, actions: readonly ButtonOptions[]): TemplateResult {
  const title = error.kind === 'bug' ? 'Something unexpected went wrong: ' : '';
  const refused = [...new Set(error.refused?.map((r) => `${r.op}: ${r.reason}`) ?? [])];
  return html`<div class="failure" role="alert">
    ${icon('error')}
    <div class="failure-text">
      <p>${title}${error.message}</p>
      ${error.hint === undefined ? nothing : html`<p class="dim">${error.hint}</p>`}
      ${
        refused.length === 0
          ? nothing
          : html`<ul>
              ${refused.slice(0, 6).map((r) => html`<li>${r}</li>`)}
            </ul>`
      }
      ${details(error)}
      <div class="actions">${actions.map(button)}</div>
    </div>
  </div>`;
}

/** What the runtime itself said, whole: folded away below our sentence. */
function details(error: ErrorData): TemplateResult | typeof nothing {
  const said: string[] = [];
  for (let cause = error.cause; cause !== undefined; cause = cause.cause)
    if (cause.message !== '' && cause.message !== error.message && !said.includes(cause.message))
      said.push(cause.message);
  return said.length === 0
    ? nothing
    : html`<details class="dim">
        <summary>Details</summary>
        <pre class="said">${said.join('\n\n')}</pre>
      </details>`;
}

/** A line about what is shown, with at most one button. Never moves what lies below: it is laid over the picture. */
export function notice(o: {
  readonly icon: string;
  readonly text: string;
  readonly action?: ButtonOptions;
}): TemplateResult {
  return html`<div class="notice" role="status">
    ${icon(o.icon)}<span class="notice-text">${o.text}</span>${o.action === undefined ? nothing : button(o.action)}
  </div>`;
}

export interface WorkingOptions {
  readonly message: string;
  /** 0 to 1, or undefined while it cannot be known. */
  readonly fraction: number | undefined;
  readonly elapsed: number;
  readonly onCancel: () => void;
}

/** Work under way: what, how far, how long, and a way out. */
export function working(o: WorkingOptions): TemplateResult {
  const known = o.fraction !== undefined;
  return html`<div class="working">
    <div class="working-row">
      <span class="working-text" role="status">${o.message}</span>
      <span class="working-time">${known ? `${formatPercent(o.fraction)} · ` : ''}${formatElapsed(o.elapsed)}</span>
      ${button({ label: 'Cancel', onClick: o.onCancel, title: 'Cancel (Escape)' })}
    </div>
    <div
      class="progress ${known ? '' : 'unknown'}"
      role="progressbar"
      aria-label="Progress"
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${known ? Math.round(100 * o.fraction) : nothing}
    >
      <span ${styles({ width: known ? `${100 * o.fraction}%` : '30%' })}></span>
    </div>
  </div>`;
}
