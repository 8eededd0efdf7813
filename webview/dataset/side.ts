import { html, nothing, type TemplateResult } from 'lit';
import { button, iconButton, segmented } from '../shared/controls.js';
import { formatNumber, plural } from '../shared/format.js';
import { Remade } from '../shared/remade.js';
import { taskProgress } from '../shared/task/taskProgress.js';
import { shortName, WRONG, type Facts } from './facts.js';
import { pictureList } from './pictureList.js';
import type { Room } from './room.js';

/** So many are explained without being asked about: each takes time. */
const EXPLAINED = 60;

const listed = new Remade<readonly number[]>();

/** What is selected, and what lies near the picture that is looked at: beside every view but the gallery. */
export function side(room: Room, facts: Facts): TemplateResult {
  return html`<aside class="side" aria-label="Selection and neighbours">
    ${selection(room, facts)} ${neighbours(room, facts)}
  </aside>`;
}

function selection(room: Room, facts: Facts): TemplateResult {
  const { selected, elsewhere } = room;
  const examples = listed.get([selected], () => [...selected].sort((a, b) => a - b));
  const wrong = examples.filter((i) => facts.state[i] === WRONG).length;
  const others = elsewhere === 0 ? '' : ` · ${elsewhere} more elsewhere`;
  const isolated = room.isolated !== undefined;
  return html`<section>
    <h2>Selected <span class="hint">${examples.length}${wrong > 0 ? ` · ${wrong} wrong` : ''}${others}</span></h2>
    ${
      examples.length === 0
        ? html`<p class="dim">
            Nothing yet. Click a point, draw a lasso (Shift and drag), or choose a cell, a class or a row.
          </p>`
        : html`<div class="actions">
              ${button({
                label: examples.length === 1 ? 'Explain' : `Explain ${Math.min(EXPLAINED, examples.length)}`,
                icon: 'eye',
                title:
                  examples.length > EXPLAINED
                    ? `The first ${EXPLAINED} of ${examples.length}`
                    : 'Open the explain panel',
                onClick: () => room.explain(examples.slice(0, EXPLAINED)),
              })}
              ${iconButton({
                label: isolated ? 'Show all points again' : 'Show only these on the map',
                icon: 'filter',
                pressed: isolated,
                onClick: () => room.isolate(isolated ? undefined : selected),
              })}
              ${iconButton({ label: 'Show these in the gallery', icon: 'preview', onClick: () => room.update({ tab: 'gallery', gallery: { ...room.view.gallery, show: 'selected' } }) })}
              ${iconButton({ label: 'Select nothing', icon: 'clear-all', onClick: () => room.select([]) })}
            </div>
            ${pictureList(room, { label: 'Selected pictures', examples, most: 6 })}`
    }
  </section>`;
}

const near = new Remade<readonly number[]>();

function neighbours(room: Room, facts: Facts): TemplateResult | typeof nothing {
  const { focus, nearest, view } = room;
  if (focus === undefined || view.map.of === 'weights') return nothing;
  const { value, error } = nearest;
  const examples = near.get([value, facts], () =>
    (value?.names ?? []).map((name) => facts.at.get(name)).filter((i) => i !== undefined),
  );
  const distances = value?.distances;
  return html`<section>
    <h2>
      Neighbours
      <span class="hint ellipsis">of ${shortName(facts, focus)}${value === undefined ? '' : ` in ${value.layer}`}</span>
    </h2>
    <div class="field-line">
      ${segmented({
        label: 'Distance',
        value: view.map.metric,
        choices: [
          { value: 'cosine', label: 'cosine', title: 'The angle between what the layer makes of two pictures' },
          {
            value: 'euclidean',
            label: 'Euclidean',
            title: 'The distance between what the layer makes of two pictures',
          },
        ],
        onChange: (metric) => {
          room.updateMap({ metric: metric === 'euclidean' ? 'euclidean' : 'cosine' });
          room.look(focus);
        },
      })}
      ${examples.length === 0 ? nothing : button({ label: `Select ${plural(examples.length, 'neighbour')}`, onClick: () => room.select([focus, ...examples]) })}
    </div>
    ${taskProgress(nearest, 'Looking for neighbours')}
    ${error === undefined ? nothing : html`<p class="dim" role="status">${error.message}</p>`}
    ${
      examples.length === 0
        ? nothing
        : html`<div class=${nearest.outdated ? 'old' : ''}>
            ${pictureList(room, {
              label: `Pictures that are nearest to ${shortName(facts, focus)}`,
              examples,
              note: (at) => `${formatNumber(distances?.[at] ?? NaN)} away`,
              most: 6,
            })}
          </div>`
    }
  </section>`;
}
