import { Random } from '../base/random.js';
import type { FloatTensor } from '../base/tensor.js';
import { shareWords } from './comparisonWords.js';
import type { Embedding } from './embedding.js';

/** What the directions of a layout are; of a t-SNE or UMAP they mean nothing. */
export function axisWords({ method, explained }: Pick<Embedding, 'method' | 'explained'>): readonly [string, string] {
  if (method !== 'pca') return ['no unit', 'no unit'];
  const share = (k: number): string =>
    explained?.[k] === undefined ? '' : ` (${(100 * explained[k]).toFixed(1)} % of the variance)`;
  return [`component 1${share(0)}`, `component 2${share(1)}`];
}

/** The numbers about a layout that there are, with their names. */
export function embeddingNumbers({ explained, divergence, quality }: Embedding): (readonly [string, string])[] {
  const rows: (readonly [string, string])[] = [];
  if (explained !== undefined) {
    const sum = explained.reduce((a, b) => a + b, 0);
    const each = explained.map((share) => `${Math.round(100 * share)} %`).join(' + ');
    rows.push(['explained variance', `${shareWords(sum)} (${each})`]);
  }
  if (quality?.probe !== undefined) {
    const { accuracy, sd, majority } = quality.probe;
    rows.push([
      'linear probe',
      `${shareWords(accuracy)} ± ${shareWords(sd)} (always the largest class: ${shareWords(majority)})`,
    ]);
  }
  if (quality?.neighbourAccuracy !== undefined) {
    const voters = quality.voters === undefined ? '' : ` (of ${quality.voters} that vote)`;
    rows.push(['by the nearest neighbours', `${shareWords(quality.neighbourAccuracy)}${voters}`]);
  }
  if (quality !== undefined) {
    const asked = `${quality.k} neighbours${quality.asked > 0 ? `, ${quality.asked} points asked` : ''}`;
    rows.push(['trustworthiness', `${quality.trustworthiness.toFixed(3)} (${asked})`]);
    rows.push(['continuity', quality.continuity.toFixed(3)]);
    rows.push(['neighbours that stay neighbours', shareWords(quality.kept)]);
  }
  if (divergence !== undefined) rows.push(['Kullback-Leibler divergence', `${divergence.toFixed(3)} nats`]);
  return rows;
}

/**
 * Points none of which lies near another, so that a small picture fits at each: the first that there is room for.
 *
 * @param points `[n, 2]` of the unit square
 * @param gap share of its side that a picture takes
 */
export function spreadOut({ dims: [n = 0], data }: FloatTensor, gap: number, most: number): number[] {
  const chosen: number[] = [];
  const cells = new Map<string, number>();
  // In no order, so that no class that stands first takes all the room.
  for (const i of new Random(0).shuffle([...Array(n).keys()])) {
    if (chosen.length === most) break;
    const [x, y] = [data[2 * i]!, data[2 * i + 1]!];
    const [column, row] = [Math.floor(x / gap), Math.floor(y / gap)];
    let free = true;
    for (let dy = -1; dy <= 1 && free; dy++) {
      for (let dx = -1; dx <= 1 && free; dx++) {
        const other = cells.get(`${column + dx} ${row + dy}`);
        if (other === undefined) continue;
        free = Math.abs(data[2 * other]! - x) >= gap || Math.abs(data[2 * other + 1]! - y) >= gap;
      }
    }
    if (!free) continue;
    cells.set(`${column} ${row}`, i);
    chosen.push(i);
  }
  return chosen.sort((a, b) => a - b);
}
