import { html, type TemplateResult } from 'lit';
import type { Confusion, Mistakes } from '../../../src/result/dataset.js';
import { colormap } from '../../../src/result/colormap.js';
import '../../shared/canvas/cellGrid.js';
import type { CellPoint } from '../../shared/canvas/cellGrid.js';
import type { CellSource } from '../../shared/canvas/cells.js';
import { checkbox, dropdown } from '../../shared/controls.js';
import { formatPercent, plural } from '../../shared/format.js';
import { styles } from '../../shared/page/css.js';
import { Remade } from '../../shared/remade.js';
import { className, confused, ofClass, type Facts } from '../facts.js';
import type { ConfusionOrder } from '../kept.js';
import type { Room } from '../room.js';
import { confusionOrder, shareOf } from './matrix.js';

/** Up to so many classes are a table with numbers; more are a picture of cells. */
const TABLE = 20;

const sources = new Remade<CellSource>();
const orders = new Remade<readonly number[]>();

/** What is taken for what. A click on a cell selects its pictures. */
export function confusionPart(room: Room, facts: Facts, mistakes: Mistakes): TemplateResult {
  const { confusion } = mistakes;
  const { order: by, diagonal } = room.view.mistakes;
  const order = orders.get([mistakes, by], () => confusionOrder(facts, mistakes, by));
  const shown: Shown = { room, facts, confusion, order, diagonal };
  return html`<section>
    <h2>
      Confusion
      <span class="hint"
        >rows are labels, columns
        predictions${confusion.left > 0 ? `; ${plural(confusion.left, 'class', 'classes')} with the fewest mistakes left out` : ''}</span
      >
    </h2>
    <div class="field-line">
      <label class="inline"
        ><span>Order</span> ${dropdown({
          label: 'Order of the classes',
          value: by,
          choices: [
            { value: 'set', label: 'by number' },
            { value: 'cluster', label: 'what is confused stands together' },
            { value: 'recall', label: 'least found first' },
            { value: 'name', label: 'by name' },
          ],
          onChange: (value) => room.update({ mistakes: { order: value as ConfusionOrder, diagonal } }),
        })}</label
      >
      ${checkbox({ label: 'diagonal', checked: diagonal, onChange: (on) => room.update({ mistakes: { order: by, diagonal: on } }) })}
    </div>
    ${order.length <= TABLE ? table(shown) : cells(shown)}
  </section>`;
}

/** What both ways of drawing it show. */
interface Shown {
  readonly room: Room;
  readonly facts: Facts;
  readonly confusion: Confusion;
  /** Rows and columns of `confusion`, as they are drawn. */
  readonly order: readonly number[];
  readonly diagonal: boolean;
}

function table({ room, facts, confusion, order, diagonal }: Shown): TemplateResult {
  const { indices, counts } = confusion;
  const m = indices.length;
  const name = (k: number): string => className(facts, indices[k]!);
  return html`<div class="confusion-scroll" tabindex="0" role="group" aria-label="Confusion matrix">
    <table class="confusion">
      <thead>
        <tr>
          <td></td>
          ${order.map(
            (c) =>
              html`<th scope="col">
                <button
                  type="button"
                  class="link"
                  title="Select all that are taken for ${name(c)}"
                  @click=${() => room.select(ofClass(facts, indices[c]!, 'predicted'))}
                >
                  <span>${name(c)}</span>
                </button>
              </th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${order.map(
          (r) =>
            html`<tr>
              <th scope="row">
                <button
                  type="button"
                  class="link"
                  title="Select all that are labelled ${name(r)}"
                  @click=${() => room.select(ofClass(facts, indices[r]!))}
                >
                  ${name(r)}
                </button>
              </th>
              ${order.map((c) => {
                const count = counts[r * m + c]!;
                const share = shareOf(confusion, r, c, diagonal);
                const hidden = r === c && !diagonal;
                return html`<td class=${r === c ? 'diagonal' : ''} ${styles({ '--share': String(share) })}>
                  ${
                    count === 0 || hidden
                      ? html`<span class="dim">${hidden ? '' : '·'}</span>`
                      : html`<button
                          type="button"
                          title="${plural(count, 'picture')} labelled ${name(r)} and taken for ${name(c)} (${formatPercent(share)} of the row): select"
                          aria-label="${count} labelled ${name(r)} taken for ${name(c)}"
                          @click=${() => room.select(confused(facts, indices[r]!, indices[c]!))}
                        >
                          ${count}
                        </button>`
                  }
                </td>`;
              })}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function cells({ room, facts, confusion, order, diagonal }: Shown): TemplateResult {
  const { indices, counts } = confusion;
  const m = indices.length;
  const source = sources.get([confusion, order, diagonal, facts], (): CellSource => {
    const { table: colours } = colormap('magma');
    const name = (k: number): string => className(facts, indices[order[k]!]!);
    return {
      rows: m,
      columns: m,
      cellHeight: 1,
      cellWidth: 1,
      flow: false,
      paint: (row, column, image, left, top) => {
        const share = shareOf(confusion, order[row]!, order[column]!, diagonal);
        const at = 3 * Math.round(255 * Math.sqrt(share));
        const to = 4 * (top * image.width + left);
        image.data.set([colours[at]!, colours[at + 1]!, colours[at + 2]!, 255], to);
        return true;
      },
      label: (row, column) =>
        `${plural(counts[order[row]! * m + order[column]!]!, 'picture')} labelled ${name(row)} and taken for ${name(column)}`,
      // There is no room for names: they are said of the cell.
      rowName: (row) => String(indices[order[row]!]!),
      columnName: (column) => String(indices[order[column]!]!),
    };
  });
  const select = ({ detail: { row, column, spoken } }: CustomEvent<CellPoint>, open: boolean): void => {
    if (spoken && !open) room.say(source.label(row, column));
    else room.select(confused(facts, indices[order[row]!]!, indices[order[column]!]!));
  };
  return html`<p class="dim">
      Rows and columns by the number of the class. The lighter a cell, the larger its share of the row. Click a cell, or
      press Enter on it, to select its pictures.
    </p>
    <lens-cell-grid
      class="confusion-cells"
      .source=${source}
      .label=${'Confusion matrix'}
      .zoom=${1}
      @lens-choose-cell=${(event: CustomEvent<CellPoint>) => select(event, false)}
      @lens-open-cell=${(event: CustomEvent<CellPoint>) => select(event, true)}
    ></lens-cell-grid>`;
}
