import { LensError } from '../../base/errors.js';
import { isFloating, sizeOf } from '../../base/tensor.js';
import { prune } from '../../graph/edits.js';
import type { Graph } from '../../graph/graph.js';
import { operator } from '../../graph/operators/operators.js';
import type { GradientGraph } from '../../gradient/request.js';
import { batchNormalizationInTraining } from '../../gradient/rules/normalisation.js';
import { buildGradient } from '../../gradient/sweep/engine.js';
import { lowered } from './blocked/lower.js';
import { markerRules } from './blocked/markers.js';
import type { StepRequest, TrainingStep } from './step.js';
import { trainingForm, type TrainingForm } from './trainingForm.js';
import { StepWriter } from './writer.js';

/**
 * One step of training as one graph: the forward pass in training form, the loss, the gradients of all trained weights, and
 * the weights after the step.
 *
 * @throws LensError `training/…`, `gradient/unsupported` with the operators that stop a gradient on its way to a weight
 */
export function trainingStep(request: StepRequest): TrainingStep {
  checkRequest(request);
  const form = trainingForm(request);
  const step = new StepWriter(request, form, gradientOf(request, form), classesOf(request)).step();
  if (request.form === 'plain') return step;
  return {
    ...step,
    graph: lowered(step.graph, { facts: form.facts, batch: request.batch, block: request.form.block }),
  };
}

/** Refuses what no training can change, in one sentence. */
export function refuseUntrainable(graph: Graph): void {
  const whole = graph.nodes.find((node) => {
    const row = operator(node);
    return row.storage !== undefined || row.integerProduct === true || row.quantises === true;
  });
  if (whole !== undefined)
    throw new LensError(
      'unsupported',
      'training/quantised',
      `The model is quantised (${whole.op} "${whole.name}"): its weights are whole numbers, which small steps do not change.`,
      { hint: 'Train the model that it was made of, and quantise that again.' },
    );
}

function checkRequest(request: StepRequest): void {
  const { graph, trainable, classWeights, optimiser } = request;
  refuseUntrainable(prune(graph, [request.logits]));
  if (trainable.length === 0)
    throw new LensError('unsupported', 'training/no-weights', 'The model has no weights that training could change.');
  for (const name of trainable) {
    const weight = graph.weights.get(name);
    if (weight === undefined)
      throw new LensError('input', 'training/no-weight', `The model has no weight named "${name}".`);
    if (!isFloating(weight.type))
      throw new LensError(
        'unsupported',
        'training/integer-weight',
        `The weight "${name}" holds ${weight.type} values, which small steps do not change.`,
      );
  }
  const classes = classesOf(request);
  if (classWeights !== undefined && classWeights.length !== classes)
    throw new LensError(
      'usage',
      'training/class-weights',
      `The model has ${classes} classes, and ${classWeights.length} class weights were given.`,
    );
  if (classWeights?.some((w) => !(w > 0)) === true)
    throw new LensError('usage', 'training/class-weights', 'Class weights have to be positive.');
  if (optimiser.kind === 'sgd' && optimiser.nesterov === true && (optimiser.momentum ?? 0) === 0)
    throw new LensError('usage', 'training/nesterov', 'Nesterov needs a momentum above 0.');
}

/** Numbers of one sample's logits. */
function classesOf({ facts, logits, batch }: StepRequest): number {
  const fact = facts.get(logits);
  if (fact === undefined)
    throw new LensError('input', 'gradient/no-value', `The model has no value named "${logits}".`);
  const dims = fact.base.map((b, i) => b + fact.slope[i]! * batch);
  const size = sizeOf(dims) / batch;
  if (dims[0] !== batch || dims.slice(1).filter((d) => d !== 1).length > 1)
    throw new LensError(
      'unsupported',
      'training/not-classes',
      `"${logits}" holds ${dims.join('×')} numbers for ${batch} pictures; only models that answer one row of classes for each are trained.`,
    );
  return size;
}

function gradientOf(request: StepRequest, form: TrainingForm): GradientGraph {
  const { norms } = form;
  try {
    return buildGradient(form.graph, form.facts, {
      score: { value: request.logits, seed: 'direction' },
      wrt: request.trainable,
      overrides:
        request.form === 'plain'
          ? new Map([['BatchNormalization', batchNormalizationInTraining]])
          : markerRules(request.form.block, request.batch),
      layouts: false,
      keep: [request.logits, ...norms.flatMap((n) => [n.batchMean, n.batchVariance])],
      provider: 'cpu',
    });
  } catch (error) {
    if (!(error instanceof LensError) || error.refused === undefined) throw error;
    throw new LensError('unsupported', error.code, error.message, {
      hint: 'Freeze the layers in front of it: what is behind can be trained.',
      refused: error.refused,
      cause: error,
    });
  }
}
