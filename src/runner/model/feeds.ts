import { LensError } from '../../base/errors.js';
import { formatDims, type Tensor } from '../../base/tensor.js';
import type { ValueInfo } from '../../checkpoint/model.js';
import type { InputBinding } from '../../session/probe.js';

/** How the inputs of a model are fed: which dimension is the batch, which sizes free ones have, and which values. */

/** What is known of a model's inputs before it is run. */
export interface Known {
  readonly inputs: readonly ValueInfo[];
  /** The input that is explained. */
  readonly main: string | undefined;
  /** Sizes of one sample of it, where they are known; its batch, if it has one, left out. */
  readonly sample: readonly number[] | undefined;
  /** Whether its first dimension is the batch. */
  readonly batched: boolean;
  /** Values that somebody gave for other inputs. */
  readonly given: ReadonlyMap<string, Tensor>;
}

/** Sizes that are tried one after the other for dimensions that nobody settles: long enough for windows, then short, then long. */
export const TRIED_SIZES: readonly number[] = [16, 1, 64, 224];

export interface Bound {
  readonly bindings: Readonly<Record<string, InputBinding>>;
  /** Dimensions for which the size was only tried. */
  readonly tried: readonly { readonly input: string; readonly dimension: string }[];
}

/**
 * Dimensions of every input at batch 1. The same name means the same size: what the picture or a given value settles for
 * one input holds for the others.
 *
 * @throws LensError `input/unknown-input`, `input/shape` for values that no input takes
 */
export function bindInputs({ inputs, main, sample, batched, given }: Known, size: number): Bound {
  for (const name of given.keys()) requireOther(name, inputs, main);
  const batch = batched ? inputs.find((i) => i.name === main)?.dims?.[0] : undefined;
  const sizes = new Map<string, number>();
  const learn = (dims: ValueInfo['dims'], found: readonly number[], from: number): void =>
    dims?.forEach((d, i) => i >= from && typeof d === 'string' && d !== '' && sizes.set(d, found[i]!));
  const tried: { input: string; dimension: string }[] = [];
  const own = inputs.find((i) => i.name === main);
  if (own !== undefined && sample !== undefined) {
    const whole = batched ? [1, ...sample] : sample;
    learn(own.dims, whole, batched ? 1 : 0);
  }
  for (const input of inputs) {
    const value = given.get(input.name);
    if (value !== undefined) learn(input.dims, fitted(input, value).dims, isBatch(input, batch) ? 1 : 0);
  }
  const bindings = inputs.map((input): [string, InputBinding] => {
    const isMain = input.name === main;
    const first = isMain ? batched : isBatch(input, batch);
    const raw = given.get(input.name);
    const value = raw === undefined ? undefined : fitted(input, raw);
    if (isMain && sample !== undefined)
      return [input.name, { dims: batched ? [1, ...sample] : sample, batched, main: true }];
    const dims = input.dims?.map((d, i) => {
      if (typeof d === 'number') return d;
      // An axis in front that is not the picture's batch is a batch of its own: one text, one box.
      if (i === 0 && (first || !isMain) && value === undefined && !sizes.has(d)) return 1;
      if (i === 0 && first) return 1;
      if (value !== undefined) return value.dims[i]!;
      const known = sizes.get(d);
      if (known === undefined) tried.push({ input: input.name, dimension: d === '' ? String(i) : d });
      return known ?? size;
    });
    return [
      input.name,
      {
        dims: dims ?? value?.dims,
        batched: first,
        ...(isMain ? { main: true } : {}),
        ...(value === undefined ? {} : { value }),
      },
    ];
  });
  return { bindings: Object.fromEntries(bindings), tried };
}

/** Whether the first dimension of another input is the picture's batch: it has its name, or neither has one. */
function isBatch({ dims }: ValueInfo, batch: number | string | undefined): boolean {
  return dims !== undefined && dims.length > 0 && batch !== undefined && dims[0] === batch && batch !== 1;
}

function requireOther(name: string, inputs: readonly ValueInfo[], main: string | undefined): void {
  const others = inputs.filter((i) => i.name !== main).map((i) => `"${i.name}"`);
  if (name === main)
    throw new LensError('usage', 'input/unknown-input', `The input "${name}" is the one that is explained.`, {
      hint: 'Give its picture or .npy as the INPUT itself; "input.name" in the settings file chooses another to be explained.',
    });
  if (inputs.some((i) => i.name === name)) return;
  const has = others.length === 0 ? 'it has one input only' : `its other inputs are ${others.join(', ')}`;
  throw new LensError('usage', 'input/unknown-input', `The model has no input "${name}"; ${has}.`, {
    hint: 'Correct the name.',
  });
}

/** A value with the input's rank; a batch of one is added where it is missing. */
function fitted(input: ValueInfo, value: Tensor): Tensor {
  const { dims, name } = input;
  if (dims === undefined) return value;
  const fits = (own: readonly number[]): boolean =>
    own.length === dims.length && own.every((d, i) => typeof dims[i] === 'string' || dims[i] === d);
  for (const own of [value.dims, [1, ...value.dims], ...(value.data.length === 1 ? [dims.map(() => 1)] : [])])
    if (fits(own)) return { ...value, dims: own };
  throw new LensError(
    'input',
    'input/shape',
    `The value for "${name}" is ${formatDims(value.dims)}, but that input is ${formatDims(dims)}.`,
    { hint: 'Save an array of that shape; a missing batch dimension is added.' },
  );
}
