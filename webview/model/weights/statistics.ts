import { html, nothing, type TemplateResult } from 'lit';
import type { LayerWeights, WeightStatistics } from '../../../src/result/weights.js';
import { formatCount, formatNumber, formatPercent, plural } from '../../shared/format.js';
import { icon } from '../../shared/controls.js';
import type { Task } from '../../shared/task/task.js';
import { nameList } from '../../shared/table.js';

/** The numbers of a weight: a table and a histogram. Room is kept while they are not there. */
export function statisticsPart(
  answer: LayerWeights,
  statistics: WeightStatistics | undefined,
  task: Task<WeightStatistics>,
): TemplateResult {
  if (statistics === undefined) {
    const text = task.error?.message ?? task.progress?.message ?? 'Measuring the weight';
    const fraction = task.progress?.fraction;
    return html`<section class="statistics">
      <h2>Statistics</h2>
      <p class="dim">${text}${fraction === undefined ? '' : ` · ${formatPercent(fraction)}`}</p>
    </section>`;
  }
  const s = statistics;
  const dead = s.dead.reduce((sum, each) => sum + each, 0);
  const rows: readonly (readonly [string, string])[] = [
    ['Values', formatCount(s.count)],
    ['Smallest', formatNumber(s.min)],
    ['Largest', formatNumber(s.max)],
    ['Mean', formatNumber(s.mean)],
    ['Standard deviation', formatNumber(s.std)],
    ['L1 norm', formatNumber(s.l1)],
    ['L2 norm', formatNumber(s.l2)],
    ['Exactly zero', `${(100 * s.sparsity).toFixed(1)} %`],
  ];
  const strange = s.nan + s.infinite;
  return html`<section class="statistics" aria-label="Statistics of ${answer.shown.name}">
    <h2>Statistics</h2>
    <div class="statistics-body">
      ${nameList(rows, 'numbers')}
      <lens-histogram .histogram=${s.histogram} .label=${'Histogram of the weights'}></lens-histogram>
    </div>
    ${
      strange === 0
        ? nothing
        : html`<p class="odd">
            ${icon('error')}<span
              >${s.nan > 0 ? `${formatCount(s.nan)} NaN` : ''}${s.nan > 0 && s.infinite > 0 ? ', ' : ''}${s.infinite > 0 ? `${formatCount(s.infinite)} infinite` : ''};
              drawn in magenta.</span
            >
          </p>`
    }
    ${
      dead === 0
        ? nothing
        : html`<p class="odd">
            ${icon('warning')}<span
              >${plural(dead, 'filter')} of ${s.dead.length} ${dead === 1 ? 'is' : 'are'} dead: all zero or next to
              nothing. Crossed out above.</span
            >
          </p>`
    }
  </section>`;
}
