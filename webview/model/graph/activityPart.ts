import { html, nothing, type TemplateResult } from 'lit';
import type { NamedFile } from '../../../src/protocol/explainPanel.js';
import type { GraphActivations, VisibleNode } from '../../../src/result/graphView.js';
import '../../shared/charts/colorBar.js';
import { button } from '../../shared/controls.js';
import { formatNumber, plural } from '../../shared/format.js';
import type { Task } from '../../shared/task/task.js';
import { ticksOf, type Colouring } from './colouring.js';

/** The scale of the nodes' colours. */
export function colouringLegend(colouring: Colouring, modules: boolean): TemplateResult {
  const { measure, limit, colors } = colouring;
  const notes = [measure.root ? 'by the square root' : '', modules ? 'a closed module: its last value' : ''];
  return html`<div class="graph-scale">
    <lens-color-bar
      .colors=${colors}
      .limit=${limit}
      .ticks=${ticksOf(colouring)}
      .unit=${measure.unit}
      .note=${notes.filter(Boolean).join('; ')}
    ></lens-color-bar>
  </div>`;
}

export interface ActivityOptions {
  readonly picture: NamedFile | undefined;
  readonly trusted: boolean;
  readonly task: Task<GraphActivations>;
  readonly onPicture: () => void;
  readonly onRun: () => void;
}

/** Which picture the colours are about, and what it takes to have them. */
export function activityPart({ picture, trusted, task, onPicture, onRun }: ActivityOptions): TemplateResult {
  if (!trusted) return html`<p class="dim">Models of a workspace that is not trusted are not run.</p>`;
  if (picture === undefined)
    return html`<p class="graph-picture">
      <span class="dim">The colours need a picture to show to the model.</span>
      ${button({ label: 'Choose a Picture…', look: 'primary', onClick: onPicture })}
    </p>`;
  const { value } = task;
  return html`<p class="graph-picture">
    <span class="ellipsis">${picture.name}</span>
    ${
      value === undefined
        ? nothing
        : html`<span class="dim">${plural(value.measured, 'value')} measured · ${value.provider}</span>`
    }
    ${button({ label: 'Other Picture…', onClick: onPicture })}
    ${task.stopped && !task.working ? button({ label: 'Measure the values', onClick: onRun }) : nothing}
  </p>`;
}

/** All numbers of a node on the picture, for the line that says what is looked at. */
export function activityText(node: VisibleNode, activations: GraphActivations | undefined): string {
  if (activations === undefined || node.kind === 'module') return '';
  const { meanMagnitude, largest, std, zero, notFinite } = activations;
  const at = node.index;
  if (Number.isNaN(meanMagnitude[at] ?? NaN)) return '';
  const strange = notFinite[at] ?? 0;
  return [
    `|activation| ${formatNumber(meanMagnitude[at]!)} on average, ${formatNumber(largest[at]!)} at most`,
    `deviation ${formatNumber(std[at]!)}`,
    `${(100 * zero[at]!).toFixed(1)} % zero`,
    strange > 0 ? `${strange} not finite` : '',
  ]
    .filter(Boolean)
    .join(', ');
}
