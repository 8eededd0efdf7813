import { listPictures } from '../input/folder.js';
import type { Source } from './dataset.js';

/** Pictures in a folder per class (torchvision's ImageFolder), in splits of such, all together, or with `metadata.csv`. */
export const folder: Source = {
  id: 'folder',
  recognises: (_place, isFolder) => Promise.resolve(isFolder),
  async open(place, signal) {
    const { pictures, classes } = await listPictures(place, signal === undefined ? {} : { signal });
    return {
      title: classes.length === 0 ? 'a folder of pictures' : 'a folder per class',
      examples: pictures.map(({ path: file, relative, className, split }) => ({
        name: relative,
        file,
        ...(className === undefined ? {} : { className }),
        ...(split === undefined ? {} : { split }),
        read: () => Promise.resolve(file),
      })),
      notes: [],
      omitted: [],
    };
  },
};
