import { LensError, throwIfCancelled } from '../../base/errors.js';
import { formatDims, isFloating, sizeOf, toNumbers, type Tensor } from '../../base/tensor.js';
import { Random } from '../../base/random.js';
import { cutFinalActivation, prune, type FinalActivation } from '../../graph/edits.js';
import { dimsAt, type Facts } from '../../graph/facts.js';
import type { Graph } from '../../graph/graph.js';
import { numbers } from '../../gradient/emit/tape.js';
import { fixedBatch, probeFacts, type InputDims } from '../../session/probe.js';
import type { Sessions } from '../../session/session.js';
import { refuseUntrainable } from './build.js';
import { freeBatch } from './freeBatch.js';
import { untied } from './untie.js';

/** A classifier that can be trained. */
export interface TrainingModel {
  /** The model with what is trained apart made separate: trained weights are put into it. */
  readonly model: Graph;
  /** What the step is made of: the same for any batch size, where that could be had. */
  readonly graph: Graph;
  readonly facts: Facts;
  readonly input: string;
  /** The value before a final Softmax or Sigmoid. */
  readonly logits: string;
  readonly classes: number;
  /** What stands between the logits and the output: the loss that fits is cross-entropy, beside Sigmoid binary cross-entropy. */
  readonly activation?: FinalActivation;
  /** The only batch size that the model takes; absent where any will do. */
  readonly fixedBatch?: number;
  readonly notes: readonly string[];
}

export interface TrainingModelOptions {
  /** The output that is trained; asked for where the model has several. */
  readonly output?: string;
  /** The input of the pictures; asked for where the model has several. */
  readonly input?: string;
  /** Sizes of inputs that the model leaves free. */
  readonly inputDims?: InputDims;
  /** A single number is the logit of a yes or no, not a regression. */
  readonly binary?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Looks at a model as something to train.
 *
 * @throws LensError `training/outputs`, `training/inputs`, `training/regression`, `training/not-classes`,
 *   `training/quantised`, …: what cannot be trained, in a sentence
 */
export async function trainingModel(
  graph: Graph,
  sessions: Sessions,
  options: TrainingModelOptions = {},
): Promise<TrainingModel> {
  const output = outputOf(graph, options.output);
  const end = cutFinalActivation(graph, output);
  const needed = prune(graph, [end.value]);
  refuseUntrainable(needed);
  const input = inputOf(graph, needed, options.input);
  const { graph: model, notes } = untied(prune(graph, [output]));
  const { facts, graph: free, tied } = await freed(model, input, end.value, sessions, options);
  const classes = classesOf({ facts, logits: end.value, output, activation: end.cut, binary: options.binary === true });
  return {
    model,
    graph: free,
    facts,
    input,
    logits: end.value,
    classes,
    ...(end.cut === undefined ? {} : { activation: end.cut }),
    ...(facts.dynamicBatch ? {} : { fixedBatch: facts.batch }),
    notes: tied === undefined ? notes : [...notes, tied],
  };
}

function outputOf(graph: Graph, asked: string | undefined): string {
  const names = graph.outputs.map((o) => o.name);
  if (asked !== undefined) {
    if (names.includes(asked)) return asked;
    throw new LensError('usage', 'training/outputs', `The model has no output named "${asked}".`, {
      hint: `Its outputs are ${listed(names)}.`,
    });
  }
  if (names.length === 1) return names[0]!;
  throw new LensError(
    'usage',
    'training/outputs',
    `The model has ${names.length} outputs, ${listed(names)}: which of them gives the classes that are trained?`,
    { hint: 'Name the output.' },
  );
}

function inputOf(graph: Graph, needed: Graph, asked: string | undefined): string {
  const names = needed.inputs.map((i) => i.name);
  const [only] = names;
  if (asked !== undefined && !graph.inputs.some((i) => i.name === asked))
    throw new LensError('usage', 'training/inputs', `The model has no input named "${asked}".`, {
      hint: `Its inputs are ${listed(graph.inputs.map((i) => i.name))}.`,
    });
  if (only === undefined)
    throw new LensError('unsupported', 'training/inputs', 'The output does not depend on any input of the model.');
  if (names.length > 1)
    throw new LensError(
      'unsupported',
      'training/inputs',
      `The model has ${names.length} inputs, ${listed(names)}; only models of one picture are trained.`,
    );
  if (asked !== undefined && asked !== only)
    throw new LensError('usage', 'training/inputs', `The output does not depend on the input "${asked}".`);
  return only;
}

/** `"a", "b" and "c"`, of many the first few. */
function listed(names: readonly string[]): string {
  const quoted = names.map((n) => `"${n}"`);
  const shown = quoted.length > 5 ? [...quoted.slice(0, 5), `${quoted.length - 5} more`] : quoted;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** The graph for any batch size, and its facts; where it cannot be freed the graph as it is, and why that matters. */
async function freed(
  graph: Graph,
  input: string,
  logits: string,
  sessions: Sessions,
  { inputDims = {}, signal }: TrainingModelOptions,
): Promise<{ facts: Facts; graph: Graph; tied?: string }> {
  const facts = await probeFacts(graph, sessions, inputDims, signal);
  if (facts.dynamicBatch) return { facts, graph };
  const written = fixedBatch(graph.inputs.filter((i) => i.name === input));
  const batch = facts.batch;
  if (written !== undefined) {
    try {
      const free = freeBatch(graph, input, facts);
      const now = await probeFacts(free, sessions, inputDims, signal);
      if (now.dynamicBatch && (await agree({ graph, free, input, logits, facts, sessions })))
        return { facts: now, graph: free };
    } catch (error) {
      throwIfCancelled(signal);
      if (!(error instanceof LensError)) throw error;
    }
  }
  const statistics = graph.nodes.some((n) => n.op === 'BatchNormalization') && batch < 8;
  const tied =
    `The model takes ${batch === 1 ? 'one picture' : `${batch} pictures`} at a time and nothing else: every step sees no more` +
    (statistics ? ', which is too few for the statistics of BatchNormalization' : '') +
    '. Export it with a free batch size.';
  return { facts, graph, tied };
}

interface Comparison {
  readonly graph: Graph;
  readonly free: Graph;
  readonly input: string;
  readonly logits: string;
  readonly facts: Facts;
  readonly sessions: Sessions;
}

/** Whether the freed graph answers for two batches at once what the model answers for each. */
async function agree({ graph, free, input, logits, facts, sessions }: Comparison): Promise<boolean> {
  const fact = facts.get(input)!;
  const dims = dimsAt(fact, facts.batch);
  const random = new Random(3);
  const drawn = (): number[] => Array.from({ length: sizeOf(dims) }, () => random.normal());
  const halves = [drawn(), drawn()];
  const run = async (of: Graph, sizes: readonly number[], values: readonly number[]): Promise<Float64Array> => {
    const session = await sessions.open(prune(of, [logits]), { optimised: false });
    try {
      const fed: Tensor = numbers(fact.type, sizes, values);
      return toNumbers((await session.run({ [input]: fed }, [logits]))[logits]!);
    } finally {
      await session.dispose();
    }
  };
  const together = await run(free, [2 * dims[0]!, ...dims.slice(1)], halves.flat());
  const apart = [await run(graph, dims, halves[0]!), await run(graph, dims, halves[1]!)].flatMap((v) => [...v]);
  if (together.length !== apart.length) return false;
  const scale = apart.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-6);
  return apart.every((v, i) => Math.abs(v - together[i]!) <= 1e-3 * scale);
}

function classesOf(p: {
  readonly facts: Facts;
  readonly logits: string;
  readonly output: string;
  readonly activation: FinalActivation | undefined;
  readonly binary: boolean;
}): number {
  const { facts, logits, output } = p;
  const fact = facts.get(logits);
  if (fact === undefined || !isFloating(fact.type))
    throw new LensError(
      'unsupported',
      'training/not-classes',
      `The output "${output}" holds ${fact?.type ?? 'no'} values: it gives out an answer, and training needs the scores that it is made of.`,
      { hint: 'Export the model without the operator that turns scores into labels.' },
    );
  const sample = dimsAt(fact, facts.batch).slice(1);
  const batched = facts.dynamicBatch ? fact.slope[0] === 1 && fact.base[0] === 0 : fact.base[0] === facts.batch;
  const wide = sample.filter((d) => d !== 1);
  if (!batched || wide.length > 1 || sample.length === 0)
    throw new LensError(
      'unsupported',
      'training/not-classes',
      `The output "${output}" holds ${formatDims(batched ? sample : dimsAt(fact, facts.batch))} numbers for a picture; only models that answer one row of classes for each are trained.`,
    );
  const classes = wide[0] ?? 1;
  if (classes === 1 && p.activation !== 'Sigmoid' && !p.binary)
    throw new LensError(
      'unsupported',
      'training/regression',
      `The output "${output}" is a single number, as a regression gives it; only classifiers are trained.`,
      { hint: 'If it is the score of a yes or no, choose binary cross-entropy.' },
    );
  return classes;
}
