import { html, nothing, type TemplateResult } from 'lit';
import '../shared/form/combobox.js';
import type { PictureFile } from '../../src/protocol/reconstructionPanel.js';
import { button, checkbox, dropdown, iconButton, numberField } from '../shared/controls.js';
import { combobox } from '../shared/form/combobox.js';
import { parameterForm } from '../shared/form/parameterForm.js';
import { withParameter } from '../shared/form/parameters.js';
import type { Entry } from '../shared/form/search.js';
import { formatShape } from '../shared/format.js';
import { failure } from '../shared/messages.js';
import { taskProgress } from '../shared/task/taskProgress.js';
import { AIMS, isOfLayer, type AimKind } from './aim.js';
import type { VisualizePage } from './page.js';
import { isOn, switched, tricksFor } from './tricks.js';

/** What is chosen elsewhere in the form. */
const ELSEWHERE = ['preset', 'start', 'folder', 'direction', 'invert', 'natural', 'other'];

const PRESETS: readonly (readonly [name: string, what: string])[] = [
  ['naive', 'Plain ascent: the adversarial pattern'],
  ['smooth', 'Pixels, with a blurred gradient and views that move'],
  ['distill', 'A spectrum in independent colours, seen anew at each step (Olah et al. 2017)'],
  ['maco', 'The phase alone, of a natural spectrum (Fel et al. 2023)'],
  ['accentuate', 'A photograph, changed as little as it takes (Hamblin et al. 2024)'],
];

/** What is to be made, and how. */
export function questionPart(page: VisualizePage): TemplateResult {
  const { view, form } = page;
  return html`<section class="vis-question" aria-labelledby="vis-question">
    <h2 id="vis-question">Picture of</h2>
    ${
      form.error === undefined
        ? nothing
        : failure(form.error, [
            { label: 'Try again', look: 'primary', onClick: () => page.loadForm() },
            { label: 'Show the log', onClick: () => void page.host.showLog({}) },
          ])
    }
    ${taskProgress(form, 'Opening the model')} ${aimPart(page)}
    <h2>Made by</h2>
    ${presetPart(page)} ${startPart(page)}
    ${field(
      'Seed',
      numberField({
        label: 'Seed',
        value: view.seed,
        minimum: 0,
        step: 1,
        title: 'The same seed makes the same picture',
        onChange: (seed) => page.ask({ seed }),
      }),
    )}
    ${beliefPart(page)} ${switchesPart(page)}
  </section>`;
}

/** What is to be chosen before there can be a picture. */
export const WANTS = {
  start: 'Choose a Photograph…',
  invert: 'Choose a Photograph…',
  direction: 'Choose a Direction…',
} as const;

/** The button that makes it. */
export function makeButton(page: VisualizePage): TemplateResult {
  const { wanted } = page;
  if (wanted !== undefined)
    return button({
      label: WANTS[wanted],
      look: 'primary',
      icon: 'folder-opened',
      onClick: () => void chooseFile(page, wanted),
    });
  return button({
    label: page.made.working ? 'Make It Anew' : 'Make the Picture',
    look: 'primary',
    icon: 'sparkle',
    disabled: page.facts === undefined,
    onClick: () => page.make(),
  });
}

/** Asks for a file of the question. */
export async function chooseFile(page: VisualizePage, name: PictureFile): Promise<void> {
  const { host } = page;
  const ask = {
    start: host.choosePicture,
    invert: host.choosePicture,
    direction: host.chooseDirection,
    folder: host.chooseFolder,
    natural: host.chooseFolder,
    other: host.chooseModel,
  }[name];
  const file = await ask({}).catch(() => undefined);
  if (file !== undefined) page.setFile(name, file);
}

function field(name: string, control: TemplateResult, title?: string): TemplateResult {
  return html`<div class="field" title=${title ?? nothing}>
    <span class="field-name">${name}</span><span class="field-control">${control}</span>
  </div>`;
}

function aimPart(page: VisualizePage): TemplateResult {
  const { aim } = page.view;
  const classes = page.facts?.classes ?? [];
  const aims =
    page.facts !== undefined && classes.length === 0 ? AIMS.filter((a) => isOfLayer({ ...aim, kind: a.kind })) : AIMS;
  return html`${field(
    'What',
    dropdown({
      label: 'What the picture is to be of',
      value: aim.kind,
      choices: aims.map(({ kind, label, title }) => ({ value: kind, label, title })),
      onChange: (kind) => page.ask({ aim: { ...aim, kind: kind as AimKind } }),
    }),
    aims.find(({ kind }) => kind === aim.kind)?.title,
  )}
  ${isOfLayer(aim) ? layerPart(page) : classPart(page)}`;
}

function classPart(page: VisualizePage): TemplateResult {
  const { aim } = page.view;
  const entries = (page.facts?.classes ?? []).map(({ index, label }): Entry => ({
    value: String(index),
    label,
    detail: String(index),
  }));
  const choice = (label: string, value: number, onChoose: (index: number) => void): TemplateResult =>
    combobox({
      label,
      value: String(value),
      shown: entries.find((e) => e.value === String(value))?.label ?? `class ${value}`,
      entries,
      onChoose: (chosen) => onChoose(Number(chosen)),
    });
  return html`${field(
    'Class',
    choice('Class', aim.class, (index) => page.ask({ aim: { ...aim, class: index } })),
  )}
  ${
    aim.kind === 'difference'
      ? field(
          'less',
          choice('Class that it is to differ from', aim.minus, (minus) => page.ask({ aim: { ...aim, minus } })),
        )
      : nothing
  }`;
}

function layerPart(page: VisualizePage): TemplateResult {
  const { aim } = page.view;
  const entries = (page.setup?.layers ?? []).map(({ name, op, shape }): Entry => ({
    value: name,
    label: name,
    detail: [op, shape].filter(Boolean).join(' '),
  }));
  const of = page.facts?.layer?.name === aim.layer ? page.facts?.layer : undefined;
  const number = (name: string, key: 'channel' | 'row' | 'column', count: number | undefined): TemplateResult =>
    field(
      name,
      html`${numberField({
          label: name,
          value: aim[key],
          minimum: 0,
          ...(count === undefined ? {} : { maximum: Math.max(0, count - 1) }),
          step: 1,
          onChange: (value) => page.ask({ aim: { ...aim, [key]: value } }),
        })}<span class="unit">${count === undefined ? '' : `of ${count}`}</span>`,
    );
  return html`${field(
    'Layer',
    combobox({
      label: 'Layer',
      value: aim.layer ?? '',
      shown: aim.layer ?? '',
      entries,
      onChoose: (layer) => page.ask({ aim: { ...aim, layer, channel: 0, row: 0, column: 0 } }),
    }),
  )}
  ${
    aim.kind === 'inversion'
      ? filePart(page, 'invert', {
          title: 'Seen in',
          none: 'no picture',
          what: 'a picture',
          why: 'The picture whose activations are wanted',
        })
      : nothing
  }
  ${
    aim.kind === 'direction'
      ? filePart(page, 'direction', {
          title: 'Along',
          none: 'no direction',
          what: 'a .npy file with a direction',
          why: `A .npy file with ${of?.channels === undefined ? 'a number for each value of the layer' : `${of.channels} numbers, one for each channel, or one for each value of the layer`}: an axis, a row of weights, one mean less another`,
        })
      : nothing
  }
  ${aim.kind === 'channel' || aim.kind === 'neuron' ? number('Channel', 'channel', of?.channels) : nothing}
  ${
    aim.kind === 'neuron' ? html`${number('Row', 'row', of?.height)} ${number('Column', 'column', of?.width)}` : nothing
  }
  ${
    of === undefined
      ? nothing
      : html`<p class="dim vis-small">
          ${of.channels === undefined ? 'The value of this layer has no channels.' : `Channels of ${formatShape([of.height, of.width])}`}
        </p>`
  }`;
}

function presetPart(page: VisualizePage): TemplateResult {
  const { preset } = page.view;
  return html`${field(
      'Preset',
      dropdown({
        label: 'Preset',
        value: preset,
        choices: PRESETS.map(([value, title]) => ({ value, label: value, title })),
        onChange: (chosen) => page.ask({ preset: chosen }),
      }),
    )}
    <p class="dim vis-small">${PRESETS.find(([name]) => name === preset)?.[1]}</p>`;
}

/** A file of the question: its name, a button that asks for it, and one that takes it away. */
function filePart(
  page: VisualizePage,
  name: PictureFile,
  {
    title,
    none,
    what,
    why,
  }: { readonly title: string; readonly none: string; readonly what: string; readonly why: string },
): TemplateResult {
  const chosen = page.view.files[name];
  return field(
    title,
    html`<span class="ellipsis ${chosen === undefined ? 'dim' : ''}" title=${chosen?.name ?? none}
        >${chosen?.name ?? none}</span
      >${iconButton({ label: `Choose ${what}…`, icon: 'folder-opened', onClick: () => void chooseFile(page, name) })}${
        chosen === undefined
          ? nothing
          : iconButton({ label: `Without ${what}`, icon: 'close', onClick: () => page.setFile(name, undefined) })
      }`,
    why,
  );
}

function startPart(page: VisualizePage): TemplateResult {
  const { view } = page;
  const ignored = view.files.start !== undefined && page.startOf(view.preset) === undefined;
  return html`${filePart(page, 'start', { title: 'Start', none: 'noise', what: 'a picture to start from', why: 'Noise, or a picture that is changed' })}
  ${ignored ? html`<p class="dim vis-small">${view.preset} begins with noise: its phase cannot begin with a picture.</p>` : nothing}
  ${filePart(page, 'folder', {
    title: 'Like',
    none: 'no folder',
    what: 'a folder of pictures to look like',
    why: 'A folder whose spectrum, colours and background are taken, where the preset asks for them',
  })}`;
}

/** What a picture of a class is held against. */
function beliefPart(page: VisualizePage): TemplateResult | typeof nothing {
  const { aim } = page.view;
  if (isOfLayer(aim)) return nothing;
  return html`<h2>Held against</h2>
    ${
      aim.kind === 'class'
        ? filePart(page, 'natural', {
            title: 'Natural',
            none: 'no pictures',
            what: 'natural pictures, a folder for each class',
            why: 'A folder with a subfolder of pictures for each class: how like theirs the activations of the picture are, layer by layer (Geirhos et al. 2024)',
          })
        : nothing
    }
    ${filePart(page, 'other', { title: 'Model', none: 'no other', what: 'another model for the same classes', why: 'What another model for the same classes says of the picture' })}`;
}

/** The tricks of the preset one by one, and every number behind them. */
function switchesPart(page: VisualizePage): TemplateResult {
  const { facts, view, values, schema, changedParams } = page;
  if (facts === undefined) return html``;
  const { preset } = view;
  const tricks = tricksFor(facts, preset);
  const count = Object.keys(changedParams).length;
  return html`${
      tricks.length === 0
        ? nothing
        : html`<fieldset class="vis-tricks">
            <legend class="dim">${preset === 'naive' ? 'Tricks to be added' : `Tricks of ${preset}`}</legend>
            ${tricks.map((trick) =>
              checkbox({
                label: trick.title,
                checked: isOn(trick, values),
                onChange: (on) => page.setParams(switched(facts, preset, changedParams, { trick, on })),
              }),
            )}
          </fieldset>`
    }
    <details class="vis-numbers">
      <summary>All settings${count === 0 ? '' : ` · ${count} changed`}</summary>
      <div role="group" aria-label="All settings of ${view.preset}">
        ${parameterForm({
          schema,
          values: changedParams,
          without: ELSEWHERE,
          onChange: (name, value) => page.setParams(withParameter(schema, changedParams, name, value)),
        })}
        ${count === 0 ? nothing : html`<div class="field wide">${button({ label: `Reset to ${view.preset}`, onClick: () => page.setParams({}) })}</div>`}
      </div>
    </details>`;
}
