import { writeNpy } from '../../src/base/npy.js';
import type { FloatTensor } from '../../src/base/tensor.js';
import { given } from '../../src/base/given.js';
import { paint } from '../shared/canvas/display.js';
import { pngOf, rasterOf } from '../shared/canvas/raster.js';
import type { MenuItem } from '../shared/form/menu.js';
import { stemOf } from '../shared/format.js';
import type { AttentionController } from './controller.js';
import type { AttentionElement } from './element.js';

const text = (written: string): Uint8Array => new TextEncoder().encode(written);

/** What can be saved and copied of what is shown; `parts` hold what is drawn. */
export function exportItems(c: AttentionController, parts: () => AttentionElement | null): readonly MenuItem[] {
  const { chosen, view, large } = c;
  const map = large?.kind === 'none' ? undefined : large?.map;
  const matrices = chosen === undefined ? undefined : c.matrices(chosen.layer);
  const values: FloatTensor | undefined = view.shown === 'attention' ? matrices?.weights : c.joined;
  const name = nameOf(c);
  const save = (ending: string, bytes: () => Uint8Array | Promise<Uint8Array | undefined>): void => {
    void (async () => {
      const made = await bytes();
      if (made !== undefined) await c.host.save({ name: `${name}.${ending}`, bytes: made });
    })().catch(() => undefined);
  };
  const none = map === undefined;
  return [
    {
      label: 'Save the large map as PNG',
      icon: 'file-media',
      disabled: none,
      onClick: () => save('png', () => largePng(parts())),
    },
    {
      label: 'Save the large map as SVG',
      icon: 'file-code',
      disabled: none,
      onClick: () => save('svg', () => largeSvg(c, parts())),
    },
    {
      label: 'Save the grid of maps as PNG',
      icon: 'table',
      disabled: c.cells === undefined,
      onClick: () =>
        save('heads.png', () => {
          const canvas = parts()?.pictures.cells?.picture();
          return canvas === undefined ? Promise.resolve(undefined) : pngOf(canvas);
        }),
    },
    {
      label: 'Save the large map as NPY',
      icon: 'symbol-array',
      disabled: none,
      onClick: () => save('map.npy', () => writeNpy(map!)),
    },
    {
      label: view.shown === 'attention' ? 'Save the matrices of the layer as NPY' : 'Save the joined matrix as NPY',
      icon: 'symbol-array',
      disabled: values === undefined,
      onClick: () => save('npy', () => writeNpy(values!)),
    },
    {
      label: 'Save the numbers as JSON, with the recipe',
      icon: 'json',
      disabled: c.result === undefined,
      onClick: () => save('json', () => text(documentOf(c))),
    },
    {
      label: c.random ? 'The command line knows no random weights' : 'Copy the command line',
      icon: 'terminal',
      disabled: c.picture === undefined || c.random,
      onClick: () => void c.host.copyAttentionCommand(commandOf(c)).catch(() => undefined),
    },
  ];
}

function nameOf(c: AttentionController): string {
  const { chosen, view, picture } = c;
  const what =
    view.shown === 'attention' ? `${chosen?.layer.name ?? 'attention'}.${chosen?.head ?? 'mean'}` : view.shown;
  return `${stemOf(picture?.name ?? 'picture')}.${what}${c.random ? '.random' : ''}`.replace(/[^\w.-]+/g, '_');
}

/** The map over the picture, at a size that can be seen. */
function largeCanvas(parts: AttentionElement | null): HTMLCanvasElement | undefined {
  const { scene, display } = parts?.pictures ?? {};
  if (scene === undefined || display === undefined) return undefined;
  const raster = rasterOf(paint(scene, display));
  const { width, height } = display.mode === 'heat' ? scene.values : scene.picture;
  const factor = Math.max(1, Math.ceil(448 / Math.max(width, height)));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width * factor, height * factor];
  const context = canvas.getContext('2d')!;
  context.imageSmoothingEnabled = display.smooth;
  context.drawImage(raster, 0, 0, canvas.width, canvas.height);
  return canvas;
}

async function largePng(parts: AttentionElement | null): Promise<Uint8Array | undefined> {
  const canvas = largeCanvas(parts);
  return canvas && pngOf(canvas);
}

/** The picture as it is, with the map's cells as rectangles above their name: a vector drawing that others can edit. */
async function largeSvg(c: AttentionController, parts: AttentionElement | null): Promise<Uint8Array | undefined> {
  const png = await largePng(parts);
  const canvas = largeCanvas(parts);
  if (png === undefined || canvas === undefined) return undefined;
  const { width, height } = canvas;
  let binary = '';
  for (const byte of png) binary += String.fromCharCode(byte);
  const escaped = (value: string): string => value.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return text(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + 24}" viewBox="0 0 ${width} ${height + 24}">
<metadata>${escaped(JSON.stringify(c.result?.recipe ?? {}))}</metadata>
<image width="${width}" height="${height}" href="data:image/png;base64,${btoa(binary)}"/>
<text x="4" y="${height + 16}" font-family="sans-serif" font-size="12">${escaped(c.largeName)}</text>
</svg>
`);
}

/** Numbers of every head, and how to get them again. */
export function documentOf(c: AttentionController): string {
  const { layers, store, view, chosen, result, answer, target } = c;
  const finite = (values: Float32Array | undefined): (number | null)[] =>
    Array.from(values ?? [], (value) => (Number.isFinite(value) ? value : null));
  return `${JSON.stringify(
    {
      schema: 'onnx-lens/attention-panel/1',
      picture: c.picture?.name,
      shown: {
        ...given({ target }),
        map: view.shown,
        token: c.pinned,
        direction: view.direction,
        layer: chosen?.layer.name,
        head: chosen?.head,
      },
      randomWeights: c.random,
      layers: layers.map((layer) => {
        const numbers = store?.numbers(layer.name);
        return {
          name: layer.name,
          heads: layer.heads,
          windows: layer.windows,
          queries: layer.queries,
          keys: layer.keys,
          entropy: finite(numbers?.entropy),
          distance: finite(numbers?.distance),
          onPrefix: finite(numbers?.onPrefix),
          onSelf: finite(numbers?.onSelf),
          outliers: numbers?.outliers ?? null,
        };
      }),
      without: answer?.without ?? [],
      recipe: result?.recipe,
    },
    null,
    2,
  )}\n`;
}

function commandOf(c: AttentionController): Parameters<typeof c.host.copyAttentionCommand>[0] {
  const { view, chosen, pinned, stageLayer } = c;
  const [rows, columns] = stageLayer?.from?.grid ?? [1, 1];
  const token =
    'prefix' in pinned
      ? 'class'
      : `${Math.min(rows - 1, Math.floor(pinned.y * rows))},${Math.min(columns - 1, Math.floor(pinned.x * columns))}`;
  const input = c.picture!.uri;
  if (view.shown === 'attention') return { input, params: { token }, ...given({ layer: chosen?.layer.name }) };
  const { fusion, start } = view;
  const params = { map: view.shown, start, token, ...(view.shown === 'rollout' ? { fusion } : {}) };
  return { input, params, ...(view.shown === 'relevance' ? { target: String(c.target?.index ?? view.target) } : {}) };
}
