import {
  interpolateBrBG,
  interpolateInferno,
  interpolateMagma,
  interpolatePiYG,
  interpolatePRGn,
  interpolatePuOr,
  interpolateRdBu,
  interpolateViridis,
} from 'd3-scale-chromatic';

/**
 * Colour maps as tables of 256 colours. Sequential maps (for magnitudes) have lightness that grows with the value;
 * diverging maps (for signed values) are neutral in the middle, which is zero. Never a rainbow: its bands invent edges.
 */

export type SequentialName = 'magma' | 'inferno' | 'viridis' | 'gray';
/** The colour that is named first is the positive one; only of `PuOr` it is the other. */
export type DivergingName = 'RdBu' | 'BuRd' | 'PuOr' | 'PRGn' | 'PiYG' | 'BrBG';
export type ColormapName = SequentialName | DivergingName;

export interface Colormap {
  readonly name: ColormapName;
  readonly kind: 'sequential' | 'diverging';
  /** 256 × red, green, blue. */
  readonly table: Uint8Array;
}

/** The value at the left end of a scale whose right end is `limit`: diverging maps are neutral at zero, the others begin there. */
export function lowest({ kind }: Pick<Colormap, 'kind'>, limit: number): number {
  return kind === 'diverging' ? -limit : 0;
}

export const SEQUENTIAL: readonly SequentialName[] = ['magma', 'inferno', 'viridis', 'gray'];
export const DIVERGING: readonly DivergingName[] = ['RdBu', 'BuRd', 'PuOr', 'PRGn', 'PiYG', 'BrBG'];

type Ramp = (t: number) => string;

// d3's diverging ramps begin with the colour that stands first in their name; ours begin with the negative one.
const RAMPS: Record<ColormapName, Ramp> = {
  magma: interpolateMagma,
  inferno: interpolateInferno,
  viridis: interpolateViridis,
  gray: (t) =>
    `rgb(${Array(3)
      .fill(Math.round(255 * t))
      .join(', ')})`,
  RdBu: (t) => interpolateRdBu(1 - t),
  BuRd: (t) => interpolateRdBu(t),
  PuOr: (t) => interpolatePuOr(1 - t),
  PRGn: (t) => interpolatePRGn(1 - t),
  PiYG: (t) => interpolatePiYG(1 - t),
  BrBG: (t) => interpolateBrBG(1 - t),
};

const built = new Map<ColormapName, Colormap>();

/** The colour map of a name; its table is made once. */
export function colormap(name: ColormapName): Colormap {
  let map = built.get(name);
  if (map === undefined) {
    const table = new Uint8Array(256 * 3);
    for (let i = 0; i < 256; i++) table.set(parseColor(RAMPS[name](i / 255)), 3 * i);
    map = { name, kind: isDiverging(name) ? 'diverging' : 'sequential', table };
    built.set(name, map);
  }
  return map;
}

export function isDiverging(name: ColormapName): name is DivergingName {
  return (DIVERGING as readonly string[]).includes(name);
}

/** `#rrggbb` or `rgb(r, g, b)`, the two forms d3 writes. */
function parseColor(text: string): [number, number, number] {
  if (text.startsWith('#')) {
    const bits = Number.parseInt(text.slice(1), 16);
    return [bits >> 16, (bits >> 8) & 255, bits & 255];
  }
  const [r, g, b] = (text.match(/\d+/g) ?? []).map(Number);
  return [r!, g!, b!];
}
