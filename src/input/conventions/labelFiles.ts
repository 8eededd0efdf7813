import path from 'node:path';
import { parseLabelText } from '../labelText.js';
import { fitLabels } from '../labels.js';
import { classCount } from '../shape.js';
import { readBeside, type Convention, type Reading } from './convention.js';

/**
 * Plain files of class names beside the model or above it. Names that carry the model's own name come first. A file whose
 * number of names does not fit is passed over: folders often hold several models.
 */
export const labelFiles: Convention = {
  id: 'label-files',
  title: 'label files',
  place: 'beside',
  async read(context) {
    const { modelPath, outputs } = context;
    const stem = path.parse(modelPath).name;
    const own = [
      `${stem}.labels.txt`,
      `${stem}_labels.txt`,
      `${stem}.classes.txt`,
      `${stem}_classes.txt`,
      `${stem}.names`,
      `${stem}.labels.json`,
      `${stem}.txt`,
    ];
    const classes = classCount(outputs);
    const readings: Reading[] = [];
    for (const name of [...own, ...COMMON, ...COMMON.map((common) => path.join('labels', common))]) {
      const file = await readBeside(context, [name]);
      const table = file === undefined ? undefined : parseLabelText(file.text);
      if (file === undefined || table === undefined) continue;
      const origin = { kind: 'file', detail: file.where } as const;
      if (fitLabels(table, classes) !== undefined) return [...readings, { labels: table, origin }];
      // Said only of files that can mean no other model.
      if (own.includes(name))
        readings.push({
          origin,
          warnings: [`${file.where} has ${table.names.length} names for ${classes} classes: it is not used.`],
        });
    }
    return readings;
  },
};

const COMMON: readonly string[] = [
  'labels.txt',
  'classes.txt',
  'class_names.txt',
  'imagenet_classes.txt',
  'imagenet_labels.txt',
  'synset_words.txt',
  'synset.txt',
  'labels.json',
  'class_index.json',
  'imagenet_class_index.json',
  'imagenet1000_clsidx_to_labels.txt',
];
