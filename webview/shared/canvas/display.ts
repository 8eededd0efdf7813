import { colormap, type DivergingName, type SequentialName } from '../../../src/result/colormap.js';
import type { Colormap } from '../../../src/result/colormap.js';
import type { Explanation } from '../../../src/result/explanation.js';
import {
  mask,
  normalise,
  overlay,
  reduce,
  render,
  select,
  type NormalisedMap,
  type Reduction,
  type Sign,
  type ValueMap,
  hasChannels,
} from '../../../src/result/heatmap.js';
import type { Rgb } from '../../../src/base/picture.js';

/** How a map is drawn. Changing it never runs the model again. */
export interface Display {
  readonly mode: 'heat' | 'blend' | 'original' | 'mask';
  readonly reduction: Reduction;
  readonly sign: Sign;
  /** Of the magnitudes; what lies beyond is drawn at the end of the scale. */
  readonly percentile: number;
  /** 0 to 1, of the heat over the picture. */
  readonly opacity: number;
  readonly sequential: SequentialName;
  readonly diverging: DivergingName;
  /** Smoothed between pixels, or as the pixels that there are. */
  readonly smooth: boolean;
}

export const DEFAULT_DISPLAY: Display = {
  mode: 'blend',
  reduction: 'l1',
  sign: 'both',
  percentile: 99.5,
  opacity: 0.6,
  sequential: 'magma',
  diverging: 'RdBu',
  smooth: false,
};

/** An explanation ready to be drawn: the values behind it, the scale and the colours. */
export interface Scene {
  readonly picture: Rgb;
  /** Values in the attribution's unit, the chosen sign only. */
  readonly values: ValueMap;
  readonly scaled: NormalisedMap;
  readonly colors: Colormap;
  /** The attribution has channels that are reduced. */
  readonly channels: boolean;
  /** Values below zero exist and mean something, before the sign was chosen. */
  readonly signed: boolean;
  /** What one unit is, where that is not the attribution's. */
  readonly unit?: string;
}

/** Reduces, selects and scales. `limit` is given where several maps share a scale. */
export function sceneOf(explanation: Explanation, display: Display, limit?: number): Scene {
  const { attribution, picture } = explanation;
  const channels = hasChannels(attribution);
  const reduced = reduce(attribution, channels ? display.reduction : 'sum');
  const values = reduced.signed ? select(reduced, display.sign) : reduced;
  const scaled = normalise(values, display.percentile, limit);
  return {
    picture,
    values,
    scaled,
    colors: colormap(values.signed ? display.diverging : display.sequential),
    channels,
    signed: reduced.signed,
  };
}

/** What is seen, in colours: heat in its own resolution, the other modes in the picture's. */
export function paint(scene: Scene, display: Pick<Display, 'mode' | 'opacity' | 'smooth'>): Rgb {
  switch (display.mode) {
    case 'heat':
      return render(scene.scaled, scene.colors);
    case 'blend':
      return overlay(scene.picture, scene.scaled, scene.colors, display.opacity, display.smooth);
    case 'mask':
      return mask(scene.picture, scene.scaled, display.smooth);
    case 'original':
      return scene.picture;
  }
}

/** The value of a map at a pixel of the picture, from the map's own resolution. */
export function valueAt(scene: Scene, x: number, y: number): number {
  const { values, picture } = scene;
  const column = Math.floor((x * values.width) / picture.width);
  const row = Math.floor((y * values.height) / picture.height);
  return values.values[row * values.width + column] ?? NaN;
}
