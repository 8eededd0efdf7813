import { given } from '../../base/given.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { embedPoints, type EmbedContext } from '../../method/embedding/embed.js';
import { embeddingMethodById } from '../../method/embedding/methods.js';
import { parseParameters } from '../../method/parameters.js';
import { nearestNeighbours, neighbourAccuracy, neighbourhoodsKept } from '../../numeric/neighbours.js';
import { linearProbe } from '../../numeric/probe.js';
import { procrustes } from '../../numeric/procrustes.js';
import type { ComparedSpace, ComparedSpaces, Side } from '../../result/comparison.js';
import type { Seen } from './answers.js';
import type { OpenSide } from './side.js';

const NEAR = 10;
/** Fewer pictures have no neighbourhoods to speak of. */
const LEAST = 4;

/** The pictures in the space of either model; a sentence where there is none. */
export async function spacesOf(
  sides: Readonly<Record<Side, OpenSide>>,
  seen: readonly Seen[],
  labels: readonly string[],
  layout: string,
  context: EmbedContext,
): Promise<{ readonly spaces?: ComparedSpaces; readonly note?: string }> {
  const names = { a: 'the first model', b: 'the second model' };
  const features: Partial<Record<Side, FloatTensor>> = {};
  if (seen.length < LEAST)
    return { note: `Spaces are not compared: of ${seen.length} pictures nobody is near another.` };
  for (const side of ['a', 'b'] as const) {
    if (sides[side].embedding === undefined)
      return {
        note: `Spaces are not compared: ${names[side]} does not end in a linear layer; name a layer with --layer.`,
      };
    const rows = seen.flatMap((one) => one[side].features ?? []);
    if (rows.length < seen.length)
      return { note: `Spaces are not compared: ${names[side]} answers with values that are not finite numbers.` };
    features[side] = rowsOf(rows);
  }
  const { a, b } = features as Record<Side, FloatTensor>;
  const { products, pause } = context;
  const k = Math.min(NEAR, seen.length - 1);
  await pause(0.1, 'neighbours');
  const [near, others] = [await nearestNeighbours(a, k, { products }), await nearestNeighbours(b, k, { products })];
  const kept = Float32Array.from(neighbourhoodsKept(near, others));
  const classes = numbered(labels);
  const space = async (side: Side, rows: FloatTensor, found: typeof near): Promise<ComparedSpace> => {
    await pause(side === 'a' ? 0.2 : 0.6, `${layout} of ${names[side]}`);
    const method = embeddingMethodById(layout);
    const placed = await embedPoints(rows, method, parseParameters(method.id, method.parameters, {}), context);
    await pause(side === 'a' ? 0.4 : 0.8, `linear probe of ${names[side]}`);
    const probe = await linearProbe(rows, classes, {
      seed: context.seed,
      products,
      pause: () => pause(0.5, 'linear probe'),
    });
    return {
      layer: sides[side].embedding!.layer,
      width: rows.dims[1]!,
      points: placed.points,
      ...given({ explained: placed.explained, divergence: placed.divergence }),
      ...given({ probe: probe && probeOf(probe) }),
      ...given({ neighbourAccuracy: probe && neighbourAccuracy(found, classes) }),
    };
  };
  const first = await space('a', a, near);
  const second = await space('b', b, others);
  const { points, residual } = procrustes(twoOf(first.points), twoOf(second.points));
  return {
    spaces: {
      a: { ...first, points: twoOf(first.points) },
      b: { ...second, points },
      layout,
      residual,
      kept,
      k,
      chance: k / (2 * (seen.length - 1) - k),
      order: Int32Array.from([...kept.keys()].sort((i, j) => kept[i]! - kept[j]! || i - j)),
    },
  };
}

function probeOf({
  accuracy,
  sd,
  majority,
  folds,
  seeds,
}: NonNullable<ComparedSpace['probe']>): ComparedSpace['probe'] {
  return { accuracy, sd, majority, folds, seeds };
}

function rowsOf(rows: readonly Float32Array[]): FloatTensor {
  const width = rows[0]!.length;
  const out = floatTensor([rows.length, width]);
  rows.forEach((row, i) => out.data.set(row, i * width));
  return out;
}

/** The first two columns; zeros where there is one only. */
function twoOf({ dims: [n = 0, d = 0], data }: FloatTensor): FloatTensor {
  const out = floatTensor([n, 2]);
  for (let i = 0; i < n; i++) for (let c = 0; c < Math.min(2, d); c++) out.data[2 * i + c] = data[i * d + c]!;
  return out;
}

function numbered(labels: readonly string[]): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from(labels, (label) => {
    if (label === '') return -1;
    const number = known.get(label) ?? known.size;
    known.set(label, number);
    return number;
  });
}
