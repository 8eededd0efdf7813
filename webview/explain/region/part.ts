import { html, nothing, type TemplateResult } from 'lit';
import { paintedPlaces, type Region } from '../../../src/base/region.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi } from '../../../src/protocol/explainPanel.js';
import type { ClassMap } from '../../../src/result/classMap.js';
import { cssColor } from '../../shared/canvas/classColors.js';
import type { Display } from '../../shared/canvas/display.js';
import { pngOf, rasterOf } from '../../shared/canvas/raster.js';
import { button, segmented, slider } from '../../shared/controls.js';
import { baseName, formatPercent, stemOf } from '../../shared/format.js';
import type { MenuItem } from '../../shared/form/menu.js';
import { styles } from '../../shared/page/css.js';
import type { Entry } from '../../shared/form/search.js';
import type { Asked } from '../asked.js';
import { LARGEST_BRUSH, type RegionPainting, type Tool } from './painting.js';

const TOOLS = [
  { value: 'pick', label: 'Pick', title: 'Click a pixel to explain what is there; drag with Shift for a rectangle' },
  { value: 'rectangle', label: 'Rectangle', title: 'Drag a rectangle to explain what is in it' },
  { value: 'brush', label: 'Brush', title: 'Paint the region to explain' },
  { value: 'erase', label: 'Erase', title: 'Take away of what is painted' },
];
const CLASSES = [
  { value: 'off', label: 'off', title: 'The picture and the heat alone' },
  { value: 'outlines', label: 'outlines', title: 'The borders of the classes' },
  { value: 'filled', label: 'filled', title: 'Every place in the colour of its class' },
];
/** Classes in the legend; the list of targets has all. */
const LEGEND = 12;

/** What keys do with each tool, for the label of the picture. */
export const KEYS: Readonly<Record<Tool, string>> = {
  pick: 'Enter explains the pixel at the crosshair, Shift and Enter set the corners of a rectangle.',
  rectangle: 'Enter sets the corners of a rectangle.',
  brush: '',
  erase: 'What Space touches is taken away.',
};

/** Tools to choose a part of a map on the picture, and the legend of its classes. Nothing for other outputs. */
export function regionPart(c: Asked, painting: RegionPainting): TemplateResult | typeof nothing {
  if (!painting.available) return nothing;
  const { region, tool } = painting;
  const map = c.shown?.explanation.classMap;
  return html`<section class="region" aria-label="Part of the map">
    <div class="region-row">
      ${segmented({
        label: 'Choose the target on the picture by',
        value: tool,
        choices: TOOLS,
        onChange: (chosen) => (painting.tool = chosen as Tool),
      })}
      ${
        painting.brush === undefined
          ? nothing
          : html`<label class="opacity"
              ><span class="field-name">Brush</span>${slider({
                label: 'Size of the brush',
                value: Math.round(100 * painting.size),
                minimum: 1,
                maximum: 100 * LARGEST_BRUSH,
                step: 1,
                text: `${formatPercent(painting.size)} of the picture`,
                onInput: (percent) => (painting.size = percent / 100),
              })}<span class="value">${formatPercent(painting.size)}</span></label
            >`
      }
      ${
        region === undefined
          ? nothing
          : html`<span class="dim region-count">${paintedPlaces(region)} px</span>${button({
                label: 'Clear',
                icon: 'clear-all',
                title: 'Explain the top prediction again',
                onClick: () => painting.clear(),
              })}`
      }
      ${
        map === undefined
          ? nothing
          : html`<span class="region-classes"
              ><span class="field-name">Classes</span>${segmented({
                label: 'Classes over the picture',
                value: c.display.classes,
                choices: CLASSES,
                onChange: (classes) => c.setDisplay({ classes: classes as Display['classes'] }),
              })}</span
            >`
      }
    </div>
    ${map === undefined ? nothing : legend(c, map)}
  </section>`;
}

/** The classes that are in the picture, with their colours and shares; each explains all of its pixels. */
function legend(c: Asked, { classes }: ClassMap): TemplateResult {
  return html`<div class="legend" role="group" aria-label="Classes in the picture">
    ${classes
      .slice(0, LEGEND)
      .map(
        ({ index, label, share }) =>
          html`<button
            type="button"
            class="legend-class"
            aria-pressed=${c.question?.target === `mask:${index}` ? 'true' : 'false'}
            title="Explain all pixels of ${label}"
            @click=${() => c.ask({ target: `mask:${index}` })}
          >
            <i class="swatch" ${styles({ background: cssColor(index) })}></i><span class="ellipsis">${label}</span
            ><span class="value">${formatPercent(share)}</span>
          </button>`,
      )}
    ${classes.length > LEGEND ? html`<span class="dim">and ${classes.length - LEGEND} more</span>` : nothing}
  </div>`;
}

/** What the list of targets has beside classes: all pixels of a class, the mask of a box, another picture of the panel. */
export function partEntries({ shown, current }: Pick<Asked, 'shown' | 'current'>): readonly Entry[] {
  const { classMap, found, outputs, input } = shown?.explanation ?? {};
  const embeds = outputs?.find((o) => o.chosen)?.kind === 'embedding';
  // Of several pictures each can be compared with the others.
  const others = embeds ? [...(current?.explanations.values() ?? [])].filter((e) => e.input !== input) : [];
  return [
    ...others.map((e) => ({ value: `similar:${e.input}`, label: `similarity to ${baseName(e.input)}` })),
    ...(classMap?.classes ?? []).map(({ index, label, share }) => ({
      value: `mask:${index}`,
      label: `all pixels of ${label}`,
      detail: formatPercent(share),
    })),
    ...(found?.boxes ?? []).flatMap(({ mask, label }, i) =>
      mask === undefined || mask.endsWith(':')
        ? []
        : [{ value: `mask:box:${i + 1}`, label: `mask of box ${i + 1}: ${label}` }],
    ),
  ];
}

/** The export of what is painted; nothing where nothing is. */
export function regionExport(
  host: Pick<Client<ExplainHostApi>, 'saveBytes'>,
  region: Region | undefined,
  input = '',
): readonly MenuItem[] {
  if (region === undefined) return [];
  const name = `${stemOf(input)}.region.png`;
  const save = async (): Promise<void> => void (await host.saveBytes({ name, bytes: await regionPng(region) }));
  return [{ label: 'Painted region (PNG)…', icon: 'edit', onClick: () => void save() }];
}

/** A painted region as a black and white PNG of the size of what the model sees: the command line takes it as a mask. */
async function regionPng({ width, height, data }: Region): Promise<Uint8Array> {
  const grey = new Uint8Array(3 * width * height);
  for (const [i, painted] of data.entries()) if (painted === 1) grey.fill(255, 3 * i, 3 * i + 3);
  const png = await pngOf(rasterOf({ width, height, data: grey }));
  if (png === undefined) throw new Error('The region could not be encoded');
  return png;
}
