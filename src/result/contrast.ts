import type { Rgb } from '../base/picture.js';
import { colormap, DIVERGING, SEQUENTIAL, type DivergingName, type SequentialName } from './colormap.js';

/**
 * Which colours are seen on a picture: those that are far from the picture's own, as the eye measures it. Chosen by the
 * picture alone, so that all maps of one picture are drawn alike.
 */

type Lab = readonly [l: number, a: number, b: number];

/** Pixels that are looked at, evenly over the picture. */
const LOOKED_AT = 1024;
/** Where a sequential map is strong: below that it is meant to step back. */
const STRONG = [0.55, 0.7, 0.85, 1];
/** Magnitudes at which a diverging map is looked at, on both sides. */
const SIDES = [0.6, 0.8, 1];
/** Grey is for those who ask for it: it says nothing of what is strong on a grey picture. */
const CANDIDATES = SEQUENTIAL.filter((name) => name !== 'gray');

/** The sequential map that is seen best on a picture; the first of the list where all are alike. */
export function sequentialAgainst(picture: Rgb): SequentialName {
  return best(picture, CANDIDATES, STRONG);
}

/** The pair of colours that is seen best on a picture: by its weaker side. */
export function divergingAgainst(picture: Rgb): DivergingName {
  return best(
    picture,
    DIVERGING,
    SIDES.flatMap((s) => [0.5 + s / 2, 0.5 - s / 2]),
  );
}

const known = new WeakMap<Rgb, Map<string, string>>();

function best<N extends SequentialName | DivergingName>(
  picture: Rgb,
  names: readonly N[],
  places: readonly number[],
): N {
  let chosen = known.get(picture);
  if (chosen === undefined) known.set(picture, (chosen = new Map()));
  const key = names.join();
  const before = chosen.get(key);
  if (before !== undefined) return before as N;
  const pixels = samples(picture);
  let found = names[0]!;
  let most = -Infinity;
  for (const name of names) {
    const { table } = colormap(name);
    // The colour of the map that is seen least decides.
    const seen = Math.min(
      ...places.map((t) => {
        const at = 3 * Math.round(255 * t);
        return contrast(pixels, labOf(table[at]!, table[at + 1]!, table[at + 2]!));
      }),
    );
    // A little better is no reason to leave the first: pictures that are alike are drawn alike.
    if (seen > most * 1.05 || most === -Infinity) [found, most] = [name, seen];
  }
  chosen.set(key, found);
  return found;
}

interface Sample {
  readonly lab: Lab;
  readonly weight: number;
}

/** Chroma at which a pixel counts twice as much as a grey one. */
const COLOURFUL = 7;

/** Colourful pixels count by the square of their chroma: on what is grey or dark every hue is seen. */
function samples({ width, height, data }: Rgb): readonly Sample[] {
  const count = width * height;
  const step = Math.max(1, Math.floor(count / LOOKED_AT));
  const out: Sample[] = [];
  for (let i = 0; i < count; i += step) {
    const lab = labOf(data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!);
    out.push({ lab, weight: 1 + (Math.hypot(lab[1], lab[2]) / COLOURFUL) ** 2 });
  }
  return out;
}

/** Weighted mean of the distances between a colour and the pixels. */
function contrast(pixels: readonly Sample[], [l, a, b]: Lab): number {
  let [sum, weights] = [0, 0];
  for (const { lab, weight } of pixels) {
    sum += weight * Math.hypot(lab[0] - l, lab[1] - a, lab[2] - b);
    weights += weight;
  }
  return weights === 0 ? 0 : sum / weights;
}

/** CIELAB (D65) of 8-bit sRGB: distances in it are what an eye sees. */
export function labOf(red: number, green: number, blue: number): Lab {
  const linear = (v: number): number => {
    const c = v / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  const [r, g, b] = [linear(red), linear(green), linear(blue)];
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : (t * (24389 / 27) + 16) / 116);
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
