import { Algebra } from '../emit/algebra.js';
import { fixed, ONE, range, type Dim } from '../dims.js';
import { refusal, rule, type Ref, type RuleContext, type RuleEntry } from '../rule.js';

/** One neighbour of a sampling position along one axis. */
interface Neighbour {
  /** Its index as a floating number, inside the axis. */
  readonly index: Ref;
  /** 1 where the neighbour lies inside, absent where it always does. */
  readonly inside: Ref | undefined;
  /** Its weight and the weight's slope; absent for 1 and 0. */
  readonly weight: Ref | undefined;
  readonly slope: Ref | undefined;
}

/** One spatial axis: its neighbours, and the slope of the position with respect to the grid's number. */
interface Axis {
  readonly neighbours: readonly Neighbour[];
  readonly slope: Ref | number;
}

const A = -0.75;

/** Reads and writes of GridSample: y = Σ over neighbours of x · Π weights. */
function gridSample(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, grid] = c.inputs as [Ref, Ref];
  const dims = c.dims(x);
  const space = dims.slice(2).map((d) => d.base);
  const [n, channels] = [dims[0]!, dims[1]!];
  const points = a.joined(c.dims(grid).slice(1, -1));
  const size = fixed(space.reduce((p, d) => p * d, 1));
  const dy = a.reshape(c.outputGradients[0]!, [n, channels, points]);
  const axes = space.map((s, j) => axisOf(a, component(a, grid, space.length - 1 - j, [n, ONE, points]), s));
  const combos = axes.reduce<Neighbour[][]>(
    (all, axis) => all.flatMap((list) => axis.neighbours.map((k) => [...list, k])),
    [[]],
  );
  const wide = [n, channels, points];
  const flat = combos.map((combo) =>
    a.cast(
      combo.map((k) => k.index).reduce((at, index, j) => a.add(a.mul(at, space[j]!), index)),
      'int64',
    ),
  );
  const product = (factors: readonly (Ref | undefined)[]): Ref | undefined =>
    factors.reduce((p, f) => (p === undefined ? f : f === undefined ? p : a.mul(p, f)), undefined);
  const inside = (combo: readonly Neighbour[]): Ref | undefined => product(combo.map((k) => k.inside));

  let dx: Ref | undefined;
  if (c.wants(0)) {
    const updates = combos.map((combo) => {
      const w = product([...combo.map((k) => k.weight), inside(combo)]);
      return w === undefined ? dy : a.mul(dy, w);
    });
    const indices = a.expand(a.concat(flat, 2), [n, channels, fixed(points.base * combos.length)]);
    const sum = a.op('ScatterElements', [a.zeros([n, channels, size], dy), indices, a.concat(updates, 2)], {
      axis: 2,
      reduction: 'add',
    });
    dx = a.reshape(sum, dims);
  }
  if (!c.wants(1)) return [dx];
  if (combos.length === 1) return [dx, a.zeros(c.dims(grid), dy)];
  const values = a.reshape(x, [n, channels, size]);
  // What each neighbour weighs in the loss.
  const pulls = combos.map((combo, k) => {
    const seen = a.op('GatherElements', [values, a.expand(flat[k]!, wide)], { axis: 2 });
    const pull = a.reduceSum(a.mul(dy, seen), [1]);
    const mask = inside(combo);
    return mask === undefined ? pull : a.mul(pull, mask);
  });
  const components = axes.map((axis, j) => {
    const terms = combos.map((combo, k) =>
      a.mul(pulls[k]!, product(combo.map((nb, i) => (i === j ? nb.slope : nb.weight)))!),
    );
    return a.mul(a.sum(terms), axis.slope);
  });
  const stacked = a.concat(components.reverse(), 1);
  return [dx, a.reshape(a.transpose(stacked, [0, 2, 1]), c.dims(grid))];
}

/** Number `k` of every grid vector. */
function component(a: Algebra, grid: Ref, k: number, dims: readonly Dim[]): Ref {
  const last = a.c.dims(grid).length - 1;
  return a.reshape(a.slice(grid, [last], [k], [k + 1]), dims);
}

function axisOf(a: Algebra, g: Ref, size: number): Axis {
  const { attributes } = a.c;
  const aligned = attributes.int('align_corners', 0) === 1;
  const padding = attributes.string('padding_mode', 'zeros');
  const mode = attributes.string('mode', 'linear').replace(/^(bi|tri)/, '');
  // [-1, 1] to pixels
  const factor = aligned ? (size - 1) / 2 : size / 2;
  let u = a.add(a.mul(g, factor), aligned ? factor : factor - 0.5);
  let slope: Ref | number = factor;
  if (mode === 'nearest') u = a.op('Round', [u]);
  const [low, high] = aligned ? [0, size - 1] : [-0.5, size - 0.5];
  if (padding === 'border') {
    const beyond = a.op('Or', [a.less(u, low), a.greater(u, high)]);
    slope = a.where(beyond, 0, a.emit.scalar(factor, u));
    u = a.where(beyond, clip(a, u, 0, size - 1), u);
  } else if (padding === 'reflection') {
    const folded = reflect(a, u, low, high);
    slope = a.mul(folded.sign, factor);
    u = folded.value;
  }
  const neighbour = (index: Ref, weight: Ref | undefined, dw: Ref | undefined): Neighbour => {
    if (padding === 'border') return { index: clip(a, index, 0, size - 1), inside: undefined, weight, slope: dw };
    if (padding === 'reflection')
      return {
        index: clip(a, a.op('Round', [reflect(a, index, low, high).value]), 0, size - 1),
        inside: undefined,
        weight,
        slope: dw,
      };
    const inside = a.castLike(a.and(a.greater(index, -0.5), a.less(index, size - 0.5)), u);
    return { index: clip(a, index, 0, size - 1), inside, weight, slope: dw };
  };
  if (mode === 'nearest') return { neighbours: [neighbour(u, undefined, undefined)], slope };
  const floor = a.op('Floor', [u]);
  const f = a.sub(u, floor);
  if (mode === 'linear') {
    const one = a.emit.scalar(1, u);
    return { neighbours: [neighbour(floor, a.sub(1, f), a.neg(one)), neighbour(a.add(floor, 1), f, one)], slope };
  }
  // Distances 1 + f, f, 1 - f, 2 - f; the last two shrink as f grows.
  const near = (t: Ref): [Ref, Ref] => [
    a.add(a.mul(a.square(t), a.sub(a.mul(t, A + 2), A + 3)), 1),
    a.mul(t, a.sub(a.mul(t, 3 * (A + 2)), 2 * (A + 3))),
  ];
  const far = (t: Ref): [Ref, Ref] => [
    a.sub(a.mul(a.add(a.mul(a.sub(a.mul(t, A), 5 * A), t), 8 * A), t), 4 * A),
    a.add(a.mul(a.sub(a.mul(t, 3 * A), 10 * A), t), 8 * A),
  ];
  const taps: [Ref, Ref][] = [far(a.add(f, 1)), near(f), turned(a, near(a.sub(1, f))), turned(a, far(a.sub(2, f)))];
  return { neighbours: taps.map(([w, dw], i) => neighbour(a.add(floor, i - 1), w, dw)), slope };
}

function turned(a: Algebra, [w, dw]: [Ref, Ref]): [Ref, Ref] {
  return [w, a.neg(dw)];
}

function clip(a: Algebra, v: Ref, low: number, high: number): Ref {
  return a.op('Clip', [v, a.emit.scalar(low, v), a.emit.scalar(high, v)]);
}

/** A position mirrored at both ends as often as it takes, and the sign of the slope. */
function reflect(a: Algebra, u: Ref, low: number, high: number): { value: Ref; sign: Ref } {
  const span = high - low;
  if (span <= 0) return { value: a.mul(u, 0), sign: a.mul(u, 0) };
  const z = a.sub(u, low);
  const t = a.sub(z, a.mul(a.op('Floor', [a.div(z, 2 * span)]), 2 * span));
  const first = a.op('LessOrEqual', [t, a.emit.scalar(span, t)]);
  return { value: a.add(a.where(first, t, a.sub(2 * span, t)), low), sign: a.where(first, a.emit.scalar(1, u), -1) };
}

/** grid = base · thetaᵀ: dtheta = dgridᵀ · base */
function affineGrid(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const dims = c.dims(c.outputs[0]!);
  const space = dims.slice(1, -1).map((d) => d.base);
  const aligned = c.attributes.int('align_corners', 0) === 1;
  const line = (n: number): number[] =>
    range(n).map((i) => (aligned ? (n === 1 ? 0 : (2 * i) / (n - 1) - 1) : (2 * i + 1) / n - 1));
  const places = space.reduce<number[][]>((all, n) => all.flatMap((p) => line(n).map((v) => [...p, v])), [[]]);
  const base = a.tensor(
    [places.length, space.length + 1],
    places.flatMap((p) => [...p.reverse(), 1]),
    c.outputGradients[0]!,
  );
  const flat = a.reshape(c.outputGradients[0]!, [dims[0]!, fixed(places.length), dims.at(-1)!]);
  return [a.matmul(a.transpose(flat, [0, 2, 1]), base)];
}

export const samplingRules: readonly RuleEntry[] = [
  rule('GridSample', gridSample),
  rule('GridSample', gridSample, { domain: 'com.microsoft' }),
  rule('AffineGrid', affineGrid),
  refusal('RoiAlign', 'its regions, and how many there are, are found while the model runs'),
  refusal('DeformConv', 'deformable convolution is not differentiated'),
];
