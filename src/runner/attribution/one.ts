import { asSentence } from '../../base/shorter.js';
import { given } from '../../base/given.js';
import { Random } from '../../base/random.js';
import { spaceLetters } from '../../input/axes.js';
import type { InputSpec } from '../../input/preprocessing.js';
import type { Labels } from '../../input/labels.js';
import { scoreIn, type Ranking } from '../../method/activations/prediction.js';
import { spaceOf } from '../../method/attribution/shared/answer.js';
import type { AttributionAnswer } from '../../method/method.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import { isInside, type Target } from '../../method/target/target.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { Attribution, Explanation } from '../../result/explanation.js';
import type { Recipe } from '../../result/recipe.js';
import { requireNumbers } from '../input/answers.js';
import { doubtsOf, settingWarnings } from '../input/doubts.js';
import { editNotes } from '../input/edited.js';
import type { LoadedInput, PendingInput } from '../input/inputs.js';
import { recipeOf } from '../input/recipe.js';
import { classMapOf } from '../output/classMap.js';
import { valueMapOf } from '../output/valueMap.js';
import { outputNotes, summariesOf } from '../output/outputs.js';
import { classesOf, predictionOf } from '../output/prediction.js';
import type { OpenModel } from '../model/open.js';
import type { Question } from './question.js';
import { labelMapOf } from './labelMap.js';
import { describe, targetOf } from './target.js';

/** A model that is asked, and what its classes are called. */
export interface Questioned {
  readonly model: OpenModel;
  readonly subject: ModelSubject;
  readonly labels: Labels;
}

/** One input that was read, and what the model says of it. */
export interface Prepared {
  readonly input: PendingInput;
  readonly loaded: LoadedInput;
  readonly ranking: Ranking;
  /** What ranking took, shared by those that were ranked together. */
  readonly milliseconds: number;
}

/** How an input is explained. */
export interface OneCall extends Pick<Call<WorkProgress>, 'signal'> {
  /** Told of running pictures; left out where nobody wants to see them. */
  readonly progress?: Call<WorkProgress>['progress'];
  /** How many inputs are explained at the same time: each takes its share of the time. */
  readonly together: number;
}

/** One attribution of one prepared input. */
export async function explainOne(
  { model, subject, labels }: Questioned,
  question: Question,
  { input, loaded, ranking, milliseconds }: Prepared,
  { signal, progress, together }: OneCall,
): Promise<Explanation> {
  const { method, asked, choice, named } = question;
  const { score, seed } = asked;
  const started = performance.now();
  const takesPictures = model.resolved.preprocessing !== undefined;
  requireNumbers(loaded, ranking);
  const { logits, probabilities, top } = ranking;
  const target = await targetOf(question.target, { subject, labels, ranking, loaded, named }, signal);
  const asking = subject.asking(target);
  const value = scoreIn(ranking, target, score) ?? (await asking.scores(loaded.tensor, target, score, signal))[0]!;
  const fixed = {
    input: input.name,
    picture: loaded.picture,
    ...given({ slices: loaded.slices, crop: loaded.crop, edited: input.edited }),
    target: describe(target),
    score,
    value,
    // A neuron has no probability, nor has what is no class.
    ...given({ probability: isInside(target) ? undefined : probabilities?.[target.index] }),
    predictions: withTarget(top, target, logits, probabilities),
    ...given({ classes: subject.classifier && top.length > 0 ? logits.length : undefined }),
    ...given({ doubts: doubtsOf(loaded.doubts, classesOf(subject, ranking), takesPictures) }),
    found: foundOf(predictionOf(subject, ranking, loaded)),
    ...given({ classMap: classMapOf(subject, labels, ranking), valueMap: valueMapOf(subject, ranking) }),
    outputs: summariesOf(subject.outputs, subject.output),
  };
  const recipe = ({ params, notes, layer }: Pick<AttributionAnswer, 'notes' | 'params' | 'layer'>): Promise<Recipe> =>
    recipeOf(model, {
      input,
      preprocessing: loaded.preprocessing,
      method: method.id,
      ...given({ chosenBy: choice?.by }),
      params: { ...asked.params, ...params },
      ...given({ layer: layer ?? asked.layer }),
      target: { ...describe(target), ...given({ text: question.target }) },
      score,
      seed,
      provider: subject.provider?.used ?? 'cpu',
      notes: [...editNotes(input), ...subject.notes, ...notes],
    });
  // A running picture has the recipe as far as it is known; computed once, before the work, because progress cannot wait.
  const early = progress === undefined ? undefined : await recipe({ notes: [] });
  const compose = (
    attribution: Attribution,
    made: Recipe,
    { layer, delta, notes = [] }: Partial<AttributionAnswer> = {},
  ): Explanation => ({
    ...fixed,
    ...given({ choice }),
    attribution: inOwnShape(attribution, subject.input),
    ...given({ layer, delta }),
    recipe: made,
    warnings: [
      ...new Set(
        [
          ...settingWarnings(model.resolved),
          ...subject.notes,
          ...outputNotes(model, subject),
          ...loaded.notes,
          ...notes,
          ...unsound(attribution),
        ].map(asSentence),
      ),
    ],
    milliseconds: milliseconds + (performance.now() - started) / together,
  });
  progress?.({ fraction: 0, message: method.id });
  const { mask } = question;
  const labelMap =
    mask === undefined ? undefined : labelMapOf(mask, await named.picture(mask, signal), subject.input, loaded.crop);
  const request = { ...asked, input: loaded.tensor, target, ...given({ labelMap }) };
  const answer = await method.run(asking, request, {
    signal,
    random: new Random(seed),
    progress: (done, total, unit, partial) =>
      progress?.({
        fraction: done / Math.max(1, total),
        message: `${method.id} ${done} / ${total} ${unit}`,
        ...given({ partial: partial && early && compose(partial, early) }),
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
  for (let i = 0; i < data.length; i++) {
    const v = data[i]!;
    if (v !== 0) zero = false;
    if (!Number.isFinite(v)) broken++;
  }
  if (broken > 0) return [`${broken} of ${data.length} values are not finite numbers.`];
  return zero
    ? ['Every value is exactly zero: the score does not depend on the input here, or the method lets nothing through.']
    : [];
}
