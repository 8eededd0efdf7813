import { html, nothing, type TemplateResult } from 'lit';
import { button, icon } from '../../shared/controls.js';
import type { SettingsSaving } from './saving.js';

const NAMES: Readonly<Record<string, string>> = {
  layout: 'layout',
  color: 'colour order',
  size: 'size',
  resize: 'resize',
  crop: 'crop',
  pad: 'padding',
  range: 'range',
  mean: 'mean',
  std: 'standard deviation',
  labels: 'labels',
};

/** What saving asks or what is wrong with it, where it was asked for. */
export function savingPart(saving: SettingsSaving, replace: () => void): TemplateResult | typeof nothing {
  const { state } = saving;
  switch (state.state) {
    case 'idle':
      return nothing;
    case 'working':
      return html`<p class="dim" role="status">Saving…</p>`;
    case 'asks': {
      const which = state.replaces.map((name) => NAMES[name] ?? name).join(', ');
      return html`<div
        class="saving"
        role="alertdialog"
        aria-label="Replace what is written?"
        aria-describedby="saving-ask"
      >
        <p class="doubt" id="saving-ask">
          ${icon('question')}<span
            >${state.file} says something else for ${which} already, written by a person. Replace it? The rest of the
            file stays.</span
          >
        </p>
        <div class="doubt-actions">
          ${button({ label: 'Replace', look: 'primary', onClick: replace })}
          ${button({ label: 'Keep what is there', onClick: () => saving.leave() })}
        </div>
      </div>`;
    }
    case 'failed':
      return html`<p class="doubt" role="alert">
        ${icon('error')}<span>${state.error.message} ${state.error.hint ?? ''}</span>
      </p>`;
  }
}
