import { html, nothing, type TemplateResult } from 'lit';
import '../shared/canvas/thumbnail.js';
import type { PictureSaid } from '../../src/result/reconstruction.js';
import { button, iconButton, segmented } from '../shared/controls.js';
import { formatNumber, formatProbability, plural } from '../shared/format.js';
import { failure } from '../shared/messages.js';
import { taskProgress } from '../shared/task/taskProgress.js';
import { comparedCells, comparisonOf, networksOf, sameCells } from './compared.js';
import type { Comparison } from './kept.js';
import type { VisualizePage } from './page.js';
import type { Series, SeriesCell } from './series.js';

const SIDE = 160;

const COMPARISONS: readonly { readonly value: Comparison; readonly label: string; readonly title: string }[] = [
  {
    value: 'presets',
    label: 'Presets',
    title: 'The same by every preset: trick after trick, from a pattern to a picture',
  },
  {
    value: 'tricks',
    label: 'Tricks one by one',
    title: 'The preset that is set, with one more of its tricks each time',
  },
  { value: 'networks', label: 'Networks', title: 'The same question and seed to this network and to others' },
  {
    value: 'layers',
    label: 'Layers',
    title: 'What each layer still sees of the photograph: another picture in which it sees the same',
  },
];

/** Pictures side by side. */
export function comparePart(page: VisualizePage): TemplateResult {
  const { view, compare } = page;
  const { preset } = view;
  const comparison = comparisonOf(page);
  const ready = page.facts !== undefined && !(comparison !== 'presets' && page.wanted !== undefined);
  const cells = ready ? comparedCells(page) : [];
  const begun = view.compared !== undefined && sameCells(view.compared.cells, cells);
  const nothingToAdd = ready && comparison === 'tricks' && cells.length === 0;
  return html`<section class="vis-compare" aria-labelledby="vis-compare">
    <h2 id="vis-compare">${page.name} side by side<span class="hint dim">seed ${view.seed}</span></h2>
    <div class="controls-row">
      ${segmented({
        label: 'What is put side by side',
        value: comparison,
        choices: COMPARISONS.filter(({ value }) => value !== 'layers' || view.aim.kind === 'inversion'),
        onChange: (chosen) => page.update({ comparison: chosen as Comparison }),
      })}
      ${
        begun || nothingToAdd
          ? nothing
          : button({
              label: `Make ${plural(cells.length, 'Picture')}`,
              look: 'primary',
              icon: 'sparkle',
              disabled: cells.length === 0,
              onClick: () => page.beginCompare(cells),
            })
      }
    </div>
    ${comparison === 'networks' ? networksPart(page) : nothing}
    ${
      nothingToAdd
        ? html`<p class="dim">${preset} is without tricks: there is nothing to add one by one.</p>`
        : html`<p class="dim vis-small">${COMPARISONS.find((c) => c.value === comparison)?.title}.</p>`
    }
    ${seriesState(compare, () => void compare.resume())}
    ${
      begun
        ? html`<ul class="plain vis-cards">
            ${compare.cells.map((cell) => cardOf(page, cell))}
          </ul>`
        : nothing
    }
  </section>`;
}

function networksPart(page: VisualizePage): TemplateResult {
  const networks = networksOf(page);
  const add = async (): Promise<void> => {
    const network = await page.host.chooseNetwork({}).catch(() => undefined);
    if (network === undefined) return;
    const others = networks.filter(({ name }) => name !== network.name);
    page.update({ networks: [...others, network] });
  };
  return html`<div class="controls-row" role="group" aria-label="Other networks">
    ${networks.map(
      (network) =>
        html`<span class="vis-network"
          >${network.name}${iconButton({
            label: `Without ${network.name}`,
            icon: 'close',
            disabled: networks.length === 1,
            onClick: () => page.update({ networks: networks.filter((each) => each !== network) }),
          })}</span
        >`,
    )}
    ${button({ label: 'Add a Network…', icon: 'add', onClick: () => void add() })}
  </div>`;
}

type Many = Pick<Series, 'working' | 'partial' | 'done' | 'error' | 'startedAt' | 'progress'> & {
  readonly cells: readonly unknown[];
  cancel(): void;
};

/** How far work on many pictures is, what stopped it, and the way to go on. */
export function seriesState(series: Many, resume: () => void): TemplateResult {
  return html`${
    series.error === undefined ? nothing : failure(series.error, [{ label: 'Go on', look: 'primary', onClick: resume }])
  }
  ${taskProgress(
    { working: series.working, startedAt: series.startedAt, progress: series.progress, cancel: () => series.cancel() },
    'Making pictures',
    { after: 0 },
  )}
  ${
    series.partial && series.error === undefined
      ? html`<p class="controls-row" role="status">
          <span class="dim">Stopped: ${series.done} of ${plural(series.cells.length, 'picture')} are there.</span>
          ${button({ label: 'Go on', look: 'primary', icon: 'play', onClick: resume })}
        </p>`
      : nothing
  }`;
}

/** A probability, an answer, or where there is no number of the model's own what was maximised. */
function answerOf({ probability, value }: PictureSaid, trace: readonly number[] = []): string {
  if (probability !== undefined) return `p ${formatProbability(probability)}`;
  return Number.isFinite(value) ? formatNumber(value) : formatNumber(trace.at(-1) ?? NaN);
}

function cardOf(page: VisualizePage, cell: SeriesCell): TemplateResult {
  const { made, error, live, title } = cell;
  const picture = made?.picture ?? live;
  const said = made?.says;
  const first = said?.top[0];
  const open = (): void => {
    const { asked } = cell;
    if (asked.network !== undefined) return;
    const { preset, ...params } = asked.params;
    const { aim } = page.view;
    page.update({
      preset: String(preset),
      params: { ...page.view.params, [String(preset)]: params },
      ...(asked.layer === undefined ? {} : { aim: { ...aim, layer: asked.layer } }),
    });
    page.loadForm();
    page.make();
  };
  return html`<li class="vis-card">
    <button
      type="button"
      class="vis-card-picture"
      aria-label="${title}: ${error?.message ?? (said === undefined ? 'not there yet' : 'show it large')}"
      title=${cell.asked.network === undefined ? 'Show it large' : title}
      ?disabled=${made === undefined || cell.asked.network !== undefined}
      @click=${open}
    >
      <lens-thumbnail .picture=${picture} .side=${SIDE}></lens-thumbnail>
    </button>
    <span class="vis-card-title">${title}</span>
    ${
      error !== undefined
        ? html`<span class="dim vis-small">${error.message}</span>`
        : said === undefined
          ? html`<span class="dim vis-small">${live === undefined ? 'not there yet' : 'being made'}</span>`
          : html`<span class="vis-small"
              >${answerOf(said, made?.trace)}<span class="dim"
                >${first === undefined ? '' : ` · says ${first.label}`}</span
              ></span
            >`
    }
    ${made?.change === undefined ? nothing : html`<span class="dim vis-small">changed by ${(100 * made.change.norm).toPrecision(2)} %</span>`}
  </li>`;
}
