import { html, nothing, type TemplateResult } from 'lit';
import type { TrainForm } from '../../src/protocol/training.js';
import { button, dropdown, iconButton, numberField } from '../shared/controls.js';
import { parameterForm } from '../shared/form/parameterForm.js';
import { withParameter } from '../shared/form/parameters.js';
import { formatCount, plural } from '../shared/format.js';
import { failure } from '../shared/messages.js';
import { taskProgress } from '../shared/task/taskProgress.js';
import type { TrainPage } from './page.js';

const PRESETS: readonly (readonly [name: string, label: string, what: string])[] = [
  ['head', 'Last layer', 'The last layer alone: few pictures are enough, and it takes seconds to minutes'],
  ['fine-tune', 'Fine-tune', 'All layers go on from their weights, in small steps'],
  ['scratch', 'From random', 'All weights are drawn anew: it takes many pictures and long'],
];

/** Set outside of the list of all settings. */
const OUTSIDE = ['preset', 'epochs', 'batch', 'rate'];

/** What is to be learned, and how. */
export function questionPart(page: TrainPage): TemplateResult {
  const { view, form, facts } = page;
  return html`<section class="train-question" aria-labelledby="train-question">
    <h2 id="train-question">Pictures</h2>
    ${field(
      'From',
      html`<span class="ellipsis" title=${view.place?.name ?? ''}>${view.place?.name ?? ''}</span
        >${iconButton({ label: 'Choose other pictures…', icon: 'folder-opened', onClick: () => void page.choosePlace() })}`,
    )}
    ${
      form.error === undefined
        ? nothing
        : failure(form.error, [
            { label: 'Try again', look: 'primary', onClick: () => page.loadForm() },
            { label: 'Show the log', onClick: () => void page.host.showLog({}) },
          ])
    }
    ${taskProgress(form, 'Looking at the model and the pictures')}
    ${facts === undefined ? nothing : html`<div class=${form.working ? 'old' : ''}>${setPart(page, facts)}</div>`}
    <h2>Training</h2>
    ${field(
      'What',
      dropdown({
        label: 'What is trained',
        value: view.preset,
        choices: PRESETS.map(([value, label, title]) => ({ value, label, title })),
        onChange: (preset) => page.ask({ preset }),
      }),
    )}
    <p class="dim train-small">${PRESETS.find(([name]) => name === view.preset)?.[2]}</p>
    ${settingsPart(page)}
  </section>`;
}

/** What is known of the pictures, or why they cannot be learned from. */
function setPart(page: TrainPage, { set, refused, parameters = 0, notes }: TrainForm): TemplateResult {
  if (refused !== undefined)
    return failure(refused, [{ label: 'Choose Other Pictures…', onClick: () => void page.choosePlace() }]);
  if (set === undefined) return html``;
  const held =
    set.by === 'none' ? 'none held out' : `${set.heldOut} held out${set.by === 'split' ? ` (${set.split})` : ''}`;
  const largest = Math.max(...set.counts.map(({ trained }) => trained));
  const shown = set.classes.map((name, k) => ({ name, ...set.counts[k]! })).filter((c) => c.trained + c.heldOut > 0);
  return html`<p>${plural(set.trained, 'picture')} to train on, ${held}; ${plural(shown.length, 'class', 'classes')}</p>
    <ul class="train-classes" aria-label="Classes">
      ${shown
        .slice(0, MOST)
        .map(
          ({ name, trained, heldOut }) =>
            html`<li>
              <span class="ellipsis" title=${name}>${name}</span
              ><meter min="0" max=${largest} value=${trained} aria-label=${`${name}: ${trained} to train on`}></meter
              ><span class="dim">${trained}${heldOut === 0 ? '' : ` + ${heldOut}`}</span>
            </li>`,
        )}
    </ul>
    ${shown.length > MOST ? html`<p class="dim train-small">and ${shown.length - MOST} more classes</p>` : nothing}
    <p class="dim train-small">
      ${set.newHead ? 'The model gets a new last layer for these classes. ' : ''}${formatCount(parameters)} numbers are
      trained.
    </p>
    ${notes.map((note) => html`<p class="dim train-small">${note}</p>`)}`;
}

/** Classes that are listed. */
const MOST = 12;

function field(name: string, control: TemplateResult): TemplateResult {
  return html`<div class="field">
    <span class="field-name">${name}</span><span class="field-control">${control}</span>
  </div>`;
}

function settingsPart(page: TrainPage): TemplateResult | typeof nothing {
  const { facts, schema, changedParams, view } = page;
  if (facts === undefined) return nothing;
  const names = Object.keys(schema);
  const others = Object.keys(changedParams).filter((name) => !OUTSIDE.includes(name)).length;
  const onChange = (name: string, value: string | number | boolean): void =>
    page.setParams(withParameter(schema, changedParams, name, value));
  const only = names.filter((name) => !OUTSIDE.slice(1).includes(name));
  return html`${parameterForm({ schema, values: changedParams, without: only, onChange })}
    ${field(
      'Seed',
      numberField({
        label: 'Seed',
        value: view.seed,
        minimum: 0,
        step: 1,
        title: 'The same seed gives the same network',
        onChange: (seed) => page.ask({ seed }),
      }),
    )}
    <details class="train-numbers">
      <summary>All settings${others === 0 ? '' : ` · ${others} changed`}</summary>
      <div role="group" aria-label="All settings">
        ${parameterForm({ schema, values: changedParams, without: OUTSIDE, onChange })}
        ${Object.keys(changedParams).length === 0 ? nothing : html`<div class="field wide">${button({ label: 'Reset', onClick: () => page.setParams({}) })}</div>`}
      </div>
    </details>`;
}

/** The button that begins it. */
export function trainButton(page: TrainPage): TemplateResult {
  const { facts, form, made } = page;
  return button({
    label: made.working ? 'Train Anew' : 'Train',
    look: 'primary',
    icon: 'mortar-board',
    disabled: facts?.set === undefined || form.working || form.error !== undefined,
    title: 'Its epochs are kept in a new folder beside the model',
    onClick: () => void page.train(),
  });
}
