import { writeNpy } from '../../../src/base/npy.js';
import type { LayerWeights } from '../../../src/result/weights.js';
import type { MenuItem } from '../../shared/form/menu.js';
import type { Editor } from '../editor.js';
import { exportItems, fileName, type Picture } from '../exports.js';
import type { WeightsView } from '../kept.js';

/** A weight: as it is seen, all of its values, and how to get it again. */
export function weightExports(
  c: Editor,
  { shown, layer }: LayerWeights,
  view: WeightsView,
  picture: Picture,
): readonly MenuItem[] {
  const saveValues = async (): Promise<void> => {
    const [rows = 1, columns = 1] = shown.shape;
    const page = { rowFrom: 0, rowCount: rows, columnFrom: 0, columnCount: columns };
    const all = await c.host.weights({ layer, weight: shown.name, page });
    await c.host.save({ name: `${fileName(c, layer)}.npy`, bytes: writeNpy(all.page.values) });
  };
  return exportItems(c, {
    layer,
    picture,
    values: { label: 'Values (.npy)…', onClick: () => void saveValues() },
    recipe: {
      method: 'weights',
      params: { weight: shown.name, sort: view.sort, scale: view.scale },
      notes: shown.label === undefined ? [] : [shown.label],
    },
  });
}
