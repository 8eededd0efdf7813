import { colormap, type DivergingName, type SequentialName } from '../../../src/result/colormap.js';
import type { Colormap, ColormapName } from '../../../src/result/colormap.js';
import { divergingAgainst, sequentialAgainst } from '../../../src/result/contrast.js';
import { outlined, strongest, withPartLines } from '../../../src/result/outline.js';
import type { Explanation, PartsOfPicture } from '../../../src/result/explanation.js';
import {
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
import { cutSlice, type SliceGrid } from '../../../src/result/slices.js';

/** How a map is drawn. Changing it never runs the model again. */
export interface Display {
  readonly mode: 'heat' | 'blend' | 'outline' | 'mask' | 'original';
  readonly reduction: Reduction;
  readonly sign: Sign;
  /** Of the magnitudes; what lies beyond is drawn at the end of the scale. */
  readonly percentile: number;
  /** 0 to 1, of the heat over the picture. */
  readonly opacity: number;
  /** Of the scale, 0 to 1: where the outline runs. */
  readonly level: number;
  /** Of the places of the map, 0 to 1: the strongest, which the mask leaves of the picture. */
  readonly top: number;
  /** Colours that contrast with the picture, in place of the two below. */
  readonly auto: boolean;
  /** The borders of the parts, where the map has some. */
  readonly parts: boolean;
  /** Below the heat lies the photograph, where the model sees far less of it. */
  readonly photo: boolean;
  readonly sequential: SequentialName;
  readonly diverging: DivergingName;
  /** Smoothed between pixels, or as the pixels that there are. */
  readonly smooth: boolean;
  /** Of a volume the slice that is drawn, from 1; 0: all, beside one another. */
  readonly slice: number;
  /** The classes of a segmentation over the picture. */
  readonly classes: 'off' | 'outlines' | 'filled';
}

export const DEFAULT_DISPLAY: Display = {
  mode: 'blend',
  reduction: 'l1',
  sign: 'both',
  percentile: 99.5,
  opacity: 0.6,
  level: 0.4,
  top: 0.1,
  auto: true,
  parts: false,
  photo: true,
  sequential: 'magma',
  diverging: 'RdBu',
  smooth: false,
  slice: 0,
  classes: 'outlines',
};

/** An explanation ready to be drawn: the values behind it, the scale and the colours. */
export interface Scene {
  /** As the model sees it: pixels are counted in it. */
  readonly picture: Rgb;
  /** The parts whose values the map holds. */
  readonly parts?: PartsOfPicture;
  /** What is drawn in its place: the same part of the photograph, finer. */
  readonly photo?: Rgb;
  /** Values in the attribution's unit, the chosen sign only. */
  readonly values: ValueMap;
  readonly scaled: NormalisedMap;
  readonly colors: Colormap;
  /** The attribution has channels that are reduced. */
  readonly channels: boolean;
  /** Values below zero exist and mean something, before the sign was chosen. */
  readonly signed: boolean;
  /** Of a volume: how many slices it has, and which one this is, from 1; 0: all of them. */
  readonly slices?: { readonly count: number; readonly shown: number };
  /** What one unit is, where that is not the attribution's. */
  readonly unit?: string;
}

/** What maps of several pictures share: the end of their scale, and colours that no picture chooses. */
export interface SharedDrawing {
  readonly limit?: number;
}

/** Reduces, selects and scales. What several maps `share` is given where they lie beside one another. */
export function sceneOf(explanation: Explanation, display: Display, share?: SharedDrawing): Scene {
  return atSlice(wholeSceneOf(explanation, display, share), explanation.slices, display.slice);
}

/** A scene with one slice of a volume alone, on the scale of all of them. */
export function atSlice(scene: Scene, slices: SliceGrid | undefined, slice: number): Scene {
  const { picture, values, scaled, parts } = scene;
  if (slices === undefined || values.slices === undefined) return scene;
  const { depth, sliceHeight, sliceWidth } = slices;
  const shown = slice > depth ? 0 : slice;
  const counted: Scene = { ...scene, slices: { count: depth, shown } };
  if (shown === 0) return counted;
  const map = values.slices;
  // A coarser map has fewer slices: the one that lies there.
  const own = Math.floor(((shown - 0.5) * map.depth) / depth);
  const cut = <M extends ValueMap>({ slices: _all, ...whole }: M): Omit<M, 'slices'> => ({
    ...whole,
    values: cutSlice(whole.values, map, own),
    width: map.sliceWidth,
    height: map.sliceHeight,
  });
  return {
    ...counted,
    picture: { width: sliceWidth, height: sliceHeight, data: cutSlice(picture.data, slices, shown - 1, 3) },
    values: cut(values),
    scaled: cut(scaled),
    ...(parts === undefined ? {} : { parts: { ...parts, of: cutSlice(parts.of, slices, shown - 1) } }),
  };
}

/** Which slice is drawn, in words; undefined where there is but one. */
export function sliceWords({ slices }: Pick<Scene, 'slices'>): string | undefined {
  if (slices === undefined) return undefined;
  const { count, shown } = slices;
  return shown === 0 ? `all ${count} slices along depth` : `slice ${shown} of ${count} along depth`;
}

/** The same with all slices of a volume. */
export function wholeSceneOf(explanation: Explanation, display: Display, share?: SharedDrawing): Scene {
  const { attribution, picture } = explanation;
  const channels = hasChannels(attribution);
  const reduced = reduce(attribution, channels ? display.reduction : 'sum');
  const values = reduced.signed ? select(reduced, display.sign) : reduced;
  const scaled = normalise(values, display.percentile, share?.limit);
  return {
    picture,
    values,
    scaled,
    colors: colormap(nameOfColors(display, values.signed, share === undefined ? picture : undefined)),
    channels,
    signed: reduced.signed,
    ...(attribution.parts === undefined ? {} : { parts: attribution.parts }),
  };
}

/** The colour map to draw with: the chosen one, or one that is seen on the picture; without a picture the usual ones. */
export function nameOfColors(
  { auto, sequential, diverging }: Pick<Display, 'auto' | 'sequential' | 'diverging'>,
  signed: boolean,
  picture?: Rgb,
): ColormapName {
  if (!auto) return signed ? diverging : sequential;
  if (picture === undefined) return signed ? 'RdBu' : 'magma';
  return signed ? divergingAgainst(picture) : sequentialAgainst(picture);
}

/** What is seen, in colours, with the borders of parts where they are asked for: heat in its own resolution, the other modes in the picture's. */
export function paint(scene: Scene, display: Drawn): Rgb {
  const painted = paintPlain(scene, display);
  return display.parts && scene.parts !== undefined ? withPartLines(painted, scene.parts, scene.picture) : painted;
}

type Drawn = Pick<Display, 'mode' | 'opacity' | 'smooth' | 'level' | 'top' | 'parts'>;

function paintPlain(scene: Scene, display: Drawn): Rgb {
  const picture = scene.photo ?? scene.picture;
  switch (display.mode) {
    case 'heat':
      return render(scene.scaled, scene.colors);
    case 'blend':
      return overlay(picture, scene.scaled, scene.colors, display.opacity, display.smooth);
    case 'outline':
      return outlined(picture, scene.scaled, scene.colors, display.level, display.smooth);
    case 'mask':
      return strongest(picture, scene.scaled, scene.values.values, display.top, display.smooth);
    case 'original':
      return picture;
  }
}

/** The value of a map at a pixel of the picture, from the map's own resolution. */
export function valueAt(scene: Scene, x: number, y: number): number {
  const { values, picture } = scene;
  const column = Math.floor((x * values.width) / picture.width);
  const row = Math.floor((y * values.height) / picture.height);
  return values.values[row * values.width + column] ?? NaN;
}
