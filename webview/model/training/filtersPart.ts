import { html, nothing, type TemplateResult } from 'lit';
import { colormap } from '../../../src/result/colormap.js';
import type { LayerDescription } from '../../../src/result/inspection.js';
import type { LayerWeights, WeightStatistics } from '../../../src/result/weights.js';
import '../../shared/canvas/cellGrid.js';
import type { CellPoint, CellsInSight } from '../../shared/canvas/cellGrid.js';
import type { CellSource } from '../../shared/canvas/cells.js';
import '../../shared/charts/colorBar.js';
import { button } from '../../shared/controls.js';
import { formatNumber, plural } from '../../shared/format.js';
import '../../shared/charts/histogram.js';
import { failure } from '../../shared/messages.js';
import { weightChoice, weightText } from '../../shared/form/cellControls.js';
import type { WeightsView } from '../kept.js';
import { valueText } from '../weights/source.js';
import type { Frame } from './frame.js';
import type { TrainingFrames } from './frames.js';
import { sharedText } from './picturePart.js';

export interface FiltersOptions {
  readonly layer: LayerDescription | undefined;
  /** The checkpoint that is looked at. */
  readonly frame: Frame | undefined;
  /** The one whose weights are shown: they stay, greyed, until those that are looked at are there. */
  readonly shown: Frame | undefined;
  /** Which weights the layer has. */
  readonly answer: LayerWeights | undefined;
  readonly source: CellSource | undefined;
  readonly frames: TrainingFrames;
  readonly view: WeightsView;
  readonly arrived: number;
  readonly point: CellPoint | undefined;
  readonly onPoint: (point: CellPoint | undefined) => void;
  readonly onSight: (sight: CellsInSight) => void;
  readonly onZoom: (zoom: number) => void;
  readonly onWeight: (name: string) => void;
  readonly onFirst: () => void;
}

/** A weight of the layer in the checkpoint that is looked at: its picture, its numbers, its histogram. */
export function filtersPart(o: FiltersOptions): TemplateResult {
  const { layer, answer, frame, frames } = o;
  return html`<section class="training-filters" aria-label="Weights of the layer">
    <h2>
      Weights${answer === undefined || answer.weights.length > 1 ? nothing : html`<span class="hint dim">${weightText(answer.shown)}</span>`}
    </h2>
    ${
      answer === undefined || answer.weights.length < 2
        ? nothing
        : html`<div class="controls-row">
            ${weightChoice({ ...answer, shown: chosen(answer, o.view) }, o.onWeight)}
          </div>`
    }
    ${
      layer === undefined || layer.weights.length === 0
        ? html`<p class="dim">
              ${layer === undefined ? 'Choose a layer in the list to see how it is learned.' : `${layer.op} holds no weights.`}
            </p>
            <div class="actions">${button({ label: 'Choose the first layer with weights', onClick: o.onFirst })}</div>`
        : frame?.weightsError !== undefined
          ? failure(frame.weightsError, [{ label: 'Try again', onClick: () => frames.resume() }])
          : picture(o)
    }
  </section>`;
}

/** What is asked for, though the answer may still be about another. */
function chosen({ weights, shown }: LayerWeights, { weight }: WeightsView): LayerWeights['shown'] {
  return weights.find(({ name }) => name === weight) ?? shown;
}

function picture(o: FiltersOptions): TemplateResult | typeof nothing {
  const { frame, shown, source, frames, view } = o;
  const answer = shown?.weights?.answer;
  if (source === undefined || answer === undefined) return nothing;
  return html`<div class=${frame?.weights === undefined ? 'old' : ''}>
    <lens-cell-grid
      class="view-${answer.shown.view}"
      .source=${source}
      .label=${`${answer.shown.role} of ${answer.layer} in ${shown!.entry.file.name}`}
      .zoom=${view.zoom}
      .arrived=${o.arrived}
      @lens-cell=${(event: CustomEvent<CellPoint | null>) => o.onPoint(event.detail ?? undefined)}
      @lens-sight=${(event: CustomEvent<CellsInSight>) => o.onSight(event.detail)}
      @lens-zoom=${(event: CustomEvent<number>) => o.onZoom(event.detail)}
    ></lens-cell-grid>
    <p class="cell-readout" aria-live="polite">${readout(o)}</p>
    ${scale(o, answer.shown.view === 'rgb')} ${numbers(frame?.statistics ?? shown?.statistics, frames)}
  </div>`;
}

function numbers(statistics: WeightStatistics | undefined, frames: TrainingFrames): TemplateResult | typeof nothing {
  if (statistics === undefined) return nothing;
  const dead = statistics.dead.reduce((sum, each) => sum + each, 0);
  return html`<p class="training-line">
      norm ${formatNumber(statistics.l2)} · mean ${formatNumber(statistics.mean)} · deviation
      ${formatNumber(statistics.std)} · ${formatNumber(statistics.min)} to ${formatNumber(statistics.max)} ·
      ${(100 * statistics.sparsity).toFixed(1)} % zero · ${plural(dead, 'dead filter')}
    </p>
    <lens-histogram
      .histogram=${statistics.histogram}
      .range=${frames.histograms?.range}
      .most=${frames.histograms?.most ?? 0}
      .label=${'Histogram of the weights, on axes shared by the checkpoints'}
    ></lens-histogram>`;
}

/** What is pointed at, in the checkpoint that is shown. */
function readout({ point, source, shown }: FiltersOptions): string {
  if (point === undefined || source === undefined || shown?.weights === undefined) return '';
  const { answer, pages } = shown.weights;
  return `${source.label(point.row, point.column)}${valueText(answer, pages, point)}`;
}

function scale({ frames, view }: FiltersOptions, colours: boolean): TemplateResult {
  const { limit, of } = frames.magnitude;
  const note = sharedText(of, frames.list.length, 'measured');
  if (colours) return html`<p class="dim">Grey is zero; the brightest is ±${formatNumber(limit)}, ${note}.</p>`;
  return html`<lens-color-bar
    .colors=${colormap(view.map)}
    .limit=${limit}
    .unit=${'weight'}
    .note=${note}
  ></lens-color-bar>`;
}
