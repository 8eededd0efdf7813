import { canonical } from '../../../src/base/canonical.js';
import { colormap } from '../../../src/result/colormap.js';
import { fit, normalise, percentileOf, type ValueMap } from '../../../src/result/heatmap.js';
import { nameOfColors, type Display, type Scene } from './display.js';

/**
 * The difference of two maps, this one minus another, as a scene of its own: diverging colours, centred on zero. Maps of
 * the same unit are subtracted as they are; others are first divided by the end of their own scale, and the unit says so.
 */
export function differenceOf(
  scene: Scene,
  unit: string,
  other: Scene,
  otherUnit: string,
  display: Pick<Display, 'percentile' | 'auto' | 'sequential' | 'diverging'>,
): Scene {
  const width = Math.max(scene.values.width, other.values.width);
  const height = Math.max(scene.values.height, other.values.height);
  const same = unit === otherUnit;
  // Not smoothed: no value is shown that neither map has.
  const a = fit<ValueMap>(same ? scene.values : scene.scaled, width, height, false).values;
  const b = fit<ValueMap>(same ? other.values : other.scaled, width, height, false).values;
  const { slices } = scene.values;
  const values: ValueMap = {
    width,
    height,
    values: a.map((v, i) => v - b[i]!),
    signed: true,
    // Two volumes of different slices lie in different grids: no slice of one is a slice of the other.
    ...(slices !== undefined && canonical(slices) === canonical(other.values.slices) ? { slices } : {}),
  };
  return {
    picture: scene.picture,
    values,
    scaled: normalise(values, display.percentile, percentileOf(values.values, display.percentile)),
    colors: colormap(nameOfColors(display, true, scene.picture)),
    channels: scene.channels,
    signed: scene.signed || other.signed,
    unit: same ? `difference, ${unit}` : 'difference, in parts of the end of each scale',
  };
}
