import { html, nothing, type TemplateResult } from 'lit';
import { plural } from '../../shared/format.js';
import { Remade } from '../../shared/remade.js';
import { accuracyText, ofClass, type Facts } from '../facts.js';
import { pictureList } from '../pictureList.js';
import type { Room, TabDefinition } from '../room.js';
import { mappingPart } from './mapping.js';
import { classRows, sortedRows, type ClassRow } from './rows.js';

/** What the classes are, how each fares, and what is odd about the pictures as they lie there. */
export const tab: TabDefinition = { id: 'classes', label: 'Classes', side: true, render };

function render(room: Room, facts: Facts): TemplateResult {
  return html`${classTable(room, facts)} ${mappingPart(room, facts)} ${duplicatesPart(room, facts)}
  ${omittedPart(facts)} ${notesPart(facts)}`;
}

const COLUMNS = [
  ['name', 'class'],
  ['support', 'pictures'],
  ['predicted', 'predicted'],
  ['precision', 'precision'],
  ['recall', 'recall'],
  ['f1', 'F1'],
] as const;

const made = new Remade<readonly ClassRow[]>();

function classTable(room: Room, facts: Facts): TemplateResult {
  const { sort, down } = room.view.classes;
  const rows = made.get([facts, sort, down], () => sortedRows(classRows(facts), sort, down));
  if (rows.length === 0) return html`<p class="dim">The pictures have no labels.</p>`;
  const measured = rows[0]!.measures !== undefined;
  const columns = measured ? COLUMNS : COLUMNS.slice(0, 2);
  const turn = (by: string): void => room.update({ classes: { sort: by, down: sort === by ? !down : by !== 'name' } });
  return html`<section>
    <h2>
      ${plural(rows.length, 'class', 'classes')} <span class="hint">a click on a class selects its pictures</span>
    </h2>
    <div class="table-scroll" tabindex="0" role="group" aria-label="Classes">
      <table class="number-table class-table">
        <thead>
          <tr>
            ${columns.map(
              ([key, title]) =>
                html`<th scope="col" aria-sort=${sort === key ? (down ? 'descending' : 'ascending') : 'none'}>
                  <button type="button" class="link" @click=${() => turn(key)}>
                    ${title}${sort === key ? (down ? ' ▾' : ' ▴') : ''}
                  </button>
                </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ index, name, support, measures }) =>
              html`<tr>
                <th scope="row">
                  <button type="button" class="link" @click=${() => room.select(ofClass(facts, index))}>${name}</button>
                </th>
                <td>${support}</td>
                ${
                  measures === undefined
                    ? nothing
                    : html`<td>
                          <button
                            type="button"
                            class="link"
                            title="Select what is taken for ${name}"
                            @click=${() => room.select(ofClass(facts, index, 'predicted'))}
                          >
                            ${measures.predicted}
                          </button>
                        </td>
                        <td>${measures.predicted === 0 ? '–' : accuracyText(measures.precision)}</td>
                        <td>${support === 0 ? '–' : accuracyText(measures.recall)}</td>
                        <td>${accuracyText(measures.f1)}</td>`
                }
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** Groups that are listed; all of them can be selected. */
const GROUPS = 12;

function duplicatesPart(room: Room, { survey, group }: Facts): TemplateResult | typeof nothing {
  const { duplicates } = survey;
  if (duplicates.length === 0) return nothing;
  const all = duplicates.flat();
  const apart = duplicates.filter((same) => new Set(same.map((i) => group[i])).size > 1);
  return html`<section>
    <h2>Duplicates <span class="hint">${plural(duplicates.length, 'group')} of the same content</span></h2>
    ${apart.length === 0 ? nothing : html`<p><span class="codicon codicon-warning" aria-hidden="true"></span> ${plural(apart.length, 'group')} with different labels.</p>`}
    <p>
      <button type="button" class="link" @click=${() => room.select(all)}>Select all ${all.length}</button>
    </p>
    ${[...apart, ...duplicates.filter((same) => !apart.includes(same))]
      .slice(0, GROUPS)
      .map((same, k) =>
        pictureList(room, { label: `Duplicates, group ${k + 1}`, examples: same, selects: true, most: 3 }),
      )}
    ${duplicates.length > GROUPS ? html`<p class="dim">and ${duplicates.length - GROUPS} more groups</p>` : nothing}
  </section>`;
}

/** Reasons that are listed. */
const OMITTED = 200;

function omittedPart({ survey }: Facts): TemplateResult | typeof nothing {
  const { omitted } = survey;
  if (omitted.length === 0) return nothing;
  return html`<section>
    <h2>Left out <span class="hint">${plural(omitted.length, 'picture')} could not be used</span></h2>
    <ul class="plain">
      ${omitted.slice(0, OMITTED).map(({ name, error }) => html`<li>${name} <span class="dim">${error.message}</span></li>`)}
    </ul>
    ${omitted.length > OMITTED ? html`<p class="dim">and ${omitted.length - OMITTED} more</p>` : nothing}
  </section>`;
}

function notesPart({ survey }: Facts): TemplateResult | typeof nothing {
  const { notes } = survey;
  return notes.length === 0
    ? nothing
    : html`<section>
        <h2>Notes</h2>
        <ul class="plain">
          ${notes.map((note) => html`<li>${note}</li>`)}
        </ul>
      </section>`;
}
