import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { button, checkbox, icon, segmented } from '../shared/controls.js';
import { plural } from '../shared/format.js';
import type { ExplainController } from './controller.js';
import { nameOf } from './compare.js';
import type { GridChoice } from './grid.js';

/** What is compared: the columns, and how their scales are set. */
export function gridChoicePart(c: ExplainController): TemplateResult {
  const { choice, grid } = c.compare;
  const byMethod = choice.columns === 'methods';
  const { done, total } = grid.progress;
  const failed = grid.rows.some((_, row) =>
    grid.columns.some((_c, column) => grid.at({ row, column }).state === 'failed'),
  );
  return html`<section class="grid-choice" aria-label="Columns of the grid">
    <h2>Compare</h2>
    ${segmented({
      label: 'Columns',
      value: choice.columns,
      choices: [
        { value: 'methods', label: 'Methods' },
        { value: 'targets', label: 'Classes' },
      ],
      onChange: (columns) => c.compare.choose({ columns: columns as GridChoice['columns'] }),
    })}
    <div class="grid-columns" role="group" aria-label=${byMethod ? 'Methods to compare' : 'Classes to compare'}>
      ${repeat(
        entries(c),
        (e) => `${choice.columns} ${e.id}`,
        ({ id, label }) => {
          const chosen = byMethod ? choice.methods : choice.targets;
          const change = (checked: boolean): void => {
            const next = checked ? [...chosen, id] : chosen.filter((m) => m !== id);
            c.compare.choose(byMethod ? { methods: next } : { targets: next });
          };
          return checkbox({ label, checked: chosen.includes(id), onChange: change });
        },
      )}
    </div>
    <h2>Scale</h2>
    ${segmented({
      label: 'Scale',
      value: choice.shared ? 'shared' : 'own',
      choices: [
        { value: 'own', label: 'per map', title: 'Each map from zero to its own end' },
        { value: 'shared', label: 'shared', title: 'One scale for all maps of the same unit' },
      ],
      onChange: (scale) => c.compare.choose({ shared: scale === 'shared' }),
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

function entries(c: ExplainController): readonly { readonly id: string; readonly label: string }[] {
  if (c.compare.choice.columns === 'methods')
    return (c.setup?.methods ?? []).map((m) => ({ id: m.id, label: m.title }));
  const predicted = (c.shown?.explanation.predictions ?? []).map((p) => ({ id: String(p.index), label: p.label }));
  const known = new Set(predicted.map((p) => p.id));
  const chosen = c.compare.choice.targets
    .filter((t) => t !== 'top1' && !known.has(t))
    .map((t) => ({ id: t, label: nameOf(c, t) }));
  return [{ id: 'top1', label: 'top prediction of each' }, ...predicted, ...chosen];
}
