import { spreadOut } from '../../../src/result/embeddingWords.js';
import { MOST_PICTURES, PICTURE_SHARE, type LayoutReport } from '../../../src/result/layoutReport.js';
import { intoUnitSquare } from '../../../src/result/scatter.js';
import type { LayoutAnswer } from '../../../src/protocol/dataset.js';
import { pngOf, rasterOf } from '../../shared/canvas/raster.js';
import type { Facts } from '../facts.js';
import type { Room } from '../room.js';
import { THUMBNAIL } from '../thumbnails.js';
import { scaleWords } from './scores.js';
import { drawnOf, methodOf } from './state.js';

/** What is shown as a document that stands alone. */
export async function layoutReport(room: Room, facts: Facts, answer: LayoutAnswer): Promise<LayoutReport> {
  const { embedding, provider, notes, warnings } = answer;
  const { layer, method, files, points } = embedding;
  const drawn = drawnOf(room, facts);
  const scale = drawn?.colouring.scale;
  const score = drawn?.score;
  const pictures = embedding.of === 'activations';
  const solid = (points.dims[1] ?? 2) > 2 ? ['Of three directions the first two are drawn.'] : [];
  return {
    title: `${room.setup?.place.name ?? ''} · ${room.setup?.model.name ?? ''}: ${layer} by ${methodOf(method).title}`,
    embedding,
    ...(pictures ? { of: facts.survey.of } : {}),
    provider,
    notes: [...notes, ...solid, ...warnings],
    ...(pictures && scale !== undefined && score !== undefined
      ? {
          colour: {
            title: scaleWords(score),
            values: Float32Array.from(files, (name) => score.values[facts.at.get(name) ?? -1] ?? NaN),
            low: scale.low,
            high: scale.high,
            table: scale.colors.table,
          },
        }
      : {}),
    thumbnails: pictures ? await thumbnailsOf(room, files, intoUnitSquare(points)) : [],
  };
}

async function thumbnailsOf(
  { host }: Room,
  files: readonly string[],
  places: ReturnType<typeof intoUnitSquare>,
): Promise<LayoutReport['thumbnails']> {
  const chosen = spreadOut(places, PICTURE_SHARE, MOST_PICTURES);
  const { pixels } = await host.thumbnails({ names: chosen.map((i) => files[i]!), size: THUMBNAIL });
  const bytes = 3 * THUMBNAIL * THUMBNAIL;
  const out: { point: number; png: Uint8Array }[] = [];
  for (const [k, point] of chosen.entries()) {
    const data = pixels.subarray(k * bytes, (k + 1) * bytes);
    const png = await pngOf(rasterOf({ width: THUMBNAIL, height: THUMBNAIL, data }));
    if (png !== undefined) out.push({ point, png });
  }
  return out;
}
