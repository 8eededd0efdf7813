import { html, nothing, type TemplateResult } from 'lit';
import type { ClassMatch } from '../../../src/result/dataset.js';
import { button } from '../../shared/controls.js';
import { combobox } from '../../shared/form/combobox.js';
import type { Entry } from '../../shared/form/search.js';
import { plural } from '../../shared/format.js';
import { Remade } from '../../shared/remade.js';
import { tableHead } from '../../shared/table.js';
import type { Facts } from '../facts.js';
import type { Room } from '../room.js';
import { matchesInDoubt } from './rows.js';

/** Labels that are shown before the others are asked for: those that a person has to look at come first. */
const FIRST = 30;

const HOW: Readonly<Record<ClassMatch['how'], string>> = {
  name: 'same name',
  order: 'by order: a guess',
  chosen: 'said here',
  none: 'stands for none',
};

const classes = new Remade<readonly Entry[]>();

/** Which class of the model each label of the data set stands for, and the way to say it. */
export function mappingPart(room: Room, { survey }: Facts): TemplateResult | typeof nothing {
  const { mapping } = survey;
  if (mapping.length === 0 || survey.classes.length === 0) return nothing;
  const rows = matchesInDoubt(mapping);
  const [none, guessed] = ['none', 'order'].map((how) => mapping.filter((match) => match.how === how).length);
  const entries = classes.get([survey], () => [
    { value: '-1', label: 'no class' },
    ...survey.classes.map((label, index) => ({ value: String(index), label, detail: String(index) })),
  ]);
  const said = Object.keys(room.view.mapping).length > 0;
  return html`<section>
    <h2>
      Labels
      <span class="hint"
        >${mapping.length}${none! > 0 ? ` · ${none} stand for no class` : ''}${guessed! > 0 ? ` · ${guessed} matched by order` : ''}</span
      >
    </h2>
    ${
      guessed! > 0
        ? html`<p>
            <span class="codicon codicon-warning" aria-hidden="true"></span> The names of the labels are not those of
            the model's classes: the first label was taken for the first class, and so on. Mend it where that is wrong.
          </p>`
        : nothing
    }
    ${table(room, rows.slice(0, FIRST), entries)}
    ${
      rows.length <= FIRST
        ? nothing
        : html`<details>
            <summary>${plural(rows.length - FIRST, 'more label')}</summary>
            ${table(room, rows.slice(FIRST), entries)}
          </details>`
    }
    ${said ? button({ label: 'As it was matched', icon: 'discard', onClick: () => room.update({ mapping: {} }) }) : nothing}
  </section>`;
}

function table(room: Room, rows: readonly ClassMatch[], entries: readonly Entry[]): TemplateResult {
  return html`<table class="mapping-table">
    ${tableHead('label', 'pictures', 'class of the model', 'how')}
    <tbody>
      ${rows.map(
        ({ label, count, index, how }) =>
          html`<tr>
            <th scope="row">${label}</th>
            <td>${count}</td>
            <td>
              ${combobox({
                label: `Class of the label ${label}`,
                value: String(index),
                shown: index < 0 ? 'no class' : (entries[index + 1]?.label ?? String(index)),
                entries,
                onChoose: (value) => room.update({ mapping: { ...room.view.mapping, [label]: Number(value) } }),
              })}
            </td>
            <td class="dim">${HOW[how]}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
