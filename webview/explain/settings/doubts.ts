import { html, nothing, type TemplateResult } from 'lit';
import type { SettingsFinding } from '../../../src/result/settings.js';
import { button, icon } from '../../shared/controls.js';
import { formatPercent } from '../../shared/format.js';
import type { Asked } from '../asked.js';
import { savingPart } from './savingPart.js';
import type { SettingsSearch } from './search.js';

export interface DoubtActions {
  readonly edit: () => void;
  readonly take: () => void;
  /** What a person wrote may go. */
  readonly replace: () => void;
}

/** Why the predictions may be wrong, right where they are read, and the way out: settings that are found from pictures. */
export function doubtsPart(c: Asked, search: SettingsSearch, on: DoubtActions): TemplateResult {
  const doubts = c.shown?.explanation.doubts ?? [];
  const guessed = doubts.some((d) => d.kind === 'guessed');
  const { finding, working, error } = search;
  if (doubts.length === 0 && finding === undefined && !working && error === undefined) return html``;
  const offered = guessed && finding === undefined && !working;
  return html`<div class="doubts" role="group" aria-label="Doubts">
    ${doubts.map((d) => html`<p class="doubt">${icon('warning', 'warn')}<span>${d.sentence}</span></p>`)}
    ${
      offered
        ? html`<div class="doubt-actions">
            ${button({ label: 'Find the settings…', icon: 'search', look: 'primary', onClick: () => void search.find() })}
            ${button({ label: 'Edit…', icon: 'edit', title: 'Set how the picture is prepared, and see at once what the model says', onClick: on.edit })}
          </div>`
        : nothing
    }
    ${
      working
        ? html`<div class="doubt-actions" role="status">
            <span
              >${search.progress?.message ?? 'Opening the model'}${search.progress?.fraction === undefined ? '' : `, ${formatPercent(search.progress.fraction)}`}</span
            >${button({ label: 'Cancel', onClick: () => search.cancel() })}
          </div>`
        : nothing
    }
    ${error === undefined ? nothing : html`<p class="doubt" role="alert">${icon('error')}<span>${error.message} ${error.hint ?? ''}</span></p>`}
    ${finding === undefined ? nothing : findingPart(finding, search, on)}
  </div>`;
}

const ICONS = { stated: 'check', found: 'check', likely: 'question', 'cannot tell': 'circle-slash' } as const;

function findingPart(finding: SettingsFinding, search: SettingsSearch, on: DoubtActions): TemplateResult {
  return html`<div class="finding" role="region" aria-label="Settings that were found">
    <p><strong>${finding.title}</strong></p>
    <ul>
      ${finding.parts.map(
        (p) =>
          html`<li data-verdict=${p.verdict}>
            ${icon(ICONS[p.verdict])}<span><b>${p.part}: ${p.verdict}.</b> ${p.sentence}</span>
          </li>`,
      )}
      ${finding.notes.map((note) => html`<li>${icon('info')}<span>${note}</span></li>`)}
    </ul>
    <div class="doubt-actions">
      ${button({ label: 'Use these settings', icon: 'save', look: 'primary', title: 'Writes them beside the model, with where they come from, and asks again', onClick: on.take })}
    </div>
    ${savingPart(search.saving, on.replace)}
  </div>`;
}
