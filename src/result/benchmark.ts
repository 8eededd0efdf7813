import type { ErrorData } from '../base/errors.js';
import { estimate, type Estimate } from './estimate.js';
import type { ParameterSchema, ParameterValue } from './method.js';
import type { Recipe } from './recipe.js';
import type { TargetSummary } from './target.js';

/** How good attributions are, by a measure that looks at the model and not at the map: plain data. */

export type MetricId = 'road' | 'deletion' | 'insertion' | 'sensitivity_n' | 'truth';

/** What a metric says about itself: the panel's form, the command line's words and the documentation come from it. */
export interface MetricDescription {
  readonly id: MetricId;
  readonly title: string;
  /** One sentence: what it asks. */
  readonly summary: string;
  readonly citation: string;
  readonly parameters: ParameterSchema;
  /** Which maps score better. */
  readonly better: 'higher' | 'lower';
  /** What the score of a picture is, with its unit. */
  readonly score: string;
  /** What the curves run over, and what they hold; without curves there is only the score. */
  readonly xTitle: string;
  readonly yTitle: string;
  /** Names of the curves of a picture, the one that the score is made of first. */
  readonly curves: readonly { readonly id: string; readonly title: string }[];
  /** Numbers of a picture beside its score. */
  readonly beside?: readonly { readonly id: string; readonly title: string }[];
}

const seeds = {
  type: 'integer',
  title: 'Seeds',
  default: 1,
  minimum: 1,
  maximum: 100,
  description:
    'how often whatever draws random numbers is drawn; a picture counts with the mean. Random pixels: at least three times',
} as const;

const points = {
  type: 'integer',
  title: 'Points',
  default: 10,
  minimum: 1,
  maximum: 1000,
  description: 'equal steps from nothing to all pixels',
} as const;

const cover = (what: string, by: string) =>
  ({
    type: 'choice',
    title: what,
    default: by,
    choices: ['zero', 'black', 'white', 'grey', 'mean', 'blur'],
    description: 'what stands where a pixel is not shown; zero is of the tensor that the model gets',
  }) as const;

/** Every metric; the first is the default. */
export const METRICS: readonly MetricDescription[] = [
  {
    id: 'road',
    title: 'ROAD',
    summary:
      'How much more does the probability fall when the most relevant pixels are imputed from their neighbours than when the least relevant are?',
    citation:
      'Rong, Leemann, Borisov, Kasneci, Kasneci 2022, A Consistent and Efficient Evaluation Strategy for Attribution Methods, arXiv:2202.00449',
    parameters: {
      percentages: {
        type: 'text',
        title: 'Percentages',
        default: '10,20,30,40,50,60,70,80,90',
        pattern: String.raw`\d+(\.\d+)?(\s*,\s*\d+(\.\d+)?)*`,
        description: 'shares of the pixels that are imputed, in per cent, separated by commas',
      },
      noise: {
        type: 'number',
        title: 'Noise',
        default: 0.01,
        minimum: 0,
        maximum: 10,
        description: 'standard deviation of what is added to imputed values, in those of the picture’s own values',
      },
      seeds,
    },
    better: 'higher',
    score: 'mean over the percentages of (probability without the least relevant − without the most relevant) / 2',
    xTitle: 'pixels imputed, %',
    yTitle: 'probability',
    curves: [
      { id: 'combined', title: 'combined' },
      { id: 'most', title: 'most relevant first' },
      { id: 'least', title: 'least relevant first' },
    ],
  },
  {
    id: 'deletion',
    title: 'Deletion',
    summary: 'How fast does the probability fall while the pixels are covered, the most relevant first?',
    citation: 'Petsiuk, Das, Saenko 2018, RISE, arXiv:1806.07421',
    parameters: { points, cover: cover('Cover', 'zero'), seeds },
    better: 'lower',
    score: 'area under the curve, 0 to 1',
    xTitle: 'pixels covered, %',
    yTitle: 'probability',
    curves: [{ id: 'probability', title: 'probability' }],
  },
  {
    id: 'insertion',
    title: 'Insertion',
    summary: 'How fast does the probability rise while the pixels are shown, the most relevant first?',
    citation: 'Petsiuk, Das, Saenko 2018, RISE, arXiv:1806.07421',
    parameters: { points, cover: cover('Cover', 'zero'), seeds },
    better: 'higher',
    score: 'area under the curve, 0 to 1',
    xTitle: 'pixels shown, %',
    yTitle: 'probability',
    curves: [{ id: 'probability', title: 'probability' }],
  },
  {
    id: 'sensitivity_n',
    title: 'Sensitivity-n',
    summary: 'Do the values of any n pixels add up to what the score loses when these are covered?',
    citation:
      'Ancona, Ceolini, Öztireli, Gross 2018, Towards better understanding of gradient-based attribution methods, arXiv:1711.06104',
    parameters: {
      subsets: {
        type: 'integer',
        title: 'Subsets',
        default: 100,
        minimum: 3,
        maximum: 10_000,
        description: 'random sets of pixels for each n',
      },
      sizes: {
        type: 'integer',
        title: 'Sizes',
        default: 8,
        minimum: 1,
        maximum: 100,
        description: 'how many n from one pixel to four fifths of them, evenly on a logarithmic scale',
      },
      cover: cover('Cover', 'zero'),
      seeds,
    },
    better: 'higher',
    score: 'mean over n of Pearson’s correlation, −1 to 1',
    xTitle: 'pixels covered (n)',
    yTitle: 'correlation',
    curves: [{ id: 'correlation', title: 'correlation' }],
  },
  {
    id: 'truth',
    title: 'Ground truth',
    summary: 'Does the map lie on the marks that are known to matter?',
    citation:
      'Zhang, Bargal, Lin, Brandt, Shen, Sclaroff 2018, Top-down Neural Attention by Excitation Backprop (pointing game), arXiv:1608.00507',
    parameters: {
      masks: {
        type: 'text',
        title: 'Masks',
        default: '',
        description:
          'folder with a .png for each input, of its name and proportions, bright where the mark is; or a .json of the field guide’s marks',
      },
      seeds,
    },
    better: 'higher',
    score: 'share of the map’s magnitudes that lie in the mark, 0 to 1',
    xTitle: '',
    yTitle: '',
    curves: [],
    beside: [
      { id: 'peak', title: 'pointing game' },
      { id: 'area', title: 'area of the mark' },
    ],
  },
];

/** What says nothing of the model, and every method must be better than. */
export const BASELINES = [
  { id: 'random', title: 'random pixels' },
  { id: 'edges', title: 'edges (Sobel)' },
] as const;

export type BaselineId = (typeof BASELINES)[number]['id'];

/** What a map got on one picture. */
export interface MeasuredPicture {
  /** Place in `names`. */
  readonly picture: number;
  readonly target: TargetSummary;
  readonly score: number;
  /** By the metric's names of curves; each as long as `x`. */
  readonly curves: Readonly<Record<string, readonly number[]>>;
  readonly beside?: Readonly<Record<string, number>>;
}

/** One method, or one baseline, over all pictures. */
export interface EvaluatedMethod {
  readonly id: string;
  readonly title: string;
  readonly kind: 'method' | 'baseline';
  readonly params: Readonly<Record<string, ParameterValue>>;
  readonly layer?: string;
  /** Over the pictures; the interval is a bootstrap over them. */
  readonly score: Estimate;
  /** Of each point of each curve, over the pictures. */
  readonly curves: Readonly<Record<string, readonly Estimate[]>>;
  readonly beside?: Readonly<Record<string, Estimate>>;
  readonly pictures: readonly MeasuredPicture[];
  readonly failed: readonly { readonly picture: number; readonly error: ErrorData }[];
}

export interface Evaluation {
  readonly metric: MetricId;
  readonly params: Readonly<Record<string, ParameterValue>>;
  /** Where the curves' points stand. */
  readonly x: readonly number[];
  readonly place: string;
  /** Of the pictures that were asked about, in their order. */
  readonly names: readonly string[];
  readonly files: readonly string[];
  readonly methods: readonly EvaluatedMethod[];
  /** Pictures that could not be read. */
  readonly omitted: readonly { readonly name: string; readonly error: ErrorData }[];
  /** How many there are, when all are asked for. */
  readonly of: number;
  readonly notes: readonly string[];
  readonly recipe: Recipe;
}

export function metricOf(id: MetricId): MetricDescription {
  return METRICS.find((metric) => metric.id === id)!;
}

/** The methods in the order of their scores, the best first; what has no score last. */
export function ranked({ metric, methods }: Pick<Evaluation, 'metric' | 'methods'>): EvaluatedMethod[] {
  const sign = metricOf(metric).better === 'higher' ? -1 : 1;
  const key = ({ score }: EvaluatedMethod): number => (Number.isFinite(score.mean) ? sign * score.mean : Infinity);
  return [...methods].sort((a, b) => key(a) - key(b) || (a.id < b.id ? -1 : 1));
}

/** `unclear` where the interval of the mean difference holds zero. */
export type Against = 'better' | 'worse' | 'unclear';

/** Whether a method is better than a baseline: by the mean difference on the pictures that both were asked about. */
export function against(
  evaluation: Pick<Evaluation, 'metric' | 'methods'>,
  method: EvaluatedMethod,
  baseline: BaselineId,
): { readonly verdict: Against; readonly difference: Estimate } | undefined {
  const other = evaluation.methods.find(({ id, kind }) => kind === 'baseline' && id === baseline);
  if (other === undefined || other === method) return undefined;
  const theirs = new Map(other.pictures.map(({ picture, score }) => [picture, score]));
  const differences = method.pictures.flatMap(({ picture, score }) => {
    const there = theirs.get(picture);
    return there === undefined ? [] : [score - there];
  });
  // An interval from a handful of pictures says nothing.
  if (differences.length < 5) return undefined;
  const difference = estimate(differences);
  const sign = metricOf(evaluation.metric).better === 'higher' ? 1 : -1;
  const [low, high] = [sign * difference.low, sign * difference.high].sort((a, b) => a - b) as [number, number];
  return { verdict: low > 0 ? 'better' : high < 0 ? 'worse' : 'unclear', difference };
}

/** What is there of an evaluation while it is made. */
export interface RunningMethod extends Pick<EvaluatedMethod, 'id' | 'title' | 'kind'> {
  readonly count: number;
  readonly score: number;
  /** Means of the metric's first curve. */
  readonly curve: readonly number[];
}
