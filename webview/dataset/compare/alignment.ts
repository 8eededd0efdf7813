import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { colormap } from '../../../src/result/colormap.js';
import type { LayerAlignment } from '../../../src/result/comparison.js';
import { CKA_CAUTION, largestWords } from '../../../src/result/comparisonWords.js';
import { styles } from '../../shared/page/css.js';

/** Which layers of two models arrange the pictures alike: a matrix of cells, with the number of each under the pointer. */
export function alignmentPart(alignment: LayerAlignment): TemplateResult {
  const { a, b, cka, without, dropped, moved, counted } = alignment;
  return html`<section>
    <h2>Layers that are alike <span class="hint">linear CKA over ${counted} pictures; bright: alike</span></h2>
    ${guard([alignment], () => matrix(alignment))}
    <p class="dim">${CKA_CAUTION}</p>
    ${
      moved === undefined
        ? nothing
        : html`<p>
            Without ${largestWords(dropped)}, ${a[moved.a]} × ${b[moved.b]} moves most: from
            ${valueText(cka.data[moved.a * b.length + moved.b]!)} to
            ${valueText(without.data[moved.a * b.length + moved.b]!)}.
          </p>`
    }
  </section>`;
}

function valueText(v: number): string {
  return Number.isFinite(v) ? v.toFixed(2) : 'none';
}

function matrix({ a, b, cka, without, dropped }: LayerAlignment): TemplateResult {
  const { table } = colormap('viridis');
  const cell = (i: number, j: number): TemplateResult => {
    const v = cka.data[i * b.length + j]!;
    const at = 3 * Math.round(255 * Math.min(1, Math.max(0, v)));
    const fewer = dropped === 0 ? '' : `, without the largest ${valueText(without.data[i * b.length + j]!)}`;
    const colour = Number.isFinite(v) ? `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})` : 'transparent';
    return html`<td title="${a[i]} × ${b[j]}: ${valueText(v)}${fewer}" ${styles({ background: colour })}>
      <span class="sr-only">${valueText(v)}</span>
    </td>`;
  };
  return html`<div
    class="table-scroll alignment-scroll"
    tabindex="0"
    role="group"
    aria-label="Alignment of layers: rows are the first model's, columns the second's"
  >
    <table class="alignment">
      <thead>
        <tr>
          <td></td>
          ${b.map((name) => html`<th scope="col" title=${name}><span>${name}</span></th>`)}
        </tr>
      </thead>
      <tbody>
        ${a.map(
          (name, i) =>
            html`<tr>
              <th scope="row" title=${name}>${name}</th>
              ${b.map((_, j) => cell(i, j))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
