import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { ClassScore } from '../../../src/result/explanation.js';
import { button, icon, iconButton, segmented, slider } from '../../shared/controls.js';
import { formatNumber, formatPercent, formatProbability } from '../../shared/format.js';
import { styles } from '../../shared/page/css.js';
import { whatIfRows, type WhatIfRow } from './rows.js';
import type { BrushChoice, WhatIf } from './whatIf.js';

/** What the panel does for the part that paints. */
export interface WhatIfActions {
  /** What is painted is explained, by the same method. */
  readonly explain: () => void;
  /** The picture as it is is explained again. */
  readonly original: () => void;
}

const FILLS = [
  { value: 'mean', label: 'Mean', title: 'Paints with the mean colour of the picture' },
  { value: 'grey', label: 'Grey', title: 'Paints with middle grey' },
  { value: 'colour', label: 'Colour', title: 'Paints with the colour that is chosen beside it' },
  { value: 'blur', label: 'Blur', title: 'Takes the details away' },
];

/** The brush, below the picture. @param edited the map that is shown is of a painted picture */
export function whatIfTools(w: WhatIf, edited: boolean, { explain, original }: WhatIfActions): TemplateResult {
  if (!w.open) return html``;
  const { choice, edit } = w;
  return html`<div class="what-if" role="group" aria-label="What if: paint over the picture">
    ${segmented({
      label: 'Brush',
      value: choice.fill,
      choices: FILLS,
      onChange: (fill) => w.choose({ fill: fill as BrushChoice['fill'] }),
    })}
    <input
      type="color"
      aria-label="Colour of the brush"
      title="Colour of the brush"
      .value=${choice.colour}
      @input=${(event: Event) => w.choose({ colour: (event.target as HTMLInputElement).value, fill: 'colour' })}
    />
    <label class="brush-size"
      ><span class="field-name">Size</span>${slider({
        label: 'Size of the brush',
        value: Math.round(choice.share * 100),
        minimum: 1,
        maximum: 60,
        step: 1,
        text: `${formatPercent(choice.share)} of the picture`,
        onInput: (percent) => w.choose({ share: percent / 100 }),
      })}</label
    >
    ${iconButton({ label: 'Undo the last stroke (Ctrl+Z)', icon: 'discard', disabled: !w.canUndo, onClick: () => w.undo() })}
    ${iconButton({ label: 'Clear all that is painted', icon: 'clear-all', disabled: edit === undefined, onClick: () => w.clear() })}
    ${button({ label: 'Explain the edited picture', icon: 'lightbulb', look: 'primary', disabled: edit === undefined, onClick: explain })}
    ${edited ? button({ label: 'Explain the original', onClick: original }) : nothing}
    <p class="dim what-if-hint">
      ${
        edit === undefined
          ? 'Drag over the picture, or move a square with the arrow keys and press Space.'
          : `Edited picture: ${formatPercent(w.share)} of it is painted over. The file stays as it is.`
      }
    </p>
  </div>`;
}

const ROWS = 5;

/** What the model says now, and a mark where it stood: in place of the predictions. */
export function whatIfBars(w: WhatIf, target: number | undefined, onTarget: (index: number) => void): TemplateResult {
  const { before, after, error } = w;
  if (error !== undefined)
    return html`<p class="what-if-failed" role="alert">
      ${icon('error')}<span>${error.message} ${error.hint ?? ''}</span>
    </p>`;
  if (before === undefined) return html`<p class="dim" role="status">Asking the model…</p>`;
  const rows = whatIfRows(before, after, target, ROWS);
  const largest = Math.max(
    ...rows.flatMap(({ before: a, after: b }) => [Math.abs(a?.logit ?? 0), Math.abs(b?.logit ?? 0)]),
    0,
  );
  return html`<div class="bars what-if-bars" role="list" aria-label="Predictions before and after">
    ${repeat(
      rows,
      (row) => row.index,
      (row) => barOf(row, row.index === target, largest, onTarget),
    )}
  </div>`;
}

function barOf(
  { index, label, before, after }: WhatIfRow,
  chosen: boolean,
  largest: number,
  onTarget: (index: number) => void,
): TemplateResult {
  const [was, is] = [valueOf(before), valueOf(after)];
  return html`<div role="listitem" class="what-if-row" data-class=${index}>
    <button
      type="button"
      aria-pressed=${chosen}
      title="${label}: before ${was}, now ${is}. Click to explain it"
      @click=${() => onTarget(index)}
    >
      <span class="bar-label">${chosen ? icon('target') : nothing}<span class="ellipsis">${label}</span></span>
      <span class="bar-track"
        ><span class="bar-fill" ${styles({ width: `${lengthOf(after, largest)}%` })}></span
        ><span class="bar-before" ${styles({ left: `${lengthOf(before, largest)}%` })}></span
      ></span>
      <span class="bar-value"><span class="dim">${was} →</span> <b>${is}</b></span>
    </button>
  </div>`;
}

function valueOf(score: ClassScore | undefined): string {
  if (score === undefined) return '–';
  return score.probability === undefined ? formatNumber(score.logit) : formatProbability(score.probability);
}

/** In per cent of the track. */
function lengthOf(score: ClassScore | undefined, largest: number): number {
  if (score === undefined) return 0;
  const share = score.probability ?? (largest > 0 ? Math.abs(score.logit) / largest : 0);
  return 100 * Math.max(0, Math.min(1, share));
}
