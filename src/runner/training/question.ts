import { LensError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { sizeOf, type Tensor } from '../../base/tensor.js';
import { cutFinalActivation } from '../../graph/edits.js';
import type { Graph } from '../../graph/graph.js';
import { requirePreprocessing } from '../../input/resolve.js';
import type { Preprocessing } from '../../input/settings.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { TrainFormRequest } from '../../protocol/training.js';
import type { TrainingRecipe } from '../../result/training.js';
import type { Classifier } from '../../training/evaluate.js';
import { headOf, withClasses } from '../../training/head.js';
import { refuseUntrainable } from '../../training/step/build.js';
import { initialised } from '../../training/step/initialise.js';
import { trainableWeights, type Trained } from '../../training/step/parameters.js';
import { trainingModel } from '../../training/step/prepare.js';
import type { DataSets } from '../dataset/sets.js';
import type { OpenModel } from '../model/open.js';
import { recipeFrom } from './parameters.js';
import { setToTrain, type SetToTrain } from './set.js';

/** A training that can be begun: everything is known but the pixels. */
export interface TrainingQuestion {
  readonly subject: ModelSubject;
  readonly plan: Preprocessing;
  readonly recipe: TrainingRecipe;
  readonly seed: number;
  readonly set: SetToTrain;
  /** With a last layer for the classes of the set. */
  readonly classifier: Classifier;
  /** What the trained weights are put into. */
  readonly model: Graph;
  readonly trainable: readonly string[];
  /** Weights that training begins with in place of the graph's. */
  readonly weights?: ReadonlyMap<string, Tensor>;
  /** How many numbers are trained. */
  readonly parameters: number;
  readonly notes: readonly string[];
}

/**
 * Checks what can be checked before a picture is read.
 *
 * @throws LensError `training/…` that says why the model cannot be trained on it
 */
export async function trainingQuestion(
  model: OpenModel,
  sets: DataSets,
  request: TrainFormRequest,
  signal: AbortSignal,
): Promise<TrainingQuestion> {
  const recipe = recipeFrom(request.params);
  const { seed = 0 } = request;
  const plan = requirePreprocessing(model.resolved);
  const prepared = await model.prepared();
  refuseUntrainable(prepared.graph);
  const subject = await model.subject();
  requireClassifier(model, subject);
  const { input } = model.resolved;
  const output = subject.output.name;
  const { value: scores } = cutFinalActivation(prepared.graph, output);
  // One number for yes or no becomes one for each class.
  const single = headOf(prepared.graph, scores)?.classes === 1;
  const wanted = single && recipe.head === 'auto' ? { ...recipe, head: 'new' as const } : recipe;
  const set = await setToTrain(model, subject, sets, { place: request.place, recipe: wanted, seed }, signal);
  const { classes, newHead } = set.about;
  const changed = newHead ? withClasses(prepared.graph, scores, classes.length) : prepared.graph;
  const { sessions } = model.making;
  const options = { output, inputDims: model.bindings, signal, ...given({ input: input?.name }) };
  const { graph, facts, logits, activation, ...trained } = await trainingModel(changed, sessions, options);
  if (trained.classes !== classes.length)
    throw new LensError(
      'input',
      'training/classes',
      `The model answers with ${trained.classes} numbers for ${classes.length} classes.`,
      { hint: 'Put in a new last layer for them (head=new).' },
    );
  const trainable = trainableWeights(graph, logits, trainedOf(recipe));
  const loss =
    recipe.loss !== 'auto' ? recipe.loss : activation === 'Sigmoid' ? 'binary-cross-entropy' : 'cross-entropy';
  return {
    subject,
    plan,
    recipe: { ...recipe, loss },
    seed,
    set,
    trainable,
    classifier: {
      graph,
      facts,
      input: trained.input,
      logits,
    },
    model: trained.model,
    ...given({ weights: startOf(graph, logits, recipe, seed, newHead) }),
    parameters: trainable.reduce((sum, name) => sum + sizeOf(graph.weights.get(name)!.dims), 0),
    notes: [
      ...set.notes,
      ...trained.notes,
      ...(recipe.from === 'random' && recipe.train === 'head'
        ? ['Only the last layer is trained, on features of a random network: the others stay as they were drawn.']
        : []),
    ],
  };
}

function trainedOf({ train, freeze }: TrainingRecipe): Trained {
  if (train === 'head') return { kind: 'head' };
  const layers = freeze
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return layers.length === 0 ? { kind: 'all' } : { kind: 'frozen', layers };
}

/** Random weights: all, or those of a last layer that is new. */
function startOf(
  graph: Graph,
  logits: string,
  { from }: TrainingRecipe,
  seed: number,
  newHead: boolean,
): ReadonlyMap<string, Tensor> | undefined {
  if (from === 'random') return initialised(graph, { seed, logits });
  if (!newHead) return undefined;
  const own = new Set(headOf(graph, logits)?.weights);
  return initialised(graph, {
    seed,
    logits,
    keep: new Set([...graph.weights.keys()].filter((name) => !own.has(name))),
  });
}

/** One list of classes is trained: what else a model says cannot be learned from a label. */
function requireClassifier(model: OpenModel, subject: ModelSubject): void {
  const { output, outputs, graph } = subject;
  if (output.kind !== 'classes' && output.kind !== 'multi-label')
    throw new LensError(
      'unsupported',
      'training/output',
      `The output "${output.name}" is ${WHAT[output.kind]}, and labels teach classes only.`,
      {
        hint: `If it holds classes, say so: "outputs": { ${JSON.stringify(output.name)}: { "kind": "classes" } } in the settings file.`,
        output: output.name,
      },
    );
  const own = cutFinalActivation(graph, output.name).value;
  const others = outputs.filter(
    (o) => o !== output && o.partOf !== output.name && !o.constant && cutFinalActivation(graph, o.name).value !== own,
  );
  if (others.length === 0 || model.chosenOutput !== undefined) return;
  const names = outputs.map((o) => `"${o.name}" (${o.kind})`).join(', ');
  throw new LensError(
    'usage',
    'training/outputs',
    `The model has ${outputs.length} outputs, ${names}; the labels of a data set teach one of them.`,
    { hint: `Name it, e.g. --output ${output.name}: the trained network has that one alone.`, output: output.name },
  );
}

const WHAT: Record<ModelSubject['output']['kind'], string> = {
  classes: 'a list of classes',
  'multi-label': 'a list of labels',
  regression: 'a list of regressed numbers',
  embedding: 'an embedding',
  segmentation: 'a map of classes',
  dense: 'a dense map',
  sequence: 'a sequence',
  detection: 'a list of boxes',
  unknown: 'of no kind that is known',
};
