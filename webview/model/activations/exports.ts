import { given } from '../../../src/base/given.js';
import { writeNpy } from '../../../src/base/npy.js';
import { floatTensor } from '../../../src/base/tensor.js';
import type { Activation } from '../../../src/result/activations.js';
import type { MenuItem } from '../../shared/form/menu.js';
import type { Editor } from '../editor.js';
import { exportItems, fileName, type Picture } from '../exports.js';
import type { ActivationsView } from '../kept.js';

/**
 * The maps of a layer: as they are seen, the values of one channel, and how to get them again.
 *
 * @param shown the channel, and its map where that is there
 */
export function activationExports(
  c: Editor,
  answer: Activation,
  view: ActivationsView,
  { channel, map }: { readonly channel: number | undefined; readonly map: Float32Array | undefined },
  picture: Picture,
): readonly MenuItem[] {
  const { layer, provider, notes } = answer;
  const saveValues = (): void => {
    if (map === undefined) return;
    const bytes = writeNpy(floatTensor([answer.height, answer.width], map));
    void c.host.save({ name: `${fileName(c, layer)}.${channel}.npy`, bytes });
  };
  return exportItems(c, {
    layer,
    picture,
    values: { label: `Values of channel ${channel ?? ''} (.npy)…`, disabled: map === undefined, onClick: saveValues },
    recipe: {
      method: 'activations',
      params: { ...given({ channel }), sort: view.sort, scale: view.scale },
      ...given({ input: view.picture?.uri }),
      provider,
      notes,
    },
  });
}
