import { html, nothing, type TemplateResult } from 'lit';
import { plural } from '../shared/format.js';
import { checkbox, numberField, segmented, slider } from '../shared/controls.js';
import { formatNumber, formatPercent } from '../shared/format.js';
import { notice } from '../shared/messages.js';
import type { AttentionController } from './controller.js';
import type { AttentionView } from './kept.js';
import { matrixReason } from './maps.js';
import { cellOf, nameOfPrefix, nameOfToken, placelessOf, PLACES, sameToken } from './tokens.js';

/** Which token is asked about, and which way. */
export function tokenPart(c: AttentionController): TemplateResult {
  const { view, layers, pinned } = c;
  const placeless = placelessOf(layers);
  const { count: prefixes } = placeless;
  const choose = (label: string, token: typeof pinned): TemplateResult =>
    html`<button type="button" class="chip" aria-pressed=${sameToken(pinned, token)} @click=${() => c.pin(token, true)}>
      ${label}
    </button>`;
  const placed = layers.some(({ from }) => from !== undefined);
  return html`<div class="att-tokens" role="group" aria-label="Token">
    ${placed ? PLACES.map(({ label, token }) => choose(label, token)) : nothing}
    ${
      prefixes > 8
        ? html`<label class="inline"
            ><span>${placeless.queries ? 'query' : 'token'}, of ${prefixes}</span>${numberField({
              label: `${placeless.queries ? 'Query' : 'Token'} without a place, 0 to ${prefixes - 1}`,
              value: 'prefix' in pinned ? pinned.prefix : 0,
              minimum: 0,
              maximum: prefixes - 1,
              step: 1,
              onChange: (prefix) => c.pin({ prefix }, true),
            })}</label
          >`
        : Array.from({ length: prefixes }, (_, prefix) => {
            const name = nameOfPrefix(prefix, placeless);
            return choose(`${name[0]!.toUpperCase()}${name.slice(1)}`, { prefix });
          })
    }
    ${segmented({
      label: 'Direction',
      value: view.direction,
      choices: [
        { value: 'outgoing', label: 'Looks at', title: 'What the token looks at: its row of the matrix' },
        { value: 'incoming', label: 'Looked at by', title: 'Which tokens look at it: its column of the matrix' },
      ],
      onChange: (direction) => c.change({ direction: direction as AttentionView['direction'] }),
    })}
  </div>`;
}

/** How the large map is drawn. */
export function drawingPart(c: AttentionController): TemplateResult {
  const { view } = c;
  return html`<div class="controls-row">
    ${segmented({
      label: 'Show',
      value: view.mode,
      choices: [
        { value: 'blend', label: 'Blend' },
        { value: 'heat', label: 'Map' },
        { value: 'original', label: 'Picture' },
      ],
      onChange: (mode) => c.change({ mode: mode as AttentionView['mode'] }),
    })}
    ${
      view.mode === 'blend'
        ? slider({
            label: 'Opacity of the map',
            value: view.opacity,
            minimum: 0,
            maximum: 1,
            step: 0.05,
            text: formatPercent(view.opacity),
            onInput: (opacity) => c.change({ opacity }),
          })
        : nothing
    }
    ${checkbox({ label: 'Smooth', checked: view.smooth, onChange: (smooth) => c.change({ smooth }) })}
    ${checkbox({ label: 'Tokens', checked: view.grid, onChange: (grid) => c.change({ grid }) })}
    ${checkbox({ label: 'Follow the pointer', checked: view.follow, onChange: (follow) => c.change({ follow }) })}
  </div>`;
}

/** What must be known before the map is believed. */
export function warningsPart(c: AttentionController): TemplateResult {
  const { chosen, view, look } = c;
  const layer = c.stageLayer;
  const numbers = chosen === undefined ? undefined : c.store?.numbers(chosen.layer.name);
  const lines: string[] = [];
  if (layer !== undefined) {
    const matrix = matrixReason(layer, look);
    if (matrix !== undefined) lines.push(matrix);
    if (layer.windows > 1)
      lines.push(
        `It looks within ${plural(layer.windows, 'window')}: beyond the blue outline nothing can be seen from this token.`,
      );
  }
  const [least, most] = numbers?.sums ?? [1, 1];
  if (view.shown === 'attention' && !(least > 1 - 1e-3 && most < 1 + 1e-3))
    lines.push(
      `Rows of this layer sum to ${formatNumber(least)} … ${formatNumber(most)}, not to 1: masked rows, or heads that are mixed behind the Softmax.`,
    );
  const odd = numbers?.outliers?.length ?? 0;
  if (odd > 0)
    lines.push(
      `${plural(odd, 'token')} of outlying norm behind this layer (outlined in pink): what ${odd === 1 ? 'it is' : 'they are'} looked at for says nothing about the place.`,
    );
  for (const note of chosen?.layer.notes ?? [])
    if (view.shown === 'attention' && !note.startsWith('This attention is over')) lines.push(note);
  return html`<div class="att-warnings">${lines.map((text) => notice({ icon: 'warning', text }))}</div>`;
}

/** The numbers of the token that is looked at, or of the value under the pointer. */
export function readout(c: AttentionController): string {
  const { large, look, layers, pointed } = c;
  if (large === undefined) return '';
  const token = nameOfToken(look.asked, c.stageLayer?.from?.grid, placelessOf(layers));
  if (large.kind === 'none') return `${token}: ${large.why}`;
  const { map } = large;
  const [rows = 1, columns = 1] = map.dims;
  if (large.kind === 'matrix' || (pointed !== undefined && !c.view.follow)) {
    if (pointed === undefined) return `${rows} × ${columns} matrix`;
    const { row, column } = cellOf(pointed, [rows, columns])!;
    const value = map.data[row * columns + column]!;
    return `${large.kind === 'matrix' ? `query ${row}, key ${column}` : `(${row}, ${column})`}: ${formatNumber(value)}`;
  }
  let [best, sum] = [0, 0];
  map.data.forEach((value, i) => {
    sum += value;
    if (value > map.data[best]!) best = i;
  });
  const own = cellOf(look.asked, [rows, columns]);
  const parts = [
    token,
    `most at (${Math.floor(best / columns)}, ${best % columns}): ${formatNumber(map.data[best]!)}`,
    own === undefined ? '' : `itself: ${formatNumber(map.data[own.row * columns + own.column]!)}`,
    c.view.shown === 'attention' && look.direction === 'outgoing' ? `on the picture: ${formatPercent(sum)}` : '',
  ];
  return parts.filter(Boolean).join(' · ');
}
