import { html, nothing, type TemplateResult } from 'lit';
import type { Embedding } from '../../../src/result/embedding.js';
import { formatNumber, formatPercent } from '../../shared/format.js';
import { nameList } from '../../shared/table.js';
import { accuracyText } from '../facts.js';
import type { Room } from '../room.js';

/** How much the picture shows of the original space, and how well the classes come apart there. */
export function numbers(room: Room): TemplateResult | typeof nothing {
  const { value, outdated, working } = room.layout;
  if (value === undefined) return nothing;
  const { embedding, notes } = value;
  const rows = numberRows(embedding);
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

function votersText(voters: number | undefined): string {
  return voters === undefined ? '' : ` (of ${voters} that vote)`;
}

/** The numbers that there are, with their names. */
export function numberRows({ explained, divergence, quality }: Embedding): (readonly [string, string])[] {
  const rows: (readonly [string, string])[] = [];
  if (explained !== undefined) {
    const sum = explained.reduce((a, b) => a + b, 0);
    rows.push([
      'explained variance',
      `${accuracyText(sum)} (${explained.map((share) => formatPercent(share)).join(' + ')})`,
    ]);
  }
  if (quality?.probe !== undefined) {
    const { accuracy, sd, majority } = quality.probe;
    rows.push([
      'linear probe',
      `${accuracyText(accuracy)} ± ${accuracyText(sd)} (always the largest class: ${accuracyText(majority)})`,
    ]);
  }
  if (quality?.neighbourAccuracy !== undefined)
    rows.push(['by the nearest neighbours', `${accuracyText(quality.neighbourAccuracy)}${votersText(quality.voters)}`]);
  if (quality !== undefined) {
    const asked = `${quality.k} neighbours${quality.asked > 0 ? `, ${quality.asked} points asked` : ''}`;
    rows.push(['trustworthiness', `${formatNumber(quality.trustworthiness)} (${asked})`]);
    rows.push(['continuity', formatNumber(quality.continuity)]);
    rows.push(['neighbours that stay neighbours', formatPercent(quality.kept)]);
  }
  if (divergence !== undefined) rows.push(['Kullback-Leibler divergence', `${formatNumber(divergence)} nats`]);
  return rows;
}
