import type { FlatLayout } from './layout.js';
import { NAMED } from './names.js';
import type { OutputKind, OutputQuestion, Told } from './kind.js';

/** Outputs that are one list of numbers: classes, several labels, regressed numbers, embeddings. */

/** Beyond so many numbers a list is never a list of landmarks. */
const MOST_REGRESSED = 4096;
/** Sizes of embeddings are multiples of this, those of lists of classes seldom. */
const EMBEDDING_STEP = 64;
/** Operators that shape features without choosing among classes. */
const POOLS: ReadonlySet<string> = new Set([
  'GlobalAveragePool',
  'AveragePool',
  'ReduceMean',
  'GlobalMaxPool',
  'LayerNormalization',
  'BatchNormalization',
]);

type Flat = FlatLayout['kind'];

/** Size of a sample that is one list; undefined where two of its sides are longer than one. */
function listSize(dims: readonly number[]): number | undefined {
  return dims.filter((d) => d !== 1).length <= 1 ? dims.reduce((a, b) => a * b, 1) : undefined;
}

/** Two or three numbers, or four, for each of several things. */
function isPoints(dims: readonly number[]): boolean {
  const real = dims.filter((d) => d !== 1);
  return real.length === 2 && Math.min(...real) <= 4;
}

/** What a list of numbers is, with the reason; the first that holds. */
function kindOf(
  q: OutputQuestion,
  size: number,
): { readonly kind: Flat; readonly reason: string; readonly guessed?: boolean } | undefined {
  const { ending, name, title, labels, behind } = q;
  const softmax = ending.op === 'Softmax' || ending.op === 'LogSoftmax';
  const sigmoid = ending.op === 'Sigmoid' || ending.op === 'HardSigmoid';
  const regressed = NAMED.regression(name);
  const named = NAMED.classes(name);
  const fits = labels.length > 1 && labels.length === size;
  if (softmax && size > 1) return { kind: 'classes', reason: `It ends in ${ending.op} over ${size} numbers.` };
  if (behind === 'ZipMap') return { kind: 'classes', reason: 'ZipMap gives each of its numbers the name of a class.' };
  if (behind === 'ArgMax' && size > 1)
    return { kind: 'classes', reason: `The output is the best of ${size} numbers (ArgMax): those are read.` };
  if (ending.op === 'Sigmoid' && regressed === undefined && size === 1)
    return { kind: 'classes', reason: 'It ends in Sigmoid over one number: one side against the other.' };
  if (sigmoid && regressed === undefined)
    return { kind: 'multi-label', reason: `It ends in Sigmoid over ${size} numbers, each a label of its own.` };
  if (ending.tail.has('LpNormalization') || (ending.tail.has('ReduceL2') && ending.tail.has('Div')))
    return { kind: 'embedding', reason: 'It ends in a division by its own length.' };
  if (fits) return { kind: 'classes', reason: `It has as many numbers as there are labels (${size}).` };
  const embeds = NAMED.embedding(name);
  if (embeds !== undefined && size > 1) return { kind: 'embedding', reason: `It is called "${name}".` };
  if (regressed !== undefined && named === undefined && size <= MOST_REGRESSED)
    return { kind: 'regression', reason: `It is called "${name}".` };
  if (size === 1)
    return {
      kind: 'regression',
      reason: sigmoid ? `It is called "${name}".` : 'It is one number, and no Sigmoid makes a probability of it.',
    };
  if (size === 1000 || size === 1001)
    return { kind: 'classes', reason: `It has ${size} numbers, as ImageNet has classes.` };
  if (ending.op === 'Tanh') return { kind: 'regression', reason: 'It ends in Tanh, as no list of classes does.' };
  if (named !== undefined) return { kind: 'classes', reason: `It is called "${name}".` };
  if (size <= MOST_REGRESSED && NAMED.regression(title) !== undefined && NAMED.classes(title) === undefined)
    return { kind: 'regression', reason: `The model is called "${title.trim()}".`, guessed: true };
  if (NAMED.embedding(title) !== undefined)
    return { kind: 'embedding', reason: `The model is called "${title.trim()}".`, guessed: true };
  if (POOLS.has(ending.op) && size % EMBEDDING_STEP === 0)
    return {
      kind: 'embedding',
      reason: `It ends in ${ending.op} over ${size} channels, without a layer that chooses among classes.`,
      guessed: true,
    };
  if (size % EMBEDDING_STEP === 0 && size >= 2 * EMBEDDING_STEP)
    return { kind: 'embedding', reason: `It has ${size} numbers, as embeddings have, and no names.`, guessed: true };
  if (size > 1)
    return { kind: 'classes', reason: `It is a list of ${size} numbers, as a classifier's scores are.`, guessed: true };
  return undefined;
}

function layoutOf(q: OutputQuestion, kind: Flat, size: number): FlatLayout {
  const { op } = q.ending;
  const { value } = q;
  if (kind === 'classes' && size === 1)
    return {
      kind,
      value,
      size,
      activation: op === 'Sigmoid' || op === 'HardSigmoid' ? 'none' : 'sigmoid',
      binary: true,
    };
  if (kind === 'classes')
    return { kind, value, size, activation: op === 'Softmax' || op === 'Sigmoid' ? 'none' : 'softmax' };
  if (kind === 'multi-label')
    return { kind, value, size, activation: op === 'Sigmoid' || op === 'HardSigmoid' ? 'none' : 'sigmoid' };
  return { kind, value, size, activation: 'none' };
}

function flat(id: Flat): OutputKind {
  return {
    id,
    tell: (q): Told | undefined => {
      const size = listSize(q.dims);
      const named = id === 'regression' || id === 'embedding';
      if (size === undefined) {
        // Points with two or three numbers each, and tokens of a transformer.
        const all = q.dims.reduce((a, b) => a * b, 1);
        if (!named || q.said === undefined) {
          const word =
            id === 'regression' && isPoints(q.dims) && all <= MOST_REGRESSED
              ? NAMED.regression(q.name)
              : id === 'embedding' && q.dims.length === 2
                ? NAMED.tokens(q.name)
                : undefined;
          if (word === undefined || q.ending.op === 'Softmax') return undefined;
        }
        return { reason: q.said === undefined ? `It is called "${q.name}".` : '', layout: layoutOf(q, id, all) };
      }
      if (size < 1) return undefined;
      if (q.said !== undefined) return { reason: '', layout: layoutOf(q, id, size) };
      const found = kindOf(q, size);
      if (found?.kind !== id) return undefined;
      return {
        reason: found.reason,
        layout: layoutOf(q, id, size),
        ...(found.guessed === true ? { guessed: true } : {}),
      };
    },
  };
}

export const classes = flat('classes');
export const multiLabel = flat('multi-label');
export const regression = flat('regression');
export const embedding = flat('embedding');
