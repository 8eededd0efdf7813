import { toNumbers } from '../../base/tensor.js';
import { Algebra } from '../emit/algebra.js';
import { axisOf, fixed, isFixed, range, sameDim, type Dim } from '../dims.js';
import { refusal, rule, type Ref, type RuleContext, type RuleEntry } from '../rule.js';
import { adjointAlong } from './shared/axisMap.js';
import { interpolation, type Interpolation } from './shared/interpolation.js';

/** Resizing is linear and separable: each axis has a matrix, and the gradient goes through their transposes. */
function resize(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, roi, scales, sizes] = c.inputs as [Ref, Ref | undefined, Ref | undefined, Ref | undefined];
  const [xd, yd] = [c.dims(x), c.dims(c.outputs[0]!)];
  const axes = (c.attributes.ints('axes') ?? range(xd.length)).map((k) => axisOf(k, xd.length));
  const transform = c.attributes.string('coordinate_transformation_mode', 'half_pixel');
  const factors = scaleFactors(c, xd, yd, axes, scales, sizes);
  const region =
    transform === 'tf_crop_and_resize'
      ? toNumbers(
          (roi === undefined ? undefined : c.constant(roi)) ?? c.refuse('its region is computed while the model runs'),
        )
      : undefined;
  const dy = c.outputGradients[0]!;
  const moving = axes.filter(
    (axis, k) =>
      !sameDim(xd[axis]!, yd[axis]!) ||
      factors[k] !== 1 ||
      (region !== undefined && (region[k] !== 0 || region[k + axes.length] !== 1)),
  );
  if (moving.some((axis) => !isFixed(xd[axis]!) || !isFixed(yd[axis]!))) c.refuse('it resizes along the batch');
  const mode = c.attributes.string('mode', 'nearest');
  const whole = moving.map((axis) => yd[axis]!.base / xd[axis]!.base);
  const repeats =
    mode === 'nearest' &&
    region === undefined &&
    whole.every((f, i) => Number.isInteger(f) && factors[axes.indexOf(moving[i]!)] === f);
  const settings = (axis: number): Interpolation => {
    const k = axes.indexOf(axis);
    return {
      mode,
      transform,
      size: xd[axis]!.base,
      out: yd[axis]!.base,
      scale: factors[k]!,
      nearest: c.attributes.string('nearest_mode', 'round_prefer_floor'),
      cubic: c.attributes.float('cubic_coeff_a', -0.75),
      excludeOutside: c.attributes.int('exclude_outside', 0) === 1,
      antialias: c.attributes.int('antialias', 0) === 1,
      roi: region === undefined ? undefined : [region[k]!, region[k + axes.length]!],
    };
  };
  const maps = moving.map((axis) => ({
    axis,
    rows: yd[axis]!.base,
    columns: xd[axis]!.base,
    matrix: interpolation(settings(axis)),
  }));
  if (
    repeats &&
    maps.every(
      (m) =>
        m.rows > 0 && range(m.rows).every((r) => m.matrix[r * m.columns + Math.floor((r * m.columns) / m.rows)] === 1),
    )
  ) {
    // Every element repeated the same number of times: sum the copies.
    const split: Dim[] = xd.flatMap((d, i) => (moving.includes(i) ? [d, fixed(yd[i]!.base / xd[i]!.base)] : [d]));
    const copies: number[] = [];
    xd.reduce((at, _, i) => (moving.includes(i) ? (copies.push(at + 1), at + 2) : at + 1), 0);
    return [a.reduceSum(a.reshape(dy, split), copies, false)];
  }
  return [adjointAlong(a, dy, yd, maps)];
}

/** The factor each axis is resized by, as the operator itself derives it. */
function scaleFactors(
  c: RuleContext,
  xd: readonly Dim[],
  yd: readonly Dim[],
  axes: readonly number[],
  scales: Ref | undefined,
  sizes: Ref | undefined,
): number[] {
  const ratio = axes.map((k) => (sameDim(xd[k]!, yd[k]!) ? 1 : yd[k]!.base / xd[k]!.base));
  if (scales !== undefined && c.fact(scales).base[0] !== 0) {
    const known = c.constant(scales);
    if (known !== undefined) return [...toNumbers(known)];
    if (axes.every((k, i) => sameDim(xd[k]!, yd[k]!) || Number.isInteger(ratio[i]))) return ratio;
    c.refuse('its scales are computed while the model runs');
  }
  const policy = c.attributes.string('keep_aspect_ratio_policy', 'stretch');
  const wanted = sizes === undefined ? undefined : c.constant(sizes);
  if (policy === 'stretch' || wanted === undefined) return ratio;
  const given = [...toNumbers(wanted)].map((s, i) => s / xd[axes[i]!]!.base);
  const one = policy === 'not_larger' ? Math.min(...given) : Math.max(...given);
  return axes.map(() => one);
}

export const resizeRules: readonly RuleEntry[] = [
  rule('Resize', resize),
  refusal('Upsample', 'it was withdrawn in opset 10; Resize took its place'),
];
