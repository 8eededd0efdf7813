import { html, nothing, type TemplateResult } from 'lit';
import { colormap, type Colormap } from '../../../src/result/colormap.js';
import { render, type ValueMap } from '../../../src/result/heatmap.js';
import type { Rgb } from '../../../src/base/picture.js';
import type { Likeness, SanityCheck, SanityVerdict } from '../../../src/result/sanity.js';
import '../../shared/charts/colorBar.js';
import { nameOfColors } from '../../shared/canvas/display.js';
import { button, icon } from '../../shared/controls.js';
import { baseName, formatPercent } from '../../shared/format.js';
import '../../shared/charts/lineChart.js';
import type { LineChartData } from '../../shared/charts/lineChart.js';
import { tableHead } from '../../shared/table.js';
import '../../shared/canvas/thumbnail.js';
import type { Asked } from '../asked.js';
import type { Badge } from './badge.js';

/** The badge beside a heatmap: one line in words, and behind it the strip of maps and the curve over the layers. */

const SIGNS: Readonly<Record<SanityVerdict, { readonly icon: string; readonly word: string }>> = {
  learned: { icon: 'pass-filled', word: 'Passed' },
  partly: { icon: 'info', word: 'In part' },
  picture: { icon: 'warning', word: 'Warning' },
  empty: { icon: 'circle-slash', word: 'Empty' },
};

/** @param check checks the method on show */
export function sanityPart(c: Asked, badge: Badge, check: () => void): TemplateResult {
  const { state } = badge;
  switch (state.state) {
    case 'none':
      return html`<div class="sanity-line dim">${icon('circle-outline')}<span>Depends on the model?</span></div>`;
    case 'waiting':
      return html`<div class="sanity-line">
        ${icon('circle-outline')}<span class="dim">Not checked against random networks.</span>
        ${button({ label: 'Check this method', onClick: check })}
      </div>`;
    case 'working':
      return html`<div class="sanity-line dim">
        ${icon('loading', 'codicon-modifier-spin')}
        <span class="ellipsis"
          >Comparing with random
          networks${state.fraction === undefined ? '' : ` · ${formatPercent(state.fraction)}`}${state.message === '' ? '' : ` · ${state.message}`}</span
        >
      </div>`;
    case 'failed':
      return html`<div class="sanity-line">
        ${icon('circle-slash')}<span class="dim">Could not be checked: ${state.error.message}</span>
        ${button({ label: 'Check again', onClick: check })}
      </div>`;
    case 'done':
      return verdict(c, badge, state.sanity);
  }
}

function verdict(c: Asked, badge: Badge, sanity: SanityCheck): TemplateResult {
  const sign = SIGNS[sanity.verdict];
  const shown = c.shown?.explanation.input;
  const elsewhere = shown !== undefined && baseName(shown) !== baseName(sanity.input);
  return html`<details
    class="sanity ${sanity.verdict}"
    ?open=${badge.open}
    @toggle=${(event: Event) => badge.show((event.target as HTMLDetailsElement).open)}
  >
    <summary class="sanity-line">
      ${icon(sign.icon, 'sanity-icon')}<span class="sr-only">${sign.word}: </span>
      <span class="sanity-sentence"
        >${sanity.sentence}
        <span class="dim">${elsewhere ? `Checked on ${baseName(sanity.input)}` : 'Maps and curve'}</span></span
      >
    </summary>
    ${badge.open ? strip(c, sanity) : nothing}
  </details>`;
}

const pictures = new WeakMap<ValueMap, { readonly colors: Colormap; readonly picture: Rgb }>();

/** A map of magnitudes between 0 and 1 in colours, made once for each colour map. */
function pictureOf(map: ValueMap, colors: Colormap): Rgb {
  const known = pictures.get(map);
  if (known?.colors === colors) return known.picture;
  const picture = render({ ...map, limit: 1, percentile: 100 }, colors);
  pictures.set(map, { colors, picture });
  return picture;
}

function strip(c: Asked, sanity: SanityCheck): TemplateResult {
  const colors = colormap(nameOfColors(c.display, false));
  const map = (title: string, detail: string, values: ValueMap): TemplateResult =>
    html`<li>
      <lens-thumbnail .picture=${pictureOf(values, colors)} .side=${88}></lens-thumbnail>
      <span class="sanity-layer">${title}</span><span class="dim">${detail}</span>
    </li>`;
  return html`
    <p class="dim">
      The same map from the model as it is, and with its weights drawn anew from the output down to ever lower layers
      (Adebayo et al. 2018). A map that stays the same does not show what was learned. Alike: the mean of SSIM and
      Spearman's rank correlation of the magnitudes.
    </p>
    <ul class="sanity-strip" aria-label="Maps of the model and of its randomised copies">
      ${map('as trained', baseName(sanity.input), sanity.original)}
      ${sanity.stages.map((s) => map(`random to ${s.layer}`, `${formatPercent((Math.max(0, s.ssim) + Math.max(0, s.spearman)) / 2)} alike`, s.map))}
    </ul>
    <lens-color-bar
      class="sanity-bar"
      .colors=${colors}
      .limit=${1}
      .unit=${'magnitude'}
      .note=${'each map from its least value to its 99th percentile'}
    ></lens-color-bar>
    <lens-line-chart .data=${chartOf(sanity)} .label=${chartLabel(sanity)}></lens-line-chart>
    <details class="sanity-numbers">
      <summary>Numbers</summary>
      <table>
        <caption class="sr-only">
          Similarity to the map of the trained model
        </caption>
        ${tableHead('Random from the output down to', 'Layers', 'SSIM', 'Spearman', 'Rise of entropy')}
        <tbody>
          ${sanity.stages.map(
            (s) =>
              html`<tr>
                <th scope="row">${s.layer}</th>
                <td>${s.layers} (${formatPercent(s.share)})</td>
                <td>${s.ssim.toFixed(3)}</td>
                <td>${s.spearman.toFixed(3)}</td>
                <td>${s.entropyRise.toFixed(3)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
      ${measuresPart(sanity)}
    </details>
    ${
      sanity.notes.length === 0
        ? nothing
        : html`<ul class="remarks" aria-label="Remarks on the check">
            ${sanity.notes.map((note) => html`<li>${icon('info')}<span>${note}</span></li>`)}
          </ul>`
    }
  `;
}

const WORDS: Readonly<Record<Likeness, string>> = { unlike: 'unlike', between: 'in between', alike: 'alike' };

/** What each measure says of the fully random network: two have to agree. */
function measuresPart({ measures }: SanityCheck): TemplateResult | typeof nothing {
  if (measures.length === 0) return nothing;
  return html`<p class="dim">
    With all weights random, two of three measures decide:
    ${measures.map((m) => `${m.name} ${m.value.toFixed(2)} says ${WORDS[m.says]}`).join(', ')}.
  </p>`;
}

const charts = new WeakMap<SanityCheck, LineChartData>();

function chartOf(sanity: SanityCheck): LineChartData {
  let data = charts.get(sanity);
  if (data === undefined) {
    const { stages } = sanity;
    const least = Math.min(0, ...stages.flatMap((s) => [s.ssim, s.spearman]));
    data = {
      labels: stages.map((s) => s.layer),
      xTitle: 'random from the output down to',
      yTitle: 'similarity',
      minimum: Math.floor(least * 5) / 5,
      maximum: 1,
      series: [
        { name: 'SSIM', values: stages.map((s) => s.ssim) },
        { name: 'Spearman', values: stages.map((s) => s.spearman) },
      ],
    };
    charts.set(sanity, data);
  }
  return data;
}

function chartLabel({ stages }: SanityCheck): string {
  const last = stages.at(-1);
  return `Similarity to the trained model's map over ${stages.length} depths of randomisation${
    last === undefined
      ? ''
      : `; with all weights random SSIM ${last.ssim.toFixed(2)}, Spearman ${last.spearman.toFixed(2)}`
  }. The numbers follow as a table.`;
}
