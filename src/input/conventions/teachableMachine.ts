import { tableOf } from '../labelText.js';
import { asSide, readJsonBeside, type Convention } from './convention.js';

/** Teachable Machine exports `metadata.json`: names of the classes and the side of the pictures, which come as -1..1. */
export const teachableMachine: Convention = {
  id: 'teachable-machine',
  title: 'Teachable Machine',
  place: 'beside',
  async read(context) {
    const file = await readJsonBeside(context, 'metadata.json');
    if (file?.value === undefined || !/teachablemachine\/image/.test(String(file.value['packageName']))) return [];
    const { origin } = file;
    const side = asSide(file.value['imageSize']);
    const labels = tableOf(file.value['labels']);
    return [
      {
        origin,
        settings: {
          color: 'RGB',
          range: [-1, 1],
          mean: [0],
          std: [1],
          ...(side === undefined ? {} : { size: [side, side] }),
        },
      },
      ...(labels === undefined ? [] : [{ labels, origin }]),
    ];
  },
};
