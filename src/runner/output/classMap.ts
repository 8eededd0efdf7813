import { labelOf, type Labels } from '../../input/labels.js';
import type { Ranking } from '../../method/activations/prediction.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { ClassMap } from '../../result/classMap.js';

/** More classes than a map can tell apart are not drawn. */
const MOST_CLASSES = 0xffff - 1;

/** The segmentation of one input, as it is drawn over the picture; undefined for other outputs. */
export function classMapOf(
  { output }: Pick<ModelSubject, 'output'>,
  labels: Labels,
  { regions }: Pick<Ranking, 'regions'>,
): ClassMap | undefined {
  const { layout } = output;
  if (layout?.kind !== 'segmentation' || regions?.winners === undefined || layout.channels > MOST_CLASSES)
    return undefined;
  const { width, height } = layout;
  const winners = Uint16Array.from(regions.winners, (k) => k + 1);
  const { shares } = regions;
  const classes = Array.from(shares, (share, index) => ({ index, label: labelOf(labels, index), share }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share || a.index - b.index);
  return { width, height, winners, classes };
}
