import { html, nothing, type TemplateResult } from 'lit';
import { embeddingNumbers } from '../../../src/result/embeddingWords.js';
import { nameList } from '../../shared/table.js';
import type { Room } from '../room.js';

/** How much the picture shows of the original space, and how well the classes come apart there. */
export function numbers(room: Room): TemplateResult | typeof nothing {
  const { value, outdated, working } = room.layout;
  if (value === undefined) return nothing;
  const { embedding, notes } = value;
  const rows = embeddingNumbers(embedding);
  return html`<section class="map-numbers ${outdated || working ? 'old' : ''}" aria-label="Numbers about the map">
    ${rows.length === 0 ? nothing : nameList(rows, 'numbers')}
    ${
      notes.length === 0
        ? nothing
        : html`<ul class="plain dim">
            ${notes.map((note) => html`<li>${note}</li>`)}
          </ul>`
    }
    ${
      embedding.omitted.length === 0
        ? nothing
        : html`<p class="dim">${embedding.omitted.length} have no place: ${embedding.omitted[0]!.error.message}</p>`
    }
  </section>`;
}
