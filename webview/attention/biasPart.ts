import { html, nothing, type TemplateResult } from 'lit';
import { LOOKS_RIGHT, type PictureRegion } from '../../src/result/attentionBias.js';
import { nearest } from '../../src/result/attentionMap.js';
import type { Colormap } from '../../src/result/colormap.js';
import type { CellSource } from '../shared/canvas/cells.js';
import { magnitudeOf, paintValues } from '../shared/canvas/paintValues.js';
import { button } from '../shared/controls.js';
import { formatNumber, formatPercent, plural } from '../shared/format.js';
import { Remade } from '../shared/remade.js';
import { biasOf, type Beside, type Bias } from './bias.js';
import type { AttentionController } from './controller.js';
import { cellOf } from './tokens.js';

const biases = new Remade<Bias | undefined>();
const cells = new Remade<CellSource>();

function cellsOf(beside: readonly Beside[], colors: Colormap): CellSource {
  const side = (at: 0 | 1): number => beside.reduce((most, { map }) => Math.max(most, map?.dims[at] ?? 1), 1);
  const [cellHeight, cellWidth] = [side(0), side(1)];
  return {
    rows: beside.length,
    columns: 1,
    cellHeight,
    cellWidth,
    flow: true,
    paint: (row, _column, image, left, top) => {
      const { map } = beside[row]!;
      if (map === undefined) return false;
      const values = nearest(map, cellHeight, cellWidth).data;
      paintValues(
        { image, left, top },
        { values, offset: 0, height: cellHeight, width: cellWidth },
        colors,
        magnitudeOf(values),
      );
      return true;
    },
    label: (row) =>
      `${beside[row]!.name}${beside[row]!.map === undefined ? ': not there' : `: up to ${formatNumber(magnitudeOf(beside[row]!.map.data))}`}`,
    caption: (row) => beside[row]!.name,
  };
}

/** How easily one finds what one looks for. */
export function biasPart(c: AttentionController): TemplateResult | typeof nothing {
  const { layers, store, chosen, pinned, view, colors, arrived } = c;
  if (store === undefined || chosen === undefined || store.known === 0) return nothing;
  const { row, head } = chosen;
  const bias = biases.get([layers, store, arrived, JSON.stringify(pinned), row, head, view.region], () =>
    biasOf({ layers, at: (name) => store.at(name), asked: pinned, row, head, region: view.region }),
  );
  if (bias === undefined || !bias.beside.some(({ map }) => map !== undefined)) return nothing;
  const { counted, similarity, chance, held } = bias;
  return html`<section class="att-bias" aria-labelledby="att-bias">
    <h2 id="att-bias">Could it be chance?<span class="hint dim">hold R for random weights</span></h2>
    <p>
      There are ${counted.ofToken} maps of this token to choose from, and ${counted.all} of all
      tokens.${
        Number.isNaN(similarity) ? '' : ` Two of this token correlate by ${formatNumber(similarity)} on average.`
      }${held < layers.length ? ` Of ${layers.length} layers ${held} are here.` : ''}
    </p>
    <lens-cell-grid
      .source=${cells.get([bias, colors], () => cellsOf(bias.beside, colors))}
      .label=${'The chosen map beside two that nobody chose'}
      .zoom=${1.7}
      .arrived=${arrived}
    ></lens-cell-grid>
    <div class="controls-row">
      ${button({
        label: c.marking ? 'Drag over the picture' : 'Mark a region',
        icon: 'selection',
        title: 'What you expect to be looked at; dragging with Shift marks at any time',
        onClick: () => c.startMarking(),
      })}
      ${button({ label: 'Begin at the token', title: 'The region begins with the chosen token', onClick: () => c.mark(around(c, undefined)), disabled: 'prefix' in pinned })}
      ${button({ label: 'Extend to the token', onClick: () => c.mark(around(c, view.region)), disabled: 'prefix' in pinned || view.region === undefined })}
      ${view.region === undefined ? nothing : button({ label: 'Clear', onClick: () => c.mark(undefined) })}
    </div>
    ${
      chance === undefined
        ? html`<p class="dim">Mark what you expect to be looked at, to see how many maps would look right.</p>`
        : html`<p>
            The region is ${formatPercent(chance.area)} of the picture. A map looks right here with more than
            ${formatPercent(chance.bound)} of its attention in it (${LOOKS_RIGHT} times the area, at most halfway to
            all): ${plural(chance.chosen.count, 'map')} of ${chance.chosen.of} for this token, ${chance.random.count} of
            ${chance.random.of} for a token that nobody
            chose.${
              chance.chosen.count === 0
                ? ''
                : ` With the layers in another order ${chance.shuffled.count} of the ${chance.shuffled.of} still look right.`
            }
          </p>`
    }
  </section>`;
}

/** A region that holds the chosen token, and what it held before. */
function around(c: AttentionController, before: PictureRegion | undefined): PictureRegion | undefined {
  const grid = c.stageLayer?.from?.grid ?? c.stageLayer?.to?.grid;
  const cell = grid && cellOf(c.pinned, grid);
  if (grid === undefined || cell === undefined) return before;
  const [rows, columns] = grid;
  const own = {
    left: cell.column / columns,
    top: cell.row / rows,
    right: (cell.column + 1) / columns,
    bottom: (cell.row + 1) / rows,
  };
  if (before === undefined) return own;
  return {
    left: Math.min(own.left, before.left),
    top: Math.min(own.top, before.top),
    right: Math.max(own.right, before.right),
    bottom: Math.max(own.bottom, before.bottom),
  };
}
