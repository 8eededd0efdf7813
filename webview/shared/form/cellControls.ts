import { html, type TemplateResult } from 'lit';
import { DIVERGING, type DivergingName } from '../../../src/result/colormap.js';
import type { LayerWeights } from '../../../src/result/weights.js';
import { dropdown, iconButton, segmented } from '../controls.js';
import { formatShape } from '../format.js';

/** Controls of a grid of cells: weights, a comparison of weights, or activations. */

export function zoomButtons(zoom: number, onZoom: (zoom: number) => void): TemplateResult {
  return html`
    ${iconButton({ label: 'Smaller', icon: 'zoom-out', onClick: () => onZoom(Math.max(0.1, zoom / 1.25)) })}
    ${iconButton({ label: 'Larger', icon: 'zoom-in', onClick: () => onZoom(Math.min(16, zoom * 1.25)) })}
  `;
}

export function mapChoice(map: DivergingName, onMap: (map: DivergingName) => void): TemplateResult {
  return html`<span class="control-narrow"
    >${dropdown({
      label: 'Colour map',
      value: map,
      choices: DIVERGING.map((name) => ({ value: name, label: name })),
      onChange: (name) => onMap(name as DivergingName),
    })}</span
  >`;
}

/** Which of a layer's weights is shown. */
export function weightChoice({ weights, shown }: LayerWeights, onWeight: (name: string) => void): TemplateResult {
  return html`<span class="control-wide"
    >${dropdown({
      label: 'Weight',
      value: shown.name,
      choices: weights.map((w) => ({ value: w.name, label: weightText(w), title: w.name })),
      onChange: onWeight,
    })}</span
  >`;
}

/** A weight by its role, its shape and what it is called. */
export function weightText({ role, dims, label }: LayerWeights['weights'][number]): string {
  return `${role} ${formatShape(dims)}${label === undefined ? '' : ` · ${label}`}`;
}

export type Scale = 'shared' | 'own';

/** Whether the pictures of a grid are on one scale. What is offered first is the default; titles say what each shows. */
export function scaleChoice(
  value: Scale,
  titles: Readonly<Record<Scale, string>>,
  onChange: (scale: Scale) => void,
): TemplateResult {
  const labels = { shared: 'Shared', own: 'Each' };
  return segmented({
    label: 'Colour scale',
    value,
    choices: (Object.keys(titles) as Scale[]).map((scale) => ({
      value: scale,
      label: labels[scale],
      title: titles[scale],
    })),
    onChange: (scale) => onChange(scale as Scale),
  });
}
