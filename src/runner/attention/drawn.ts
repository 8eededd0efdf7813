import { LensError } from '../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { encodePng } from '../../input/encode.js';
import type { AttentionLayer, AttentionResult } from '../../result/attention.js';
import { mapOf, nearest, queryOf, type AskedToken } from '../../result/attentionMap.js';
import { mapGrid } from '../../result/grid.js';

/** Whose look is drawn. */
export type Looking = AskedToken | 'class' | { readonly row: number; readonly column: number };

export function askedToken(text: string): Looking {
  if (text === 'class') return 'class';
  if (text === 'centre') return { y: 0.5, x: 0.5 };
  const match = /^(\d+)\s*,\s*(\d+)$/.exec(text);
  if (match !== null) return { row: Number(match[1]), column: Number(match[2]) };
  throw new LensError('usage', 'attention/token', `"${text}" is no token.`, {
    hint: 'Write class, centre, or ROW,COLUMN of the grid of tokens, counted from 0.',
  });
}

/** Rows are layers, columns heads; of a rollout or relevance one map. Shared colours: shares can be compared. */
export async function pictureOf(
  layers: readonly AttentionLayer[],
  asked: Looking,
  result: AttentionResult,
): Promise<Uint8Array> {
  const maps: FloatTensor[] = [];
  let columns = 1;
  if (result.joined !== undefined) {
    const [layer] = layers;
    const [n = 0] = result.joined.dims;
    const at = layer === undefined ? undefined : tokenOf(layer, asked);
    const map = at && mapOf(layer!, floatTensor([1, 1, n, n], result.joined.data), 0, at);
    if (map !== undefined) maps.push(map);
  } else {
    const shown = layers.filter((l) => l.to !== undefined && tokenOf(l, asked) !== undefined);
    columns = Math.max(1, ...shown.map((l) => l.heads));
    const [rows, width] = [0, 1].map((side) => Math.max(1, ...shown.map((l) => l.to!.grid[side]!))) as [number, number];
    for (const layer of shown) {
      const { weights } = result.layers.find((m) => m.layer === layer.name)!;
      for (let h = 0; h < columns; h++)
        maps.push(
          h < layer.heads
            ? nearest(mapOf(layer, weights, h, tokenOf(layer, asked)!)!, rows, width)
            : floatTensor([rows, width]),
        );
    }
  }
  if (maps.length === 0) maps.push(matrixOf(result));
  const [h = 1, w = 1] = maps[0]!.dims;
  const all = floatTensor([maps.length, h, w]);
  maps.forEach((map, i) => all.data.set(map.data, i * h * w));
  const { data, width, height } = mapGrid(all, { columns });
  return encodePng(data, width, height);
}

/** The first matrix itself, where tokens have no place that is known. */
function matrixOf({ joined, layers }: AttentionResult): FloatTensor {
  if (joined !== undefined) return joined;
  const { weights } = layers[0]!;
  const [, , q = 1, k = 1] = weights.dims;
  return floatTensor([q, k], weights.data.slice(0, q * k));
}

function tokenOf(layer: AttentionLayer, asked: Looking): ReturnType<typeof queryOf> {
  // Without a class token the middle of the picture is looked from.
  if (asked === 'class') return queryOf(layer, { prefix: 0 }) ?? queryOf(layer, { y: 0.5, x: 0.5 });
  if ('row' in asked) {
    const [rows, columns] = layer.from?.grid ?? [1, 1];
    return queryOf(layer, { y: (asked.row + 0.5) / rows, x: (asked.column + 0.5) / columns });
  }
  return queryOf(layer, asked);
}
