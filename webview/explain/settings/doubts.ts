import { html, type TemplateResult } from 'lit';
import { icon } from '../../shared/controls.js';
import type { Asked } from '../asked.js';

/** Why the predictions may be wrong, right where they are read. */
export function doubtsPart(c: Asked): TemplateResult {
  const doubts = c.shown?.explanation.doubts ?? [];
  if (doubts.length === 0) return html``;
  return html`<ul class="doubts" aria-label="Doubts">
    ${doubts.map((doubt) => html`<li class="doubt-${doubt.kind}">${icon('warning', 'warn')}<span>${doubt.sentence}</span></li>`)}
  </ul>`;
}
