import { LensError } from '../../base/errors.js';
import { isFloating, sizeOf } from '../../base/tensor.js';
import { addNodes, cutFinalActivation, makeNode } from '../../graph/edits.js';
import { dimsAt, type Facts, type ValueFact } from '../../graph/facts.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import { Names } from '../../graph/names.js';

/** Where a model's class scores are, before and after its final activation. */
export interface ScorePlaces {
  /** The graph, with a Softmax added where the model has none of its own. */
  readonly graph: Graph;
  readonly facts: Facts;
  /** Value before a final Softmax, LogSoftmax or Sigmoid, or the output itself. */
  readonly logit: string;
  readonly probability: string;
  /** What turns one into the other. `none`: the output is taken as it is. */
  readonly activation: 'softmax' | 'sigmoid' | 'none';
  /** Said beside every result that is about logits of a model that ends in an activation. */
  readonly note?: string;
  readonly classes: number;
  /** Whether the scores are a plain list of classes; a segmentation map or a detector's boxes are not. */
  readonly classifier: boolean;
}

/**
 * Finds the scores of a model and cuts its final activation.
 *
 * @param output the output to take; without it the first that is a list of classes, else the first of floats
 */
export function findScores(graph: Graph, facts: Facts, output?: string): ScorePlaces {
  const name = chooseOutput(graph, facts, output);
  const fact = facts.get(name)!;
  const classes = sampleSize(fact, facts);
  const classifier = isClassList(fact, facts);
  const { value: logit, cut, node } = cutFinalActivation(graph, name);
  const common = { graph, facts, classes, classifier };
  if (cut !== undefined) {
    const note = `The final ${cut} was cut: the score is the logit before it.`;
    const probability = indexOf(graph).node(node!)!.outputs[0]!;
    if (cut === 'Sigmoid') return { ...common, logit, probability, activation: 'sigmoid', note };
    if (cut === 'Softmax') return { ...common, logit, probability, activation: 'softmax', note };
    return { ...withSoftmax(graph, facts, logit), classes, classifier, logit, activation: 'softmax', note };
  }
  if (!classifier || classes < 2) return { ...common, logit: name, probability: name, activation: 'none' };
  return { ...withSoftmax(graph, facts, name), classes, classifier, logit: name, activation: 'softmax' };
}

function chooseOutput(graph: Graph, facts: Facts, wanted?: string): string {
  const names = graph.outputs.map((o) => o.name);
  if (wanted !== undefined) {
    if (!names.includes(wanted)) {
      throw new LensError(
        'input',
        'subject/output',
        `The model has no output "${wanted}"; it has ${names.join(', ')}.`,
      );
    }
    return wanted;
  }
  const floats = names.filter((n) => isFloating(facts.get(n)?.type ?? 'string'));
  const best = floats.find((n) => isClassList(facts.get(n)!, facts)) ?? floats[0];
  if (best !== undefined) return best;
  throw new LensError(
    'unsupported',
    'subject/no-scores',
    'None of the outputs of the model is a tensor of floating-point scores.',
    { hint: 'Export it so that it gives out the scores themselves, not the index or the name of the best.' },
  );
}

/** `[N, C]`, also with ones behind it, or `[C]` for a model without a batch dimension. */
function isClassList(fact: ValueFact, facts: Facts): boolean {
  const dims = dimsAt(fact, facts.batch);
  const sample = dims.slice(1);
  return dims.length >= 2 && sample.filter((d) => d !== 1).length <= 1 && dims[0] === facts.batch;
}

function sampleSize(fact: ValueFact, facts: Facts): number {
  return sizeOf(dimsAt(fact, facts.batch)) / facts.batch;
}

/** The graph with a Softmax over the classes of `logits`. */
function withSoftmax(graph: Graph, facts: Facts, logits: string): Pick<ScorePlaces, 'graph' | 'facts' | 'probability'> {
  const fact = facts.get(logits)!;
  const dims = dimsAt(fact, facts.batch);
  // The axis of the classes: the one that is not 1 behind the batch.
  const axis = Math.max(
    1,
    dims.findIndex((d, i) => i > 0 && d !== 1),
  );
  const names = new Names(indexOf(graph).names);
  const probability = names.make('lens_probability');
  return {
    graph: addNodes(graph, [makeNode('Softmax', names.make('lens_softmax'), [logits], { axis }, [probability])]),
    facts: {
      dynamicBatch: facts.dynamicBatch,
      batch: facts.batch,
      get: (value) => facts.get(value === probability ? logits : value),
    },
    probability,
  };
}
