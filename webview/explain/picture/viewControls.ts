import { html, nothing, type TemplateResult } from 'lit';
import { DIVERGING, SEQUENTIAL, type DivergingName, type SequentialName } from '../../../src/result/colormap.js';
import { classAt } from '../../../src/result/classMap.js';
import type { Reduction, Sign } from '../../../src/result/heatmap.js';
import { dropdown, icon, numberField, segmented, slider } from '../../shared/controls.js';
import { sliceWords, valueAt, type Display, type Scene } from '../../shared/canvas/display.js';
import { styles } from '../../shared/page/css.js';
import { formatNumber, formatPercent } from '../../shared/format.js';
import type { Pixel } from '../../shared/canvas/geometry.js';
import type { Asked } from '../asked.js';
import type { Difference } from './difference.js';
import { tensorAt } from './modelView.js';

/** The part of the panel that draws: nothing in it runs the model again. */

const MODES = [
  { value: 'heat', label: 'Heat', title: 'The heat alone, in its own resolution' },
  { value: 'blend', label: 'Blend', title: 'The heat over the picture' },
  { value: 'outline', label: 'Outline', title: 'Lines around what lies above a level of the scale' },
  { value: 'original', label: 'Original', title: 'The picture as the model sees it (hold O)' },
  { value: 'mask', label: 'Mask', title: 'The picture where the map is strongest, and nothing else' },
];
const REDUCTIONS = [
  { value: 'l1', label: 'L1', title: 'Sum of the magnitudes of the channels' },
  { value: 'l2', label: 'L2', title: 'Euclidean length over the channels' },
  { value: 'max', label: 'max', title: 'Largest magnitude of the channels' },
  { value: 'sum', label: 'sum', title: 'Sum of the channels, with sign' },
];
const SIGNS = [
  { value: 'both', label: '± both', title: 'For and against the target' },
  { value: 'positive', label: '+ for', title: 'Only what speaks for the target' },
  { value: 'negative', label: '− against', title: 'Only what speaks against it' },
  { value: 'absolute', label: '| | size', title: 'Magnitude, whatever the sign' },
];
const RENDERINGS = [
  { value: 'pixels', label: 'pixels', title: 'Every value of the map as it is' },
  { value: 'smooth', label: 'smooth', title: 'Interpolated between the values' },
];

export function modeControls(c: Asked, held: boolean): TemplateResult {
  const { display } = c;
  return html`<div class="mode-row">
    ${segmented({
      label: 'Show',
      value: held ? 'original' : display.mode,
      choices: MODES,
      onChange: (mode) => c.setDisplay({ mode: mode as Display['mode'] }),
    })}
    ${strength(c)}
  </div>`;
}

/** What the slider beside the modes sets: for each mode one share. */
const STRENGTHS = {
  blend: { field: 'opacity', name: 'Opacity', label: 'Opacity of the heat' },
  outline: { field: 'level', name: 'Level', label: 'Level of the outline, of the scale' },
  mask: { field: 'top', name: 'Top', label: 'Share of the map that is shown, the strongest first' },
} as const;

function strength(c: Asked): TemplateResult {
  const { display } = c;
  const { mode } = display;
  const disabled = mode === 'heat' || mode === 'original';
  const { field, name, label } = STRENGTHS[disabled ? 'blend' : mode];
  const value = display[field];
  return html`<label class="opacity"
    ><span class="field-name">${name}</span>${slider({
      label,
      value: Math.round(value * 100),
      minimum: field === 'opacity' ? 0 : 1,
      maximum: field === 'level' ? 99 : 100,
      step: 1,
      text: formatPercent(value),
      disabled,
      onInput: (percent) => c.setDisplay({ [field]: percent / 100 }),
    })}<span class="value">${formatPercent(value)}</span></label
  >`;
}

/** Goes through the slices of a volume; all of them beside one another are the first place. */
export function slicePart(c: Asked, scene: Scene | undefined, picking = false): TemplateResult {
  const { slices } = scene ?? {};
  const words = scene && sliceWords(scene);
  if (slices === undefined || words === undefined) return html``;
  return html`<div class="mode-row">
    <label class="opacity slices" title=${picking ? 'Places are picked in all slices' : nothing}
      ><span class="field-name">Slice</span>${slider({
        label: 'Slice of the volume',
        value: slices.shown,
        minimum: 0,
        maximum: slices.count,
        step: 1,
        text: words,
        disabled: picking,
        onInput: (slice) => c.setDisplay({ slice }),
      })}<span class="value">${words}</span></label
    >
  </div>`;
}

/** Draws the borders of the parts that a map is of; the fit's R² beside it. */
export function partsToggle(c: Asked, scene: Scene | undefined): TemplateResult {
  const { parts } = scene ?? {};
  if (parts === undefined) return html``;
  const { r2, count } = parts;
  return html`<button
    type="button"
    class="seen-by-model"
    aria-pressed=${c.display.parts}
    title="Draws the borders of the parts over the picture; the value of a part stands below while the pointer is on it"
    @click=${() => c.setDisplay({ parts: !c.display.parts })}
  >
    ${icon('symbol-misc')}${count}
    parts${r2 === undefined ? nothing : html`<span class="dim">R² ${r2.toFixed(2)}</span>`}
  </button>`;
}

export function scalePart(c: Asked, scene: Scene | undefined): TemplateResult {
  const { attribution } = c.shown?.explanation ?? {};
  const size = attribution?.resolution;
  const notes = [
    size === undefined ? '' : `map ${size[1]}×${size[0]}`,
    scene === undefined
      ? ''
      : c.display.percentile >= 100
        ? 'largest value'
        : `clipped at ${formatNumber(c.display.percentile)} pct`,
  ];
  return html`<lens-color-bar
    .colors=${scene?.colors}
    .limit=${scene?.scaled.limit ?? 0}
    .unit=${scene?.unit ?? attribution?.unit ?? ''}
    .note=${notes.filter((n) => n !== '').join(' · ')}
  ></lens-color-bar>`;
}

/** Values under the pointer: of the picture, of the model's input, of the heat. Always there, so that nothing moves. */
export function readout(c: Asked, scene: Scene | undefined, pixel: Pixel | undefined): TemplateResult {
  const values = pixelValues(c, scene, pixel);
  const rgb = pixel === undefined || scene === undefined ? undefined : rgbAt(scene, pixel);
  return html`<dl class="readout" aria-hidden="true">
    <div>
      <dt>Pixel</dt>
      <dd>${values?.at ?? '–'}</dd>
    </div>
    <div>
      <dt>Picture</dt>
      <dd>
        ${rgb === undefined ? '–' : html`<i class="swatch" ${styles({ background: `rgb(${rgb.join(' ')})` })}></i>${rgb.join('\u2002')}`}
      </dd>
    </div>
    <div>
      <dt>Model input</dt>
      <dd>${values?.tensor ?? '–'}</dd>
    </div>
    <div>
      <dt>Heat</dt>
      <dd title=${values?.heat ?? nothing}>${values?.heat ?? '–'}</dd>
    </div>
    ${
      c.shown?.explanation.classMap === undefined
        ? nothing
        : html`<div>
            <dt>Class</dt>
            <dd>${values?.kind ?? '–'}</dd>
          </div>`
    }
  </dl>`;
}

/** The same in words, for a screen reader. */
export function spokenReadout(c: Asked, scene: Scene | undefined, pixel: Pixel | undefined): string {
  const values = pixelValues(c, scene, pixel);
  const kind = values?.kind === undefined ? '' : `, class ${values.kind}`;
  return values === undefined ? '' : `${values.at}: heat ${values.heat}, picture ${values.rgb}${kind}`;
}

function pixelValues(c: Asked, scene: Scene | undefined, pixel: Pixel | undefined) {
  if (scene === undefined || pixel === undefined) return undefined;
  const { x, y } = pixel;
  const { classMap } = c.shown?.explanation ?? {};
  const tensor = c.preprocessing === undefined ? undefined : tensorAt(scene.picture, c.preprocessing, x, y);
  return {
    at: `${x}, ${y}`,
    rgb: rgbAt(scene, pixel).join(' '),
    tensor: tensor?.map(formatNumber).join('\u2002'),
    heat: heatAt(scene, x, y),
    kind: classMap && (classAt(classMap, scene.picture, pixel)?.label ?? 'none'),
  };
}

/** The value of a map; of a part with its number and twice its standard error, where that is known. */
function heatAt(scene: Scene, x: number, y: number): string {
  const value = formatNumber(valueAt(scene, x, y));
  const { parts, picture } = scene;
  if (parts === undefined) return value;
  const part = parts.of[y * picture.width + x] ?? -1;
  if (part < 0) return 'no part';
  const error = parts.errors?.[part];
  return `${value}${error === undefined ? '' : ` ± ${formatNumber(2 * error)}`} · part ${part + 1} of ${parts.count}`;
}

function rgbAt({ picture }: Scene, { x, y }: Pixel): number[] {
  const at = 3 * (y * picture.width + x);
  return [...picture.data.subarray(at, at + 3)];
}

/** @param difference to another run; absent where none can be taken, as in a grid */
export function drawingControls(c: Asked, scene: Scene | undefined, difference?: Difference): TemplateResult {
  const { display } = c;
  const diverging = scene?.values.signed === true;
  const references = difference?.references ?? [];
  const small = (name: string, control: TemplateResult): TemplateResult =>
    html`<div class="stacked"><span class="field-name">${name}</span>${control}</div>`;
  return html`<div class="drawing" role="group" aria-label="Drawing">
    ${small(
      'Reduce',
      dropdown({
        label: 'Reduce the channels by',
        value: display.reduction,
        choices: REDUCTIONS,
        disabled: scene !== undefined && !scene.channels,
        onChange: (v) => c.setDisplay({ reduction: v as Reduction }),
      }),
    )}
    ${small(
      'Sign',
      dropdown({
        label: 'Sign',
        value: display.sign,
        choices: SIGNS,
        disabled: scene !== undefined && !scene.signed,
        onChange: (v) => c.setDisplay({ sign: v as Sign }),
      }),
    )}
    ${small(
      'Clip, pct',
      numberField({
        label: 'Clip at percentile',
        value: display.percentile,
        minimum: 50,
        maximum: 100,
        step: 0.1,
        title: 'Magnitudes beyond this percentile are drawn at the end of the scale',
        onChange: (percentile) => c.setDisplay({ percentile }),
      }),
    )}
    ${small(
      'Colours',
      dropdown({
        label: 'Colours',
        value: display.auto ? 'auto' : diverging ? display.diverging : display.sequential,
        choices: [
          {
            value: 'auto',
            label: scene === undefined ? 'auto' : `auto: ${scene.colors.name}`,
            title: 'The colours that contrast most with this picture',
          },
          ...(diverging ? DIVERGING : SEQUENTIAL).map((v) => ({ value: v, label: v === 'gray' ? 'grey' : v })),
        ],
        onChange: (v) =>
          c.setDisplay(
            v === 'auto'
              ? { auto: true }
              : {
                  auto: false,
                  ...(diverging ? { diverging: v as DivergingName } : { sequential: v as SequentialName }),
                },
          ),
      }),
    )}
    ${
      difference === undefined
        ? nothing
        : small(
            'Minus',
            dropdown({
              label: 'Difference to another run',
              value: difference.reference?.id ?? '',
              choices: [
                { value: '', label: 'nothing' },
                ...references.map((run) => ({ value: run.id, label: run.title, title: 'This map minus that one' })),
              ],
              disabled: references.length === 0,
              onChange: (id) => difference.subtract(id),
            }),
          )
    }
    ${small(
      'Drawn as',
      dropdown({
        label: 'Drawn as',
        value: display.smooth ? 'smooth' : 'pixels',
        choices: RENDERINGS,
        onChange: (v) => c.setDisplay({ smooth: v === 'smooth' }),
      }),
    )}
  </div>`;
}
