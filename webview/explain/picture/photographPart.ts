import { html, type TemplateResult } from 'lit';
import { icon } from '../../shared/controls.js';
import type { Asked } from '../asked.js';
import { isFiner } from './photographs.js';

/** Says how little the model sees, and shows it. */
export function photographPart(c: Asked): TemplateResult {
  const explanation = c.shown?.explanation;
  if (explanation === undefined || !isFiner(explanation)) return html``;
  const { width, height } = explanation.picture;
  const { photo } = c.display;
  return html`<button
    type="button"
    class="seen-by-model"
    aria-pressed=${!photo}
    title=${photo ? 'The photograph lies below the heat. Click to see what the model sees' : 'What the model sees. Click to see the photograph'}
    @click=${() => c.setDisplay({ photo: !photo })}
  >
    ${icon(photo ? 'eye' : 'eye-closed')}${width} × ${height} seen by the model
  </button>`;
}
