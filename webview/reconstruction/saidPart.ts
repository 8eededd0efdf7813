import { html, nothing, type TemplateResult } from 'lit';
import type { PictureSaid, Reconstruction } from '../../src/result/reconstruction.js';
import { predictionBars } from '../shared/charts/predictionBars.js';
import { formatDuration, formatNumber, formatProbability } from '../shared/format.js';
import { nameList } from '../shared/table.js';
import { facetShown } from './facetsPart.js';
import type { VisualizePage } from './page.js';

/** What the model says of the saved picture, and of what it began with. */
export function saysPart(page: VisualizePage): TemplateResult | typeof nothing {
  const { result, made, view } = page;
  if (result === undefined || made.working || page.running !== undefined) return nothing;
  const { change, facets } = result;
  const { says, saved } = facetShown(page);
  const target = result.target.index;
  const oneClass = says.probability !== undefined;
  return html`<section class="vis-says" aria-labelledby="vis-says">
    <h2 id="vis-says">
      The model says<span class="hint dim">${facets === undefined ? '' : `of facet ${page.facet + 1}`}</span>
    </h2>
    ${predictionBars({
      predictions: says.top,
      rows: 0,
      target: oneClass ? target : undefined,
      onTarget: (index) => page.ask({ aim: { ...view.aim, kind: 'class', class: index } }),
    })}
    <p class="vis-small">
      Of the picture as it is saved, ${saved.width} × ${saved.height} pixels with 8 bits per colour, read by the model’s
      own preprocessing. ${saidOf(says, result.target.label)}
    </p>
    <p class="vis-small vis-warning">
      A probability says nothing of how a picture looks: networks are as sure of pure texture after a few dozen steps.
    </p>
    ${change === undefined ? nothing : changePart(result, change)}
  </section>`;
}

function saidOf({ probability, value }: PictureSaid, label: string): string {
  if (probability !== undefined) return `${label}: ${formatProbability(probability)}.`;
  return Number.isFinite(value) ? `${label}: ${formatNumber(value)}.` : '';
}

function changePart(
  { target }: Reconstruction,
  { norm, most, before }: NonNullable<Reconstruction['change']>,
): TemplateResult {
  const [first] = before.top;
  return html`<h2>The change</h2>
    ${nameList(
      [
        ['Length of the change', `${(100 * norm).toPrecision(3)} % of the picture’s`],
        ['Most of any colour', `${(255 * most).toPrecision(3)} of 255`],
        [
          'Before',
          first === undefined
            ? '–'
            : `${first.label}${first.probability === undefined ? '' : ` ${formatProbability(first.probability)}`}`,
        ],
        [
          `${target.label} before`,
          before.probability === undefined ? formatNumber(before.value) : formatProbability(before.probability),
        ],
      ],
      'numbers',
    )}`;
}

/** What was done, and what is to be known of it. */
export function factsPart(page: VisualizePage): TemplateResult | typeof nothing {
  const { made, result } = page;
  if (result === undefined || made.working || page.running !== undefined) return nothing;
  const ends = { steps: 'all steps', reached: 'the probability was reached', stopped: 'stopped by hand' }[result.ended];
  const notes = [...new Set([...result.notes, ...(made.value?.warnings ?? [])])];
  return html`<section class="vis-facts" aria-labelledby="vis-facts">
    <h2 id="vis-facts">How it was made</h2>
    ${nameList(
      [
        ['Preset', result.preset],
        ['Steps', `${result.steps}, ${ends}`],
        ['Seed', String(result.recipe.seed ?? 0)],
        ['Took', `${formatDuration(result.milliseconds)} on ${made.value?.provider ?? ''}`],
      ],
      'numbers',
    )}
    ${notes.map((note) => html`<p class="dim vis-small">${note}</p>`)}
  </section>`;
}
