import { Algebra } from '../emit/algebra.js';
import { axisOf, fixed, range, type Dim } from '../dims.js';
import { refusal, rule, type Ref, type RuleContext, type RuleEntry } from '../rule.js';
import { windowOf } from '../emit/window.js';

function scan(op: string, c: RuleContext, g: Ref, reverse: number): Ref {
  return c.emit.op(op, [g, c.inputs[1]], { exclusive: c.attributes.int('exclusive', 0), reverse });
}

/** Columns summed into a picture: dx takes every patch of dy out again. */
function col2Im(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const x = c.inputs[0]!;
  const [n, rows, columns] = c.dims(x) as [Dim, Dim, Dim];
  const space = c
    .dims(c.outputs[0]!)
    .slice(2)
    .map((d) => d.base);
  const read = (v: Ref): number[] => {
    const t = c.constant(v) ?? c.refuse('its block is computed while the model runs');
    return Array.from(t.data as ArrayLike<number | bigint>, Number);
  };
  const block = read(c.inputs[2]!);
  const size = block.reduce((p, k) => p * k, 1);
  const channels = rows.base / size;
  const count = block.map(() => 0);
  const w = windowOf(c, block, space, count);
  const places = block.map(
    (k, i) => Math.floor((space[i]! + w.begin[i]! + w.end[i]! - w.dilations[i]! * (k - 1) - 1) / w.strides[i]!) + 1,
  );
  const padded = space.map((d, i) => d + w.begin[i]! + w.end[i]!);
  const axes = range(space.length).map((i) => i + 2);
  const flat = a.reshape(a.pad(c.outputGradients[0]!, space.length + 2, axes, w.begin, w.end), [
    n,
    fixed(channels),
    fixed(padded.reduce((p, d) => p * d, 1)),
  ]);
  const grid = (sizes: readonly number[]): number[][] =>
    sizes.reduce<number[][]>((all, k) => all.flatMap((p) => range(k).map((i) => [...p, i])), [[]]);
  const indices = grid(block).flatMap((k) =>
    grid(places).map((p) =>
      p.reduce((at, place, i) => at * padded[i]! + place * w.strides[i]! + k[i]! * w.dilations[i]!, 0),
    ),
  );
  const out = a.op('Gather', [flat, c.emit.ints(indices)], { axis: 2 });
  return [a.reshape(out, [n, rows, columns])];
}

/** y[k] = Σₙ x[n]·e^(∓2πikn/N): the adjoint is the opposite transform without its normalisation. */
function dft(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const x = c.inputs[0]!;
  const dims = c.dims(x);
  const out = c.dims(c.outputs[0]!);
  const inverse = c.attributes.int('inverse', 0) === 1;
  const oneSided = c.attributes.int('onesided', 0) === 1;
  if (inverse && oneSided) c.refuse('it is a one-sided inverse transform');
  const axisInput = c.inputs[2];
  const given =
    axisInput === undefined
      ? undefined
      : (c.constant(axisInput) ?? c.refuse('its axis is computed while the model runs'));
  const axis = axisOf(
    given === undefined ? c.attributes.int('axis', c.opset >= 20 ? -2 : 1) : Number(given.data[0]),
    dims.length,
  );
  const [size, bins] = [dims[axis]!.base, out[axis]!.base];
  const lengthInput = c.inputs[1];
  const known =
    lengthInput === undefined
      ? undefined
      : (c.constant(lengthInput) ?? c.refuse('its length is computed while the model runs'));
  const length = known === undefined ? size : Number(known.data[0]);
  // The missing half of the bins got no gradient.
  const full = a.pad(c.outputGradients[0]!, dims.length, [axis], [0], [length - bins]);
  const attributes = { inverse: inverse ? 0 : 1, ...(c.opset >= 20 ? {} : { axis }) };
  const back = a.op('DFT', c.opset >= 20 ? [full, undefined, a.integer(axis)] : [full], attributes);
  const scaled = inverse ? a.mul(back, 1 / length) : a.mul(back, length);
  // What was cut off or padded to the length; and a real signal has a real gradient.
  const fitted = a.pad(scaled, dims.length, [axis], [0], [size - length]);
  return [dims.at(-1)!.base === 1 ? a.slice(fitted, [dims.length - 1], [0], [1]) : fitted];
}

export const sequenceRules: readonly RuleEntry[] = [
  // Sums over what comes before become sums over what comes after.
  rule('CumSum', (c) => [scan('CumSum', c, c.outputGradients[0]!, 1 - c.attributes.int('reverse', 0))]),
  // dx = Σ over later places of dy·y, divided by x; not defined by this form where x is 0.
  rule('CumProd', (c) => {
    const a = new Algebra(c);
    c.note('The gradient of CumProd is not defined where its input is exactly 0.');
    return [
      a.div(
        scan('CumSum', c, a.mul(c.outputGradients[0]!, c.outputs[0]!), 1 - c.attributes.int('reverse', 0)),
        c.inputs[0]!,
      ),
    ];
  }),
  // y = start + i·delta
  rule('Range', (c) => {
    const a = new Algebra(c);
    const dy = c.outputGradients[0]!;
    const [start, , delta] = c.inputs as [Ref, Ref, Ref];
    const steps = a.div(a.sub(c.outputs[0]!, start), delta);
    return [a.reduceSum(dy, [0], false), undefined, c.wants(2) ? a.reduceSum(a.mul(dy, steps), [0], false) : undefined];
  }),
  rule('Col2Im', col2Im),
  rule('DFT', dft),
  refusal('STFT', 'spectrograms are not differentiated'),
  ...[
    'SequenceAt',
    'SequenceConstruct',
    'SequenceEmpty',
    'SequenceErase',
    'SequenceInsert',
    'SequenceMap',
    'ConcatFromSequence',
    'SplitToSequence',
  ].map((op) => refusal(op, 'lists of tensors are not differentiated')),
  ...['Optional', 'OptionalGetElement'].map((op) => refusal(op, 'optional values are not differentiated')),
  ...['If', 'Loop'].map((op) => refusal(op, 'what it runs depends on its input (control flow)')),
  refusal('Scan', 'its steps are too many to be written out, or their number depends on the input (control flow)'),
  ...['NegativeLogLikelihoodLoss', 'SoftmaxCrossEntropyLoss'].map((op) =>
    refusal(op, 'it is a loss, which belongs to training'),
  ),
];
