import { html, nothing, type TemplateResult } from 'lit';
import { button } from '../../shared/controls.js';
import { formatNumber } from '../../shared/format.js';
import { taskProgress } from '../../shared/task/taskProgress.js';
import type { Facts } from '../facts.js';
import { pictureOf } from '../pictureList.js';
import type { Room, SeedLayout } from '../room.js';
import { cloudFor, pictureScene } from './state.js';

/** The same points with three seeds side by side: what differs between them is no property of the data. */
export function seedsPart(room: Room, facts: Facts): TemplateResult | typeof nothing {
  const { seeds } = room;
  if (seeds.length === 0) return nothing;
  return html`<section aria-label="The same map with three seeds">
    <h2>Three seeds <span class="hint">what differs is no property of the pictures</span></h2>
    <div class="map-seeds">${seeds.map((each) => one(room, facts, each))}</div>
  </section>`;
}

function one(room: Room, facts: Facts, { seed, task }: SeedLayout): TemplateResult {
  const { value, progress, working, error } = task;
  const points = (working ? progress?.points : undefined) ?? value?.embedding.points.data;
  const components = value?.embedding.points.dims[1] ?? room.view.map.components;
  const quality = value?.embedding.quality;
  return html`<figure>
    ${
      points === undefined
        ? html`<div class="map-empty">
            ${error === undefined ? nothing : html`<p class="dim">${error.message}</p>`}
          </div>`
        : html`<lens-map
            .scene=${pictureScene(room, facts, cloudFor(points, components))}
            .label=${`Seed ${seed}`}
            .tool=${room.view.map.tool}
            .picture=${pictureOf(room)}
            .words=${(i: number) => facts.survey.names[i] ?? ''}
            .focused=${room.focus}
            .arrived=${room.arrived}
          ></lens-map>`
    }
    <figcaption>
      <span
        >seed ${seed}${quality === undefined ? '' : ` · trustworthiness ${formatNumber(quality.trustworthiness)}`}</span
      >
      ${seed === room.view.map.seed ? html`<span class="dim">shown above</span>` : button({ label: 'Take this one', onClick: () => room.updateMap({ seed }) })}
    </figcaption>
    ${taskProgress(task, 'Placing the points')}
  </figure>`;
}
