import { html, nothing, type TemplateResult } from 'lit';
import '../../shared/charts/colorBar.js';
import { iconButton } from '../../shared/controls.js';
import { formatNumber, plural } from '../../shared/format.js';
import { styles } from '../../shared/page/css.js';
import { ofClass, type Facts } from '../facts.js';
import type { Room } from '../room.js';
import { taskProgress } from '../../shared/task/taskProgress.js';
import { scaleWords } from './scores.js';
import type { Drawn } from './state.js';

/** Entries that are shown at once; the others are behind a fold. */
const FIRST = 24;

/** Which colour is which class: a click switches a class off and on, a double click selects it. */
export function legend(room: Room, facts: Facts, { colouring, by }: Drawn): TemplateResult {
  const { entries, scale } = colouring;
  if (scale !== undefined)
    return html`<div class="map-legend">
      <lens-color-bar
        .colors=${scale.colors}
        .limit=${scale.high}
        .ticks=${[scale.low, (scale.low + scale.high) / 2, scale.high].map(formatNumber)}
        .unit=${scaleWords(scale)}
        .note=${scale.without === 0 ? '' : `grey: ${plural(scale.without, 'picture')} without`}
      ></lens-color-bar>
      ${shapes(facts)}
    </div>`;
  if (entries.length === 0)
    return html`<div class="map-legend">
      ${taskProgress(room.score, 'Reading the scores')}
      ${room.score.error === undefined ? nothing : html`<p class="dim" role="status">${room.score.error.message}</p>`}
      ${shapes(facts)}
    </div>`;
  const hidden = new Set(room.view.map.hidden);
  const entry = ({ name, colour, count, index }: (typeof entries)[number]): TemplateResult => {
    const swatch = html`<span
      class="swatch"
      aria-hidden="true"
      ${styles({ background: `rgb(${colour.join(' ')})` })}
    ></span>`;
    if (index === undefined)
      return html`<li>
        <span class="legend-entry">${swatch}${name} <span class="dim">${count}</span></span>
      </li>`;
    const off = hidden.has(index);
    const toggle = (): void => {
      const next = new Set(hidden);
      if (off) next.delete(index);
      else next.add(index);
      room.updateMap({ hidden: [...next] });
    };
    return html`<li>
      <button
        type="button"
        class="legend-entry ${off ? 'off' : ''}"
        aria-pressed=${!off}
        title="${off ? 'Show' : 'Hide'} ${name}; a double click selects its pictures"
        @click=${toggle}
        @dblclick=${() => room.select(ofClass(facts, index, by === 'predicted' ? 'predicted' : 'label'))}
      >
        ${swatch}<span class="ellipsis">${name}</span> <span class="dim">${count}</span>
      </button>
    </li>`;
  };
  return html`<div class="map-legend">
    <ul class="plain legend-entries" aria-label="Classes that are shown">
      ${entries.slice(0, FIRST).map(entry)}
    </ul>
    ${
      entries.length <= FIRST
        ? nothing
        : html`<details>
            <summary>and ${entries.length - FIRST} more</summary>
            <ul class="plain legend-entries" aria-label="More classes">
              ${entries.slice(FIRST).map(entry)}
            </ul>
          </details>`
    }
    <div class="legend-foot">
      ${hidden.size === 0 ? nothing : iconButton({ label: `Show all again: ${plural(hidden.size, 'class', 'classes')} hidden`, icon: 'eye', onClick: () => room.updateMap({ hidden: [] }) })}
      ${shapes(facts)}
    </div>
  </div>`;
}

/** What the shapes say. */
function shapes({ wrong }: Facts): TemplateResult | typeof nothing {
  return wrong === 0 ? nothing : html`<span class="dim">● right or not known&ensp;◆ wrong</span>`;
}
