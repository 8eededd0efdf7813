import type { Ranking } from '../../method/activations/prediction.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { ValueMap } from '../../result/valueMap.js';

/** Places along the longer side of what is drawn. */
const MOST_SIDE = 256;

/** A dense output of one channel, as it is drawn; undefined for other outputs. */
export function valueMapOf(
  { output: { layout } }: Pick<ModelSubject, 'output'>,
  { logits, decoded }: Pick<Ranking, 'logits' | 'decoded'>,
): ValueMap | undefined {
  const extremes = decoded?.map;
  if (layout?.kind !== 'dense' || extremes === undefined) return undefined;
  const side = Math.ceil(Math.max(layout.width, layout.height) / MOST_SIDE);
  const [width, height] = [Math.ceil(layout.width / side), Math.ceil(layout.height / side)];
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let [sum, count] = [0, 0];
      for (let v = y * side; v < Math.min(layout.height, (y + 1) * side); v++)
        for (let u = x * side; u < Math.min(layout.width, (x + 1) * side); u++) {
          sum += logits[layout.at(0, v, u)]!;
          count++;
        }
      values[y * width + x] = sum / count;
    }
  return { width, height, values, extremes };
}
