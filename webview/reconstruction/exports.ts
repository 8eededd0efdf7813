import { writeNpy } from '../../src/base/npy.js';
import { canvasOf, imageOf, pngOf, rasterOf } from '../shared/canvas/raster.js';
import { facetShown } from './facetsPart.js';
import type { Frame } from './frames.js';
import type { MenuItem } from '../shared/form/menu.js';
import type { VisualizePage } from './page.js';

/** How a picture that was made is got again, and what the model said of it. */
export function documentOf({ made, setup }: VisualizePage): string {
  const { value } = made;
  if (value === undefined) throw new Error('There is no picture');
  const { values: _values, picture: _picture, opacity: _opacity, facets, saved, change, ...rest } = value.result;
  const { png: _png, ...size } = saved;
  const { picture: _start, ...changed } = change ?? { picture: undefined };
  return `${JSON.stringify(
    {
      schema: 'onnx-lens/visualize-panel/1',
      model: setup?.model.name,
      sha256: value.sha256,
      provider: value.provider,
      ...rest,
      saved: size,
      ...(facets === undefined ? {} : { facets: facets.map(({ trace, says }) => ({ trace, says })) }),
      ...(change === undefined ? {} : { change: changed }),
      warnings: value.warnings,
    },
    // What is not a number is none in JSON either.
    (_key, each: unknown) => (typeof each === 'number' && !Number.isFinite(each) ? null : each),
    2,
  )}\n`;
}

/** What can be saved and copied; `grid` draws the channels that there are. */
export function exportItems(page: VisualizePage, grid: () => HTMLCanvasElement | undefined): readonly MenuItem[] {
  const { made, host, view } = page;
  const result = made.working || page.running !== undefined ? undefined : page.result;
  const save = (ending: string, bytes: () => Uint8Array | Promise<Uint8Array | undefined>): void => {
    void (async () => {
      const content = await bytes();
      if (content !== undefined) await host.save({ name: `${nameOf(page)}.${ending}`, bytes: content });
    })().catch(() => undefined);
  };
  const none = result === undefined;
  const { asked } = view;
  const elsewhere = asked?.network !== undefined;
  return [
    {
      label: 'Save the picture as PNG',
      icon: 'file-media',
      disabled: none,
      onClick: () => save(facetName('png', page), () => facetShown(page).saved.png),
    },
    {
      label: 'Save it with transparency as PNG',
      icon: 'file-media',
      disabled: none,
      onClick: () => save(facetName('transparent.png', page), () => pngOf(seeThrough(page))),
    },
    {
      label: 'Save the strip of steps as PNG',
      icon: 'table',
      disabled: none || page.frames.length < 2,
      onClick: () => save('steps.png', () => pngOf(stripOf(page.frames))),
    },
    {
      label: 'Save its values as NPY',
      icon: 'symbol-array',
      disabled: none,
      onClick: () => save('npy', () => writeNpy(result!.values)),
    },
    {
      label: 'Save the numbers as JSON, with the recipe',
      icon: 'json',
      disabled: none,
      onClick: () => save('json', () => new TextEncoder().encode(documentOf(page))),
    },
    {
      label: 'Save the grid of channels as PNG',
      icon: 'table',
      disabled: page.channels.done === 0 || view.tab !== 'channels',
      onClick: () =>
        save('channels.png', async () => {
          const canvas = grid();
          return canvas && pngOf(canvas);
        }),
    },
    {
      label: elsewhere ? 'The command line knows this network by another name' : 'Copy the command line',
      icon: 'terminal',
      disabled: asked === undefined || elsewhere,
      onClick: () => void host.copyVisualizeCommand(asked!).catch(() => undefined),
    },
  ];
}

/** What is saved of one facet says which. */
const facetName = (ending: string, { result, facet }: VisualizePage): string =>
  result?.facets === undefined ? ending : `${facet + 1}.${ending}`;

/** The picture as visible as the model depended on it. */
function seeThrough(page: VisualizePage): HTMLCanvasElement {
  const { picture, opacity } = facetShown(page);
  const image = imageOf(picture);
  opacity.forEach((share, i) => (image.data[4 * i + 3] = Math.round(255 * share)));
  return canvasOf(image);
}

/** Pictures from left to right, with a line between them. */
function stripOf(frames: readonly Frame[]): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  const [first] = frames as [Frame];
  const { width, height } = first.picture;
  [canvas.width, canvas.height] = [frames.length * (width + 1) - 1, height];
  const context = canvas.getContext('2d')!;
  frames.forEach(({ picture }, i) => context.drawImage(rasterOf(picture), i * (width + 1), 0));
  return canvas;
}

function nameOf({ result, name }: VisualizePage): string {
  return `${result?.target.label ?? name}.${result?.preset ?? 'picture'}`
    .replace(/[^\p{L}\p{N}.#_-]+/gu, '_')
    .slice(0, 80);
}
