import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { combobox } from '../../shared/form/combobox.js';
import { button, checkbox, icon, segmented } from '../../shared/controls.js';
import { plural } from '../../shared/format.js';
import type { Asked } from '../asked.js';
import { nameOf, type Comparison } from './comparison.js';
import type { Axis } from './choice.js';
import { networksPart } from './networksPart.js';
import { targetEntries } from '../question/part.js';

const AXES = [
  { value: 'pictures', label: 'Pictures', title: 'A row for each picture; methods by classes across' },
  { value: 'methods', label: 'Methods', title: 'A row for each method; pictures by classes across' },
  { value: 'targets', label: 'Classes', title: 'A row for each class; pictures by methods across' },
];

/** What is compared: the axes, and how their scales are set. */
export function gridChoicePart(c: Asked, compare: Comparison): TemplateResult {
  const { choice, grid, hiddenCount } = compare;
  const { done, total } = grid.progress;
  const failed = grid.rows.some((_, row) =>
    grid.columns.some((_c, column) => grid.at({ row, column }).state === 'failed'),
  );
  return html`<section class="grid-choice" aria-label="What the grid compares">
    <h2>Rows</h2>
    ${segmented({
      label: 'Rows',
      value: choice.rows,
      choices: AXES,
      onChange: (rows) => compare.choose({ rows: rows as Axis }),
    })}
    <h2>Methods</h2>
    ${checkList(
      'Methods to compare',
      (c.setup?.methods ?? []).map((m) => ({ id: m.id, label: m.title })),
      choice.methods,
      (methods) => compare.choose({ methods }),
    )}
    ${networksPart(compare)}
    <h2>Classes</h2>
    ${checkList('Classes to compare', classes(c, choice.targets), choice.targets, (targets) => compare.choose({ targets }))}
    ${combobox({
      label: 'Another class to compare',
      value: '',
      shown: 'another class',
      entries: targetEntries(c).filter(({ value }) => !choice.targets.includes(value)),
      onChoose: (target) => compare.choose({ targets: [...new Set([...choice.targets, target])] }),
      onOpen: () => void c.loadLabels(),
    })}
    ${
      hiddenCount === 0
        ? nothing
        : html`<p class="grid-status">
            <span class="dim">${plural(hiddenCount, 'column')} hidden</span>
            ${button({ label: 'Show', title: 'Show all columns', onClick: () => compare.choose({ hidden: [] }) })}
          </p>`
    }
    <p class="dim grid-hint">Columns: drag a head or Shift+arrows to move, P pins, Delete hides.</p>
    <h2>Scale</h2>
    ${segmented({
      label: 'Scale',
      value: choice.shared ? 'shared' : 'own',
      choices: [
        { value: 'own', label: 'per map', title: 'Each map from zero to its own end' },
        { value: 'shared', label: 'shared', title: 'One scale for all maps of the same unit' },
      ],
      onChange: (scale) => compare.choose({ shared: scale === 'shared' }),
    })}
    <p class="grid-status" role="status">
      ${
        grid.working
          ? html`${icon('loading', 'codicon-modifier-spin')}<span>${done} of ${plural(total, 'map')}</span>`
          : html`<span class="dim">${done} of ${plural(total, 'map')}</span>`
      }
      ${
        grid.working
          ? button({ label: 'Cancel', onClick: () => grid.cancel(), title: 'Cancel (Escape)' })
          : failed || done < total
            ? button({ label: failed ? 'Try again' : 'Go on', onClick: () => grid.resume() })
            : nothing
      }
    </p>
  </section>`;
}

function checkList(
  label: string,
  entries: readonly { readonly id: string; readonly label: string }[],
  chosen: readonly string[],
  onChange: (chosen: readonly string[]) => void,
): TemplateResult {
  return html`<div class="grid-columns" role="group" aria-label=${label}>
    ${repeat(
      entries,
      (e) => e.id,
      (e) =>
        checkbox({
          label: e.label,
          checked: chosen.includes(e.id),
          onChange: (checked) => onChange(checked ? [...chosen, e.id] : chosen.filter((id) => id !== e.id)),
        }),
    )}
  </div>`;
}

/** Classes to choose from at a click: the best of each picture, the predicted ones, and what was chosen by name. */
function classes(c: Asked, targets: readonly string[]): readonly { readonly id: string; readonly label: string }[] {
  const predicted = (c.shown?.explanation.predictions ?? []).map((p) => ({ id: String(p.index), label: p.label }));
  const known = new Set(predicted.map((p) => p.id));
  const chosen = targets.filter((t) => t !== 'top1' && !known.has(t)).map((t) => ({ id: t, label: nameOf(c, t) }));
  return [{ id: 'top1', label: 'top prediction of each' }, ...predicted, ...chosen];
}
