import { html, nothing, type TemplateResult } from 'lit';
import { button, icon } from '../../shared/controls.js';
import { preparationFields } from './fields.js';
import type { Preparation } from './preparation.js';
import { savingPart } from './savingPart.js';
import { trialPart } from './trialPart.js';

/** Opens the editor and goes to its first field. */
export function openEditor(p: Preparation): void {
  p.open();
  focusSoon('.prepare lens-dropdown');
}

/** Editing how the picture is prepared, in place of what says it. */
export function editorPart(p: Preparation): TemplateResult {
  const { draft, reading } = p;
  const ready = reading?.whole !== undefined;
  const closed = (): void => focusSoon('.prepare-edit lens-button');
  const then = (done: Promise<void>): void => void done.then(() => p.isOpen || closed());
  return html`<section class="prepare" aria-label="How the picture is prepared">
    <h2>${icon('edit')} How the picture is prepared</h2>
    <div class="prepare-parts">
      ${
        draft === undefined
          ? html`<p class="dim" role="status">Reading the settings…</p>`
          : html`<div class="prepare-fields">${preparationFields(p, draft)}</div>`
      }
      ${trialPart(p)}
    </div>
    <div class="doubt-actions">
      ${button({
        label: 'Use here',
        icon: 'check',
        look: 'primary',
        disabled: !ready || p.inUse,
        title: 'Explains with these settings in this panel; nothing is written',
        onClick: () => {
          p.use();
          closed();
        },
      })}
      ${button({
        label: 'Save beside the model',
        icon: 'save',
        disabled: !ready || p.saving.state.state === 'working',
        title: 'Writes them into the settings file beside the model; what else it says stays',
        onClick: () => then(p.save()),
      })}
      ${button({ label: 'Reset', icon: 'discard', disabled: p.record === undefined, title: 'Back to the settings without any edit', onClick: () => p.reset() })}
      ${button({
        label: 'Close',
        title: 'What is edited here and neither used nor saved is left',
        onClick: () => {
          p.close();
          closed();
        },
      })}
    </div>
    ${savingPart(p.saving, () => then(p.replace()))}
  </section>`;
}

/** That what is predicted and explained comes from settings that stand nowhere else. */
export function editedNote(p: Preparation, edited: boolean): TemplateResult | typeof nothing {
  if (!edited) return nothing;
  return html`<div class="prepared-here" role="group" aria-label="Settings that were edited">
    <p class="doubt">${icon('edit')}<span>Pictures are prepared as edited here, not saved.</span></p>
    <div class="doubt-actions">
      ${p.isOpen ? nothing : button({ label: 'Save beside the model', icon: 'save', onClick: () => void p.save() })}
      ${button({ label: 'Reset', icon: 'discard', title: 'Back to the settings without any edit', onClick: () => p.reset() })}
    </div>
    ${p.isOpen ? nothing : savingPart(p.saving, () => void p.replace())}
  </div>`;
}

/** What is drawn next has the focus: what had it is gone. */
function focusSoon(selector: string): void {
  requestAnimationFrame(() => {
    const element = document.querySelector<HTMLElement>(selector);
    element?.focus();
    element?.scrollIntoView({ block: 'nearest' });
  });
}
