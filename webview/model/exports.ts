import { writeNpy } from '../../src/base/npy.js';
import { floatTensor } from '../../src/base/tensor.js';
import type { Activation } from '../../src/result/activations.js';
import type { LayerWeights } from '../../src/result/weights.js';
import { pngOf } from '../shared/canvas/raster.js';
import type { MenuItem } from '../shared/form/menu.js';
import type { Editor } from './editor.js';
import type { ActivationsView, WeightsView } from './kept.js';

/** What leaves the panel: pictures as they are seen, values as they are, and how to get them again. */

type Picture = () => HTMLCanvasElement | null | undefined;

/** Saves what a canvas shows. */
export async function savePicture(c: Editor, name: string, picture: Picture): Promise<void> {
  const canvas = picture();
  const bytes = canvas === null || canvas === undefined ? undefined : await pngOf(canvas);
  if (bytes !== undefined) await c.host.save({ name, bytes });
}

function nameOf(c: Editor, layer: string): string {
  return `${c.setup?.model.name.replace(/\.onnx$/i, '') ?? 'model'}.${layer}`.replace(/[^\w.-]+/g, '_');
}

export function weightExports(
  c: Editor,
  answer: LayerWeights,
  view: WeightsView,
  picture: Picture,
): readonly MenuItem[] {
  const { shown, layer } = answer;
  const name = nameOf(c, layer);
  const saveValues = async (): Promise<void> => {
    const [rows = 1, columns = 1] = shown.shape;
    const page = { rowFrom: 0, rowCount: rows, columnFrom: 0, columnCount: columns };
    const all = await c.host.weights({ layer, weight: shown.name, page });
    await c.host.save({ name: `${name}.npy`, bytes: writeNpy(all.page.values) });
  };
  const saveRecipe = (): Promise<boolean> =>
    c.host.saveRecipe({
      name: `${name}.json`,
      method: 'weights',
      params: { weight: shown.name, sort: view.sort, scale: view.scale },
      layer,
      notes: shown.label === undefined ? [] : [shown.label],
    });
  return [
    { label: 'Picture (PNG)…', icon: 'file-media', onClick: () => void savePicture(c, `${name}.png`, picture) },
    { label: 'Values (.npy)…', icon: 'symbol-array', onClick: () => void saveValues() },
    { label: 'Recipe (JSON)…', icon: 'json', onClick: () => void saveRecipe() },
  ];
}

/** @param map of the channel, where it is there */
export function activationExports(
  c: Editor,
  answer: Activation,
  view: ActivationsView,
  shown: { readonly channel: number | undefined; readonly map: Float32Array | undefined },
  picture: Picture,
): readonly MenuItem[] {
  const { channel, map } = shown;
  const name = nameOf(c, answer.layer);
  const saveValues = (): void => {
    if (map === undefined) return;
    const bytes = writeNpy(floatTensor([answer.height, answer.width], map));
    void c.host.save({ name: `${name}.${channel}.npy`, bytes });
  };
  const saveRecipe = (): Promise<boolean> =>
    c.host.saveRecipe({
      name: `${name}.json`,
      method: 'activations',
      params: { ...(channel === undefined ? {} : { channel }), sort: view.sort, scale: view.scale },
      layer: answer.layer,
      ...(view.picture === undefined ? {} : { input: view.picture.uri }),
      provider: answer.provider,
      notes: answer.notes,
    });
  return [
    { label: 'Picture (PNG)…', icon: 'file-media', onClick: () => void savePicture(c, `${name}.png`, picture) },
    {
      label: `Values of channel ${channel ?? ''} (.npy)…`,
      icon: 'symbol-array',
      disabled: map === undefined,
      onClick: saveValues,
    },
    { label: 'Recipe (JSON)…', icon: 'json', onClick: () => void saveRecipe() },
  ];
}
