import { html, nothing, type TemplateResult } from 'lit';
import type { NamedFile } from '../../../src/protocol/explainPanel.js';
import type { MethodDescription } from '../../../src/result/method.js';
import '../../shared/canvas/heatCanvas.js';
import type { Pixel } from '../../shared/canvas/geometry.js';
import type { PixelEvent } from '../../shared/canvas/heatCanvas.js';
import '../../shared/charts/colorBar.js';
import { combobox } from '../../shared/form/combobox.js';
import { button, dropdown, segmented } from '../../shared/controls.js';
import { DEFAULT_DISPLAY, sceneOf, valueAt, type Scene } from '../../shared/canvas/display.js';
import { formatNumber, formatProbability } from '../../shared/format.js';
import type { TrainingView } from '../kept.js';
import type { Frame } from './frame.js';
import type { TrainingFrames } from './frames.js';

export interface PictureOptions {
  readonly picture: NamedFile | undefined;
  readonly trusted: boolean;
  readonly methods: readonly MethodDescription[];
  readonly method: MethodDescription | undefined;
  readonly view: TrainingView;
  readonly layer: string | undefined;
  readonly labels: readonly string[];
  /** The class that is explained everywhere, once it is known. */
  readonly explained: TrainingFrames['explained'];
  /** What is shown: of the checkpoint that is looked at, or of the one before while that is computed. */
  readonly frame: Frame | undefined;
  readonly current: boolean;
  readonly limit: { readonly limit: number; readonly of: number };
  readonly count: number;
  readonly pixel: Pixel | undefined;
  readonly onPixel: (pixel: Pixel | undefined) => void;
  readonly onPicture: () => void;
  readonly onLabels: () => void;
  readonly onChange: (view: Partial<TrainingView>) => void;
}

/** One picture, explained by the checkpoint that is looked at; all checkpoints on one scale. */
export function picturePart(o: PictureOptions): TemplateResult {
  return html`<section class="training-picture" aria-label="Explanation">
    <h2>Explanation</h2>
    ${
      o.trusted
        ? o.picture === undefined
          ? html`<p class="dim">Choose a picture to see how its explanation changes.</p>
              <div class="actions">
                ${button({ label: 'Choose a Picture…', look: 'primary', onClick: o.onPicture })}
              </div>`
          : html`${question(o, o.picture)} ${answer(o)}`
        : html`<p class="dim">Models of a workspace that is not trusted are not run.</p>`
    }
  </section>`;
}

function question(o: PictureOptions, picture: NamedFile): TemplateResult {
  const { view, method, layer } = o;
  return html`<div class="controls-row">
      <span class="ellipsis">${picture.name}</span>
      ${button({ label: 'Other Picture…', onClick: o.onPicture })}
    </div>
    <div class="controls-row">
      <span class="control-wide"
        >${dropdown({
          label: 'Method',
          value: method?.id ?? '',
          choices: o.methods.map((m) => ({ value: m.id, label: m.title, title: m.summary })),
          onChange: (id) => o.onChange({ method: id }),
        })}</span
      >
      <span class="control-wide"
        >${combobox({
          label: 'Explained class',
          value: view.target,
          shown: targetText(o),
          entries: [
            { value: 'top1', label: 'the newest checkpoint’s prediction' },
            ...o.labels.map((label, i) => ({ value: String(i), label, detail: String(i) })),
          ],
          onChoose: (target) => o.onChange({ target }),
          onOpen: o.onLabels,
        })}</span
      >
      ${
        method === undefined || method.layer === 'none' || layer === undefined
          ? nothing
          : segmented({
              label: 'Point of view',
              value: view.atLayer ? 'layer' : 'automatic',
              choices: [
                {
                  value: 'automatic',
                  label: method.layer === 'chosen' ? 'Automatic layer' : 'Input',
                  title: method.layer === 'chosen' ? 'The layer that the method picks itself' : 'The picture itself',
                },
                { value: 'layer', label: 'Selected layer', title: layer },
              ],
              onChange: (value) => o.onChange({ atLayer: value === 'layer' }),
            })
      }
    </div>`;
}

function targetText({ view, explained, labels }: PictureOptions): string {
  if (explained === undefined) return 'the newest checkpoint’s prediction';
  const label = labels[Number(explained.index)] ?? explained.label ?? `class ${explained.index}`;
  return view.target === 'top1' ? `${label} (newest prediction)` : label;
}

function answer(o: PictureOptions): TemplateResult {
  const { frame, current, limit, count, pixel } = o;
  const explanation = frame?.explanation;
  const scene = frame === undefined || explanation === undefined ? undefined : sceneFor(frame, limit.limit);
  const best = explanation?.predictions[0];
  return html`<div class="training-stage ${current ? '' : 'old'}">
      <lens-heat-canvas
        .scene=${scene}
        .display=${DEFAULT_DISPLAY}
        .label=${explanation === undefined ? 'No explanation yet' : `Explanation by ${frame!.entry.file.name} for ${explanation.target.label}`}
        @lens-pixel=${(event: CustomEvent<PixelEvent>) => o.onPixel(event.detail.pixel)}
      ></lens-heat-canvas>
    </div>
    <p class="cell-readout" aria-live="polite">
      ${pixel === undefined || scene === undefined ? '' : `(${pixel.x}, ${pixel.y}) ${formatNumber(valueAt(scene, pixel.x, pixel.y))}`}
    </p>
    <p class="training-line">
      ${
        explanation === undefined
          ? frame?.explanationError === undefined
            ? html`<span class="dim">Not explained yet.</span>`
            : nothing
          : html`<strong>${explanation.target.label}</strong> ${formatNumber(explanation.value)}${
                explanation.probability === undefined
                  ? ''
                  : ` (probability ${formatProbability(explanation.probability)})`
              }${
                best === undefined || best.index === explanation.target.index
                  ? ', its prediction'
                  : html`; it predicts
                      <strong>${best.label}</strong
                      >${best.probability === undefined ? '' : ` (${formatProbability(best.probability)})`}`
              }`
      }
    </p>
    ${
      scene === undefined
        ? nothing
        : html`<lens-color-bar
            .colors=${scene.colors}
            .limit=${limit.limit}
            .unit=${explanation!.attribution.unit}
            .note=${sharedText(limit.of, count, 'explained')}
          ></lens-color-bar>`
    }
    ${explanation?.layer === undefined ? nothing : html`<p class="dim">At ${explanation.layer}.</p>`}`;
}

/** Of which checkpoints a scale is the common one. */
export function sharedText(of: number, count: number, how: string): string {
  return of === count ? `shared by all ${count} checkpoints` : `shared by the ${of} of ${count} that are ${how}`;
}

const scenes = new WeakMap<object, { readonly limit: number; readonly scene: Scene }>();

/** The same scene while neither map nor scale change: what shows it need not draw again. */
function sceneFor({ explanation }: Frame, limit: number): Scene {
  const known = scenes.get(explanation!);
  if (known?.limit === limit) return known.scene;
  const scene = sceneOf(explanation!, DEFAULT_DISPLAY, { limit });
  scenes.set(explanation!, { limit, scene });
  return scene;
}
