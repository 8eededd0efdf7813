import { Algebra } from '../emit/algebra.js';
import { fixed, ONE, range, type Dim } from '../dims.js';
import { expand, type NodeContext, type Ref, type RuleEntry } from '../rule.js';

/** Longer sequences would make graphs of many thousand nodes. */
const LONGEST = 256;

/** What a cell does in one step: gates from the input, the state before, and the state after. */
interface Cell {
  readonly gates: number;
  readonly activations: readonly string[];
  step(s: Step): { h: Ref; c?: Ref };
}

interface Step {
  readonly a: Algebra;
  /** Xₜ·Wᵀ + input bias, `[batch, gates·hidden]`. */
  readonly x: Ref;
  readonly h: Ref;
  readonly c: Ref;
  /** Rᵀ `[hidden, gates·hidden]` and its bias. */
  readonly r: Ref;
  readonly rBias: Ref | undefined;
  /** Peephole weights of input, output and forget gate. */
  readonly peep: readonly (Ref | undefined)[];
  readonly hidden: number;
  f(i: number, x: Ref): Ref;
}

function split(s: Step, x: Ref, parts: number): Ref[] {
  return s.a.emit.ops('Split', [x, s.a.emit.ints(Array<number>(parts).fill(s.hidden))], parts, { axis: 1 });
}

function recurrentPart(s: Step, h: Ref, r: Ref, bias: Ref | undefined): Ref {
  const product = s.a.matmul(h, r);
  return bias === undefined ? product : s.a.add(product, bias);
}

const LSTM: Cell = {
  gates: 4,
  activations: ['Sigmoid', 'Tanh', 'Tanh'],
  step(s) {
    const { a } = s;
    const [i, o, f, g] = split(s, a.add(s.x, recurrentPart(s, s.h, s.r, s.rBias)), 4) as [Ref, Ref, Ref, Ref];
    const peeped = (gate: Ref, k: number, c: Ref): Ref =>
      s.peep[k] === undefined ? gate : a.add(gate, a.mul(s.peep[k], c));
    const input = s.f(0, peeped(i, 0, s.c));
    const forget = s.f(0, peeped(f, 2, s.c));
    const c = a.add(a.mul(forget, s.c), a.mul(input, s.f(1, g)));
    const output = s.f(0, peeped(o, 1, c));
    return { h: a.mul(output, s.f(2, c)), c };
  },
};

const GRU: Cell = {
  gates: 3,
  activations: ['Sigmoid', 'Tanh'],
  step(s) {
    const { a } = s;
    const [xz, xr, xh] = split(s, s.x, 3) as [Ref, Ref, Ref];
    const weights = split(s, s.r, 3);
    const biases =
      s.rBias === undefined
        ? []
        : a.emit.ops('Split', [s.rBias, a.emit.ints([s.hidden, s.hidden, s.hidden])], 3, { axis: 0 });
    const z = s.f(0, a.add(xz, recurrentPart(s, s.h, weights[0]!, biases[0])));
    const r = s.f(0, a.add(xr, recurrentPart(s, s.h, weights[1]!, biases[1])));
    const late = a.c.attributes.int('linear_before_reset', 0) === 1;
    const from = late
      ? a.mul(r, recurrentPart(s, s.h, weights[2]!, biases[2]))
      : recurrentPart(s, a.mul(r, s.h), weights[2]!, biases[2]);
    const candidate = s.f(1, a.add(xh, from));
    return { h: a.add(a.mul(a.sub(1, z), candidate), a.mul(z, s.h)) };
  },
};

const RNN: Cell = {
  gates: 1,
  activations: ['Tanh'],
  step: (s) => ({ h: s.f(0, s.a.add(s.x, recurrentPart(s, s.h, s.r, s.rBias))) }),
};

/** The recurrence written out step by step. */
function unrolled(cell: Cell): (c: NodeContext) => (Ref | undefined)[] {
  return (c) => {
    const a = new Algebra(c);
    const [given, W, R, B, lengths, h0, c0, P] = c.inputs as [Ref, Ref, Ref, Ref?, Ref?, Ref?, Ref?, Ref?];
    if (lengths !== undefined) c.refuse('its sequences have lengths of their own');
    if (c.attributes.has('clip')) c.refuse('it clips its gates');
    if (c.attributes.int('input_forget', 0) === 1) c.refuse('its input and forget gates are coupled');
    const batchFirst = c.attributes.int('layout', 0) === 1;
    const x = batchFirst ? a.transpose(given, [1, 0, 2]) : given;
    const raw = c.dims(given);
    const [time, batch] = batchFirst ? [raw[1]!, raw[0]!] : [raw[0]!, raw[1]!];
    if (time.slope !== 0 || time.base > LONGEST) c.refuse(`it runs over more than ${LONGEST} steps`);
    const hidden = c.dims(R)[2]!.base;
    const directions = c.dims(R)[0]!.base;
    const kinds =
      c.attributes.strings('activations') ?? Array<readonly string[]>(directions).fill(cell.activations).flat();
    if (kinds.some((k) => !['Sigmoid', 'Tanh', 'Relu'].includes(k)))
      c.refuse(`its activations (${kinds.join(', ')}) are unusual`);
    const state = (v: Ref | undefined, d: number): Ref => {
      if (v === undefined) return a.fill(0, [batch, fixed(hidden)], x);
      const first = batchFirst ? a.transpose(v, [1, 0, 2]) : v;
      return a.reshape(a.slice(first, [0], [d], [d + 1]), [batch, fixed(hidden)]);
    };
    const ofDirection = (v: Ref, d: number, dims: readonly Dim[]): Ref =>
      a.reshape(a.slice(v, [0], [d], [d + 1]), dims);
    const ys: Ref[] = [];
    const hs: Ref[] = [];
    const cs: Ref[] = [];
    for (const d of range(directions)) {
      const wide = fixed(cell.gates * hidden);
      const w = a.transpose(ofDirection(W, d, [wide, c.dims(W)[2]!]), [1, 0]);
      const r = a.transpose(ofDirection(R, d, [wide, fixed(hidden)]), [1, 0]);
      const bias =
        B === undefined
          ? undefined
          : c.emit.ops(
              'Split',
              [ofDirection(B, d, [fixed(2 * cell.gates * hidden)]), c.emit.ints([wide.base, wide.base])],
              2,
              { axis: 0 },
            );
      const peep =
        P === undefined
          ? []
          : c.emit.ops('Split', [ofDirection(P, d, [fixed(3 * hidden)]), c.emit.ints([hidden, hidden, hidden])], 3, {
              axis: 0,
            });
      const product = a.matmul(x, w);
      const projected = bias === undefined ? product : a.add(product, bias[0]!);
      const steps = c.emit
        .ops('Split', [projected, c.emit.ints(range(time.base).map(() => 1))], time.base, { axis: 0 })
        .map((s) => a.reshape(s, [batch, wide]));
      const backwards = c.attributes.string('direction', 'forward') === 'reverse' || d === 1;
      let now: { h: Ref; c?: Ref } = { h: state(h0, d), c: state(c0, d) };
      const out: Ref[] = [];
      for (const t of backwards ? range(time.base).reverse() : range(time.base)) {
        const f = (i: number, v: Ref): Ref => a.op(kinds[d * cell.activations.length + i]!, [v]);
        now = cell.step({ a, x: steps[t]!, h: now.h, c: now.c ?? now.h, r, rBias: bias?.[1], peep, hidden, f });
        out[t] = a.reshape(now.h, [ONE, ONE, batch, fixed(hidden)]);
      }
      ys.push(a.concat(out, 0));
      hs.push(a.reshape(now.h, [ONE, batch, fixed(hidden)]));
      cs.push(a.reshape(now.c ?? now.h, [ONE, batch, fixed(hidden)]));
    }
    const last = (v: readonly Ref[]): Ref => (batchFirst ? a.transpose(a.concat(v, 0), [1, 0, 2]) : a.concat(v, 0));
    const y = a.concat(ys, 1);
    return [batchFirst ? a.transpose(y, [2, 0, 1, 3]) : y, last(hs), last(cs)];
  };
}

export const recurrentRules: readonly RuleEntry[] = [
  expand('LSTM', unrolled(LSTM)),
  expand('GRU', unrolled(GRU)),
  expand('RNN', unrolled(RNN)),
];
