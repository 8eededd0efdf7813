import { html, nothing, type TemplateResult } from 'lit';
import type { WeightComparison, WeightStatistics } from '../../../../src/result/weights.js';
import '../../../shared/charts/histogram.js';
import { formatCount, formatNumber } from '../../../shared/format.js';

/** Filters that are named as those that changed most. */
const NAMED = 8;

/** How far two weights are apart, in numbers: as a whole, by filter, and what each is like by itself. */
export function numbersPart(
  c: WeightComparison,
  [own, other]: readonly [own: string, other: string],
  a: WeightStatistics | undefined,
  b: WeightStatistics | undefined,
): TemplateResult {
  const facts: readonly (readonly [term: string, text: string, title: string])[] = [
    ['Relative change ‖a − b‖ / ‖a‖', formatNumber(c.relative), `a: ${own}, b: ${other}; L2 norms over all elements`],
    ['Cosine of a and b', formatNumber(c.cosine), 'Of the angle between both as vectors; 1: only the length differs'],
    [
      'Largest |a − b|',
      `${formatNumber(c.largest)}${c.filterRelative.length > 1 ? ` in filter ${c.largestFilter}` : ''}`,
      'Of a single element',
    ],
  ];
  return html`
    <section class="statistics" aria-label="How far they are apart">
      <h2>How far they are apart</h2>
      <dl class="numbers compare-facts">
        ${facts.map(
          ([term, text, title]) =>
            html`<dt title=${title}>${term}</dt>
              <dd>${text}</dd>`,
        )}
      </dl>
      ${
        c.leftOut === 0
          ? nothing
          : html`<p class="dim">${formatCount(c.leftOut)} elements that are NaN or infinite are left out.</p>`
      }
      ${mostChanged(c)}
    </section>
    ${a === undefined || b === undefined ? nothing : statistics([own, other], a, b)}
  `;
}

function mostChanged({ filterRelative, filterCosine }: WeightComparison): TemplateResult | typeof nothing {
  if (filterRelative.length < 2) return nothing;
  const order = [...filterRelative.keys()].sort((x, y) => rank(filterRelative[y]!) - rank(filterRelative[x]!));
  const changed = order.slice(0, NAMED).filter((i) => filterRelative[i]! > 0);
  if (changed.length === 0) return html`<p class="dim">No filter has changed.</p>`;
  return html`<p>
    <span class="dim">Changed most, as a share of their own norm (cosine): </span>${changed
      .map((i) => `filter ${i}: ${formatNumber(filterRelative[i]!)} (${formatNumber(filterCosine[i]!)})`)
      .join(', ')}
  </p>`;
}

function rank(value: number): number {
  return Number.isNaN(value) ? -1 : value;
}

function statistics(
  names: readonly [own: string, other: string],
  a: WeightStatistics,
  b: WeightStatistics,
): TemplateResult {
  const dead = (s: WeightStatistics): number => s.dead.reduce((sum, each) => sum + each, 0);
  const rows: readonly (readonly [name: string, value: (s: WeightStatistics) => string])[] = [
    ['L2 norm', (s) => formatNumber(s.l2)],
    ['L1 norm', (s) => formatNumber(s.l1)],
    ['Mean', (s) => formatNumber(s.mean)],
    ['Standard deviation', (s) => formatNumber(s.std)],
    ['Smallest', (s) => formatNumber(s.min)],
    ['Largest', (s) => formatNumber(s.max)],
    ['Exactly zero', (s) => `${(100 * s.sparsity).toFixed(1)} %`],
    ['Dead filters', (s) => String(dead(s))],
  ];
  const range = [Math.min(a.min, b.min), Math.max(a.max, b.max)] as const;
  const most = [a, b].reduce((top, s) => Math.max(top, ...s.histogram.counts), 0);
  return html`<section class="statistics" aria-label="Statistics of both">
    <h2>Statistics</h2>
    <div class="compare-statistics">
      <table class="number-table compare-table">
        <thead>
          <tr>
            <td></td>
            ${names.map((name) => html`<th scope="col"><span class="ellipsis" title=${name}>${name}</span></th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([name, value]) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${value(a)}</td>
                <td>${value(b)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
      <div class="compare-histograms">
        ${[a, b].map(
          (s, i) =>
            html`<figure>
              <figcaption class="dim ellipsis">${names[i]}</figcaption>
              <lens-histogram
                .histogram=${s.histogram}
                .range=${range}
                .most=${most}
                .label=${`Histogram of ${names[i]}, on axes shared by both`}
              ></lens-histogram>
            </figure>`,
        )}
      </div>
    </div>
  </section>`;
}
