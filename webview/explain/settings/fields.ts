import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { dropdown, icon, segmented } from '../../shared/controls.js';
import {
  hasSide,
  presetOf,
  presetsFor,
  usesPad,
  withChannel,
  withColor,
  withMode,
  withPreset,
  type Color,
  type Draft,
  type FieldName,
  type Interpolation,
  type Mode,
} from './draft.js';
import type { Preparation } from './preparation.js';

const MODES: readonly (readonly [Mode, string, string])[] = [
  ['exact', 'squeeze', 'To the size, whatever the aspect'],
  ['shortSide', 'short side to', 'The short side reaches the length'],
  ['longSide', 'long side to', 'Nothing exceeds the length; the rest is padded'],
  ['letterbox', 'letterbox', 'Fits inside the size; the rest is padded'],
  ['none', 'none', 'The picture keeps its size'],
];
const INTERPOLATIONS: readonly Interpolation[] = ['bilinear', 'bicubic', 'nearest', 'lanczos', 'box'];
const RANGES: readonly (readonly [string, string, string])[] = [
  ['0', '1', '0…1'],
  ['0', '255', '0…255'],
  ['-1', '1', '−1…1'],
];
const COLORS: Readonly<Record<Color, string>> = { RGB: 'RGB', BGR: 'BGR', gray: 'grey' };
const CHANNELS: Readonly<Record<Color, readonly string[]>> = {
  RGB: ['red', 'green', 'blue'],
  BGR: ['blue', 'green', 'red'],
  gray: ['grey', 'grey, second channel', 'grey, third channel'],
};

/** The fields of the editor. Each says what is wrong with it below it, tied to it for screen readers. */
export function preparationFields(p: Preparation, draft: Draft): TemplateResult {
  const change = (part: Partial<Draft>): void => p.change({ ...draft, ...part });
  const problems = p.reading?.problems ?? {};
  const free = p.freedom;
  const text = (name: FieldName, label: string, value: string, onInput: (text: string) => void): TemplateResult =>
    textInput({ name, label, value, problem: problems[name], onInput });
  const errors = (...names: readonly FieldName[]): TemplateResult[] =>
    names.flatMap((name) => {
      const problem = problems[name];
      return problem === undefined
        ? []
        : [html`<p class="field-error" id=${idOf(name)}>${icon('error')}<span>${problem}</span></p>`];
    });
  const perChannel = (kind: 'mean' | 'std', label: string): TemplateResult => {
    const names = draft[kind].map((_, i): FieldName => `${kind}.${i}`);
    const one = draft[kind].length === 1;
    return row(
      label,
      html`<span class="channel-fields" role="group" aria-label=${label}
        >${draft[kind].map((value, i) => {
          const name = CHANNELS[draft.color][i]!;
          const full = one ? label : `${label}, ${name}`;
          const field = text(names[i]!, full, value, (typed) => p.change(withChannel(draft, kind, i, typed)));
          return one || draft.color === 'gray'
            ? field
            : html`<span class="channel-name" aria-hidden="true">${name.slice(0, 1).toUpperCase()}</span>${field}`;
        })}</span
      >`,
      errors(...names),
    );
  };
  return html`${presetField(p, draft)}
  ${row(
    'Colours',
    free.colors.length === 1
      ? html`<span class="dim">grey, as the model takes one channel</span>`
      : segmented({
          label: 'Colours',
          value: draft.color,
          choices: free.colors.map((color) => ({ value: color, label: COLORS[color] })),
          onChange: (color) => p.change(withColor(draft, color as Color, free.channels)),
        }),
  )}
  ${
    free.layout
      ? row(
          'Layout',
          segmented({
            label: 'Layout',
            value: draft.layout,
            choices: [
              { value: 'NCHW', label: 'NCHW', title: 'Channels, then rows and columns' },
              { value: 'NHWC', label: 'NHWC', title: 'Rows and columns, then channels' },
            ],
            onChange: (layout) => change({ layout: layout as Draft['layout'] }),
          }),
        )
      : nothing
  }
  ${row(
    'Size',
    free.size
      ? html`<span class="channel-fields"
          >${text('width', 'Width of the input', draft.width, (width) => change({ width }))}<span>×</span>${text('height', 'Height of the input', draft.height, (height) => change({ height }))}</span
        >`
      : html`<span class="dim">${draft.width}×${draft.height}, fixed by the model</span>`,
    errors('width', 'height'),
  )}
  ${row(
    'Resize',
    html`${dropdown({
      label: 'Resize',
      value: draft.mode,
      choices: MODES.map(([value, label, title]) => ({ value, label, title })),
      onChange: (mode) => p.change(withMode(draft, mode as Mode)),
    })}${hasSide(draft) ? text('side', 'Length to resize to, in pixels', draft.side, (side) => change({ side })) : nothing}`,
    errors('side'),
  )}
  ${row(
    'Filter',
    dropdown({
      label: 'Interpolation',
      value: draft.interpolation,
      choices: INTERPOLATIONS.map((value) => ({ value, label: value })),
      onChange: (interpolation) => change({ interpolation: interpolation as Interpolation }),
    }),
  )}
  ${row(
    'Crop',
    segmented({
      label: 'Crop',
      value: draft.crop,
      choices: [
        { value: 'center', label: 'centre' },
        { value: 'none', label: 'none' },
      ],
      onChange: (crop) => change({ crop: crop as Draft['crop'] }),
    }),
  )}
  ${
    usesPad(draft)
      ? row(
          'Padding',
          text('pad', 'Colour of the padding, 0 to 255', draft.pad, (pad) => change({ pad })),
          errors('pad'),
        )
      : nothing
  }
  ${rangeField(draft, change, text, errors('low', 'high'))} ${perChannel('mean', 'Mean')}
  ${perChannel('std', 'Deviation')} ${labelsField(p, draft, errors('labels'))}`;
}

function presetField(p: Preparation, draft: Draft): TemplateResult {
  const offered = presetsFor(p.presets, draft, p.freedom);
  const chosen = presetOf(draft, offered);
  return html`${row(
      'Preset',
      dropdown({
        label: 'Preset',
        value: chosen?.id ?? '',
        choices: [
          { value: '', label: offered.length === 0 ? 'none known' : 'own settings' },
          ...offered.map(({ id, title, source }) => ({ value: id, label: title, title: source })),
        ],
        onChange: (id) => {
          const preset = offered.find((each) => each.id === id);
          if (preset !== undefined) p.change(withPreset(draft, preset));
        },
      }),
    )}
    <p class="preset-source dim">${chosen?.source ?? 'A preset fills in what its source says; the rest stays.'}</p>`;
}

function rangeField(
  draft: Draft,
  change: (part: Partial<Draft>) => void,
  text: (name: FieldName, label: string, value: string, onInput: (text: string) => void) => TemplateResult,
  errors: readonly TemplateResult[],
): TemplateResult {
  const known = RANGES.find(([low, high]) => low === draft.low.trim() && high === draft.high.trim());
  return row(
    'Range',
    html`${segmented({
        label: 'Range of the pixels',
        value: known?.[2] ?? '',
        choices: RANGES.map(([, , label]) => ({ value: label, label })),
        onChange: (label) => {
          const [low, high] = RANGES.find((each) => each[2] === label)!;
          change({ low, high });
        },
      })}<span class="channel-fields"
        >${text('low', 'Value of black', draft.low, (low) => change({ low }))}<span>…</span>${text('high', 'Value of white', draft.high, (high) => change({ high }))}</span
      >`,
    errors,
  );
}

/** A file or a list. Several lines, so that a list can be pasted. */
function labelsField(p: Preparation, draft: Draft, errors: readonly TemplateResult[]): TemplateResult {
  const label = 'Labels: the name of a file, or a name a line';
  const problem = p.reading?.problems.labels;
  const { labels } = p;
  const lines = Math.min(6, Math.max(1, draft.labels.split('\n').length));
  return html`${row(
      'Labels',
      html`<textarea
        class="number-field labels-field"
        rows=${lines}
        autocomplete="off"
        spellcheck="false"
        placeholder="labels.txt"
        aria-label=${label}
        title=${label}
        aria-invalid=${problem === undefined ? nothing : 'true'}
        aria-describedby=${problem === undefined ? 'prepare-labels-origin' : idOf('labels')}
        .value=${live(draft.labels)}
        @input=${(event: Event) => p.change({ ...draft, labels: (event.target as HTMLTextAreaElement).value })}
      ></textarea>`,
      errors,
    )}
    <p class="preset-source dim" id="prepare-labels-origin">
      ${labels === undefined ? '' : `${labels.count} names now: ${labels.origin.detail}. `}A file beside the model, or a
      name a line.
    </p>`;
}

function row(name: string, control: TemplateResult, errors: readonly TemplateResult[] = []): TemplateResult {
  return html`<div class="field">
      <span class="field-name">${name}</span><span class="field-control">${control}</span>
    </div>
    ${errors}`;
}

const idOf = (name: FieldName): string => `prepare-${name.replace('.', '-')}-error`;

interface TextInput {
  readonly name: FieldName;
  readonly label: string;
  readonly value: string;
  readonly problem: string | undefined;
  readonly onInput: (text: string) => void;
}

/** Native: what describes it must stand in the same tree, which the toolkit's own field does not let it. */
function textInput({ name, label, value, problem, onInput }: TextInput): TemplateResult {
  return html`<input
    type="text"
    class="number-field"
    inputmode="decimal"
    autocomplete="off"
    spellcheck="false"
    aria-label=${label}
    title=${label}
    aria-invalid=${problem === undefined ? nothing : 'true'}
    aria-describedby=${problem === undefined ? nothing : idOf(name)}
    .value=${live(value)}
    @input=${(event: Event) => onInput((event.target as HTMLInputElement).value)}
  />`;
}
