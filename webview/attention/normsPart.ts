import { html, nothing, type TemplateResult } from 'lit';
import type { CellPoint } from '../shared/canvas/cellGrid.js';
import type { CellSource } from '../shared/canvas/cells.js';
import { plural } from '../shared/format.js';
import { Remade } from '../shared/remade.js';
import type { AttentionController } from './controller.js';
import { normCells, normLabel, normMaps, type NormMap } from './norms.js';

const drawn = new Remade<{ readonly maps: readonly NormMap[]; readonly cells: CellSource }>();

/** How long the tokens behind each layer are, and which stand out. */
export function normsPart(c: AttentionController): TemplateResult | typeof nothing {
  const { layers, store, colors, chosen } = c;
  const { maps, cells } = drawn.get([layers, store, store?.known, colors], () => {
    const found = normMaps(c);
    return { maps: found, cells: normCells(found, colors) };
  });
  if (maps.length === 0) return nothing;
  const odd = maps.filter(({ outliers }) => outliers > 0);
  const at = maps.findIndex(({ row }) => row === chosen?.row);
  return html`<section class="att-norms" aria-labelledby="att-norms">
    <h2 id="att-norms">Token norms<span class="hint dim">behind each layer, over its channels</span></h2>
    <p class=${odd.length === 0 ? 'dim' : ''}>
      ${
        odd.length === 0
          ? 'No token stands out: beyond the median by 3 deviations (MAD) and twice as long.'
          : `Tokens stand out in ${plural(odd.length, 'layer')} (${odd.map(({ row, outliers }) => `${outliers} in ${row}`).join(', ')}): longer than the median by 3 deviations (MAD) and than twice the median. Attention to such tokens says nothing about their place.`
      }
    </p>
    <lens-cell-grid
      .source=${cells}
      .label=${'Norms of the tokens behind each layer'}
      .zoom=${0.8}
      .chosen=${at < 0 ? undefined : { row: at, column: 0 }}
      @lens-choose-cell=${({ detail }: CustomEvent<CellPoint>) => {
        const found = maps[detail.row];
        if (found !== undefined) c.choose(found.layer.name, c.chosen?.head ?? 'mean');
      }}
    ></lens-cell-grid>
    <p class="cell-readout">${at < 0 ? '' : normLabel(maps[at]!)}</p>
  </section>`;
}
