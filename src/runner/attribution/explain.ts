import path from 'node:path';
import { LensError, throwIfCancelled } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { Random } from '../../base/random.js';
import type { FloatTensor } from '../../base/tensor.js';
import { spaceLetters } from '../../input/axes.js';
import type { InputSpec } from '../../input/preprocessing.js';
import type { Labels } from '../../input/labels.js';
import { predict as predictBatch, scoreIn, type Ranking } from '../../method/activations/prediction.js';
import { spaceOf } from '../../method/attribution/shared/answer.js';
import { attributionMethodById } from '../../method/index.js';
import type { AttributionAnswer, AttributionMethod, AttributionRequest } from '../../method/method.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import { parseParameters } from '../../method/parameters.js';
import { isInside, type Target } from '../../method/target/target.js';
import type { Call } from '../../protocol/channel.js';
import type { ExplainAnswer, ExplainRequest } from '../../protocol/attribution.js';
import type { TargetText, WorkProgress } from '../../protocol/request.js';
import type { Attribution, Explanation, Outcome } from '../../result/explanation.js';
import type { ParameterSchema, ParametersOf } from '../../result/method.js';
import type { Recipe } from '../../result/recipe.js';
import { answerOf, attempt, loadInput, namesOf, requireNumbers } from '../input/answers.js';
import { doubtsOf } from '../input/doubts.js';
import { expandInputs, type ExpandedInput } from '../input/inputs.js';
import { outputNotes, summariesOf } from '../output/outputs.js';
import { classesOf, predictionOf } from '../output/prediction.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { describe, targetOf } from './target.js';

/** Classes that an explanation brings along. */
const TOP = 10;

/** One attribution of every input, one after the other. */
export async function explainInputs(
  model: OpenModel,
  request: ExplainRequest,
  call: Call<WorkProgress>,
): Promise<ExplainAnswer> {
  const { signal } = call;
  const method = attributionMethodById(request.method);
  const params = parseParameters(method.id, method.parameters, request.params);
  call.progress({ message: 'opening the model' });
  const subject = await model.subject();
  if (request.layer !== undefined) checkLayer(subject, method, request.layer);
  const inputs = await expandInputs(model, request.inputs, signal);
  const { labels } = namesOf(model, subject, inputs);
  const background = await backgroundOf(model, params, signal);
  const question: Question = {
    model,
    subject,
    labels,
    method,
    target: request.target,
    asked: {
      // Where nothing makes a probability, the number itself is all there is.
      score: subject.makesProbabilities ? (request.score ?? 'logit') : 'logit',
      params,
      seed: request.seed ?? 0,
      ...given({ layer: request.layer, background: background.length === 0 ? undefined : background }),
    },
  };
  const results: Outcome<Explanation>[] = [];
  for (const [i, input] of inputs.entries()) {
    throwIfCancelled(signal);
    const progress = ({ fraction = 0, message, partial }: WorkProgress): void => {
      const many = inputs.length > 1 ? `${path.basename(input.name)} (${i + 1} of ${inputs.length}): ` : '';
      call.progress({ fraction: (i + fraction) / inputs.length, message: many + message, ...given({ partial }) });
    };
    results.push(await attempt(input.name, () => explainOne(question, input, { signal, progress })));
  }
  const notes =
    request.score === 'probability' && !subject.makesProbabilities
      ? [`Nothing in the model makes a probability of "${subject.output.name}": its number itself is explained.`]
      : [];
  return { ...(await answerOf(model, subject, notes)), results };
}

/** Most pictures that stand for what a model usually sees. */
const MOST_BACKGROUND = 64;

/** The inputs that a method's `background` parameter names. One that cannot be read stops the request: it is no input among others. */
async function backgroundOf(
  model: OpenModel,
  params: ParametersOf<ParameterSchema>,
  signal: AbortSignal,
): Promise<readonly FloatTensor[]> {
  const named: unknown = params.background;
  if (typeof named !== 'string' || named === '') return [];
  const inputs = (await expandInputs(model, [named], signal)).slice(0, MOST_BACKGROUND);
  const out: FloatTensor[] = [];
  for (const input of inputs) out.push((await loadInput(input, signal)).tensor);
  if (out.length === 0) throw new LensError('usage', 'params/background', `There are no pictures in "${named}".`);
  return out;
}

/** What is asked of every input alike. */
interface Question {
  readonly model: OpenModel;
  readonly subject: ModelSubject;
  readonly labels: Labels;
  readonly method: AttributionMethod;
  /** As it was written, where it was. */
  readonly target: TargetText | undefined;
  readonly asked: Omit<AttributionRequest<ParameterSchema>, 'input' | 'target'>;
}

async function explainOne(
  question: Question,
  input: ExpandedInput,
  { signal, progress }: Call<WorkProgress>,
): Promise<Explanation> {
  const { model, subject, labels, method, asked } = question;
  const { score, seed } = asked;
  const started = performance.now();
  const takesPictures = model.resolved.preprocessing !== undefined;
  const loaded = await loadInput(input, signal);
  const ranking = (await predictBatch(subject, labels, loaded.tensor, TOP, signal))[0]!;
  requireNumbers(loaded, ranking);
  const { logits, probabilities, top } = ranking;
  const target = await targetOf(question.target, { subject, labels, ranking, loaded }, signal);
  const asking = subject.asking(target);
  const value = scoreIn(ranking, target, score) ?? (await asking.scores(loaded.tensor, target, score, signal))[0]!;
  const fixed = {
    input: input.name,
    picture: loaded.picture,
    ...given({ crop: loaded.crop }),
    target: describe(target),
    score,
    value,
    // A neuron has no probability, nor has what is no class.
    ...given({ probability: isInside(target) ? undefined : probabilities?.[target.index] }),
    predictions: withTarget(top, target, logits, probabilities),
    ...given({ classes: subject.classifier && top.length > 0 ? logits.length : undefined }),
    ...given({ doubts: doubtsOf(loaded.doubts, classesOf(subject, ranking), takesPictures) }),
    found: foundOf(predictionOf(subject, ranking, loaded)),
    outputs: summariesOf(subject.outputs, subject.output),
  };
  const recipe = ({ params, notes, layer }: Pick<AttributionAnswer, 'notes' | 'params' | 'layer'>): Promise<Recipe> =>
    recipeOf(model, {
      input,
      preprocessing: loaded.preprocessing,
      method: method.id,
      params: { ...asked.params, ...params },
      ...given({ layer: layer ?? asked.layer }),
      target: { ...describe(target), ...given({ text: question.target }) },
      score,
      seed,
      provider: subject.provider?.used ?? 'cpu',
      notes: [...subject.notes, ...notes],
    });
  // A running picture has the recipe as far as it is known; computed once, before the work, because progress cannot wait.
  const early = await recipe({ notes: [] });
  const compose = (
    attribution: Attribution,
    made: Recipe,
    { layer, delta, notes = [] }: Partial<AttributionAnswer> = {},
  ): Explanation => ({
    ...fixed,
    attribution: inOwnShape(attribution, subject.input),
    ...given({ layer, delta }),
    recipe: made,
    warnings: [
      ...new Set([
        ...model.resolved.warnings,
        ...subject.notes,
        ...outputNotes(model, subject),
        ...loaded.notes,
        ...notes,
        ...unsound(attribution),
      ]),
    ],
    milliseconds: performance.now() - started,
  });
  progress({ fraction: 0, message: method.id });
  const request = { ...asked, input: loaded.tensor, target };
  const answer = await method.run(asking, request, {
    signal,
    random: new Random(seed),
    progress: (done, total, unit, partial) =>
      progress({
        fraction: done / Math.max(1, total),
        message: `${method.id} ${done} / ${total} ${unit}`,
        ...given({ partial: partial && compose(partial, early) }),
      }),
  });
  return compose(answer.attribution, await recipe(answer), answer);
}

/** A map over the rows and columns that an input without a picture was read as, in the shape that the input has. */
function inOwnShape(attribution: Attribution, spec: InputSpec): Attribution {
  const space = spaceOf(spec);
  const { values, axes } = attribution;
  const folded = axes === 'HW' && values.dims[0] === spec.height && values.dims[1] === spec.width;
  if (!folded || space.length === 2) return attribution;
  return { ...attribution, values: { ...values, dims: space }, axes: spaceLetters(space.length) };
}

/** A layer that does not exist, or that the method has no use for, is refused before any input is touched. */
function checkLayer(subject: ModelSubject, method: AttributionMethod, layer: string): void {
  subject.layer(layer);
  if (method.layer !== 'none') return;
  throw new LensError('usage', 'layer/unused', `The method "${method.id}" explains the input; it takes no layer.`, {
    hint: 'Leave the layer out, or choose a method that looks at one, e.g. gradcam.',
  });
}

/** The best classes, and the target where it is not among them. */
function withTarget(
  top: Ranking['top'],
  target: Target,
  logits: Float32Array,
  probabilities: Float64Array | undefined,
): Ranking['top'] {
  const { index, label } = target;
  if (isInside(target) || logits[index] === undefined || top.length === 0 || top.some((c) => c.index === index))
    return top;
  return [...top, { index, label, ...given({ probability: probabilities?.[index] }), logit: logits[index] }];
}

/** Values that travel with an explanation. */
const MOST_SHOWN = 64;

/** What the chosen output holds beside its classes. */
function foundOf({
  top: _classes,
  values,
  ...rest
}: ReturnType<typeof predictionOf>): NonNullable<Explanation['found']> {
  return { ...rest, ...given({ values: values !== undefined && values.length <= MOST_SHOWN ? values : undefined }) };
}

/** What must be said about an attribution that is all zeros or holds no numbers. */
function unsound(attribution: Attribution): string[] {
  const data = attribution.values.data as Float32Array;
  let zero = true;
  let broken = 0;
  for (const v of data) {
    if (v !== 0) zero = false;
    if (!Number.isFinite(v)) broken++;
  }
  if (broken > 0) return [`${broken} of ${data.length} values are not finite numbers.`];
  return zero
    ? ['Every value is exactly zero: the score does not depend on the input here, or the method lets nothing through.']
    : [];
}
