import { Random } from '../../../../src/base/random.js';
import { toNumbers, type Tensor } from '../../../../src/base/tensor.js';
import { numbers } from '../../../../src/gradient/emit/tape.js';
import type { Session, Sessions } from '../../../../src/session/session.js';
import type { TrainingStep } from '../../../../src/training/step/step.js';

export interface Slopes {
  /** Largest difference of the loss's slope along some directions from what the gradient foretells, over its length; by weight. */
  readonly errors: ReadonlyMap<string, number>;
  readonly lengths: ReadonlyMap<string, number>;
}

/** Holds the gradients of a step by its weights against differences of its loss, along random directions. */
export async function weightSlopes(
  sessions: Sessions,
  step: TrainingStep,
  feeds: Readonly<Record<string, Tensor>>,
  state: ReadonlyMap<string, Tensor>,
  directions = 2,
): Promise<Slopes> {
  const gradients = [...step.gradients];
  const session = await sessions.open({
    ...step.graph,
    outputs: [{ name: step.outputs.loss }, ...gradients.map(([, name]) => ({ name }))],
  });
  const double = step.feeds.type === 'float64';
  const steps = double ? [1e-3, 1e-4, 1e-5, 1e-6] : [0.03, 0.01, 0.1, 0.003];
  const errors = new Map<string, number>();
  const lengths = new Map<string, number>();
  try {
    const all = { ...feeds, ...Object.fromEntries(state) };
    const out = await session.run(
      all,
      gradients.map(([, name]) => name),
    );
    const random = new Random(5);
    for (const [weight, name] of gradients) {
      const g = toNumbers(out[name]!);
      const value = state.get(weight)!;
      if (out[name]!.dims.join() !== value.dims.join() || out[name]!.type !== value.type)
        throw new Error(`the gradient of ${weight} is ${out[name]!.type} ${out[name]!.dims.join('×')}`);
      const length = Math.sqrt(g.reduce((s, v) => s + v * v, 0));
      lengths.set(weight, length);
      let worst = 0;
      for (let k = 0; k < directions; k++) {
        const d = g.map(() => random.normal());
        const foretold = g.reduce((s, v, i) => s + v * d[i]!, 0);
        const at = async (t: number): Promise<number> => lossAt(session, step, all, weight, moved(value, d, t));
        let best = Infinity;
        for (const h of steps) {
          const slope = (8 * ((await at(h)) - (await at(-h))) - ((await at(2 * h)) - (await at(-2 * h)))) / (12 * h);
          best = Math.min(best, Math.abs(slope - foretold) / Math.max(length, double ? 1e-6 : 1e-3));
          if (best < (double ? 1e-8 : 1e-4)) break;
        }
        worst = Math.max(worst, best);
      }
      errors.set(weight, worst);
    }
  } finally {
    await session.dispose();
  }
  return { errors, lengths };
}

function moved(value: Tensor, direction: Float64Array, t: number): Tensor {
  return numbers(
    value.type,
    value.dims,
    toNumbers(value).map((v, i) => v + t * direction[i]!),
  );
}

async function lossAt(
  session: Session,
  step: TrainingStep,
  feeds: Readonly<Record<string, Tensor>>,
  weight: string,
  value: Tensor,
): Promise<number> {
  const out = await session.run({ ...feeds, [weight]: value }, [step.outputs.loss]);
  return toNumbers(out[step.outputs.loss]!)[0]!;
}
