import type { RecipeRequest } from '../../src/protocol/modelPanel.js';
import { pngOf } from '../shared/canvas/raster.js';
import type { MenuItem } from '../shared/form/menu.js';
import type { Editor } from './editor.js';

/** What leaves the panel: pictures as they are seen, values as they are, and how to get them again. */

export type Picture = () => HTMLCanvasElement | null | undefined;

/** Saves what a canvas shows. */
export async function savePicture(c: Editor, name: string, picture: Picture): Promise<void> {
  const canvas = picture();
  const bytes = canvas === null || canvas === undefined ? undefined : await pngOf(canvas);
  if (bytes !== undefined) await c.host.save({ name, bytes });
}

/** Name of files about a layer, without an ending. */
export function fileName(c: Editor, layer: string): string {
  return `${c.setup?.model.name.replace(/\.onnx$/i, '') ?? 'model'}.${layer}`.replace(/[^\w.-]+/g, '_');
}

export interface Exported {
  /** Of the layer that it is about. */
  readonly layer: string;
  readonly picture: Picture;
  readonly values: Pick<MenuItem, 'label' | 'disabled' | 'onClick'>;
  readonly recipe: Omit<RecipeRequest, 'name' | 'layer'>;
}

/** A picture, the values, and the recipe of what a tab shows. */
export function exportItems(c: Editor, { layer, picture, values, recipe }: Exported): readonly MenuItem[] {
  const name = fileName(c, layer);
  return [
    { label: 'Picture (PNG)…', icon: 'file-media', onClick: () => void savePicture(c, `${name}.png`, picture) },
    { icon: 'symbol-array', ...values },
    {
      label: 'Recipe (JSON)…',
      icon: 'json',
      onClick: () => void c.host.saveRecipe({ name: `${name}.json`, layer, ...recipe }),
    },
  ];
}
