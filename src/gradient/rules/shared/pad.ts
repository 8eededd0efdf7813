import { toIntegers } from '../../../base/tensor.js';
import { Algebra } from '../../emit/algebra.js';
import { axisOf, isFixed, range } from '../../dims.js';
import type { Ref, RuleContext } from '../../rule.js';
import { adjointAlong, type AxisMap } from './axisMap.js';

/** Constant padding is undone by padding with the opposite numbers; the other modes fold their copies back. */
export function padAdjoint(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, pads, value, axes] = c.inputs as [Ref, Ref, Ref | undefined, Ref | undefined];
  const dy = c.outputGradients[0]!;
  const mode = c.attributes.string('mode', 'constant');
  if (mode === 'constant') {
    const dx = a.op('Pad', [dy, a.neg(pads), undefined, axes]);
    const [xd, yd] = [c.dims(x), c.dims(c.outputs[0]!)];
    // What is not in dx fell on the padding.
    const dValue =
      value !== undefined && c.wants(2)
        ? a.reshapeLike(a.sub(a.reduceAll(dy, yd), a.reduceAll(dx, xd)), value)
        : undefined;
    return [c.wants(0) ? dx : undefined, undefined, dValue];
  }
  const read = (v: Ref): number[] =>
    toIntegers(c.constant(v) ?? c.refuse('its padding is computed while the model runs'));
  const xd = c.dims(x);
  const yd = c.dims(c.outputs[0]!);
  const along = axes === undefined ? range(xd.length) : read(axes).map((k) => axisOf(k, xd.length));
  const amounts = read(pads);
  const maps: AxisMap[] = [];
  along.forEach((axis, k) => {
    const [before, after] = [amounts[k]!, amounts[k + along.length]!];
    if (before === 0 && after === 0) return;
    if (!isFixed(xd[axis]!)) c.refuse('it pads along the batch');
    maps.push(copies(axis, xd[axis]!.base, yd[axis]!.base, before, mode));
  });
  return [adjointAlong(a, dy, yd, maps)];
}

/** Which element each padded position is a copy of. */
function copies(axis: number, size: number, padded: number, before: number, mode: string): AxisMap {
  const matrix = new Float64Array(padded * size);
  for (const i of range(padded)) matrix[i * size + source(i - before, size, mode)] = 1;
  return { axis, rows: padded, columns: size, matrix };
}

function source(position: number, size: number, mode: string): number {
  if (mode === 'edge') return Math.min(Math.max(position, 0), size - 1);
  if (mode === 'wrap') return ((position % size) + size) % size;
  // reflect: … 2 1 0 1 2 … without repeating the edge
  const period = Math.max(1, 2 * (size - 1));
  const folded = ((position % period) + period) % period;
  return folded < size ? folded : period - folded;
}
