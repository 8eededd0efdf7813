import type { Likeness, SanityMeasure, SanityStage, SanityVerdict } from '../../result/sanity.js';

type Measured = Pick<SanityStage, 'ssim' | 'spearman' | 'entropyRise'>;

/**
 * Where the words change, from what `npm run bench -- badge` measures: 13 networks (nine trained, four never), six methods,
 * two pictures each. Of the fully random network, and then on the way down to it:
 *
 * - gradient and SmoothGrad, which pass this test: Spearman -0.06 to 0.43, SSIM -0.07 to 0.22; Grad-CAM, whose maps have few
 *   values, once or twice up to 0.66 or 0.59, never both.
 * - input × gradient, most of which is the picture: 0.98 and 0.55 on digits, 0.49 to 0.62 and 0.33 to 0.51 where nothing was
 *   learned.
 * - guided backpropagation, which fails the test, is unlike at the end, where the first filters are random, too (0.09 to
 *   0.66, -0.01 to 0.46); until then it stays as it was: mean of the stages before 0.51 to 0.97 and 0.47 to 0.96 on 16 of 18
 *   pictures, where gradients have 0.10 to 0.58 and 0.02 to 0.38 (one vision transformer 0.48 to 0.69 and 0.54 to 0.64).
 * - entropy moves with how sparse a map is, for gradients by -0.10 to 1.85: a large change says that maps differ, a small
 *   one little. It decides only beside another.
 */
const FINAL = {
  spearman: { unlike: 0.45, alike: 0.55 },
  ssim: { unlike: 0.3, alike: 0.45 },
  /** Change of the entropy, in either direction. */
  entropy: { unlike: 0.25, alike: 0.1 },
} as const;
/** Means over the stages before the last from which both together say that a map stays as it was. */
const CASCADE = { spearman: 0.5, ssim: 0.4 } as const;
/**
 * From here on the word is not "depends", whatever two measures say: a map of which little is not zero is like any other of
 * its kind for SSIM. What passes has at most 0.44 (Grad-CAM of SqueezeNet).
 */
const PASSES = 0.5;

/** What was found, from which badge and sentence follow. */
export interface Finding {
  /** How alike the fully random network's map is, 0 to 1: the mean of SSIM and Spearman, negative ones taken as 0. */
  readonly similarity: number;
  /** The same over the stages before it. */
  readonly cascade: number;
  readonly measures: readonly SanityMeasure[];
  readonly verdict: Exclude<SanityVerdict, 'empty'>;
  readonly sentence: string;
}

/**
 * What a cascade says of a method. The fully random network decides, by what two of three measures agree on; where they call
 * its map unlike, the way down to it has to agree: a map that stays while the upper layers are random does not show these.
 *
 * @param stages from the output down, those whose maps say something; at least one
 * @param edges what the method shows that does not show the model is known to be edges
 */
export function findingOf(stages: readonly Measured[], edges = false): Finding {
  const last = stages.at(-1)!;
  const before = stages.slice(0, -1);
  const mean = (of: (stage: Measured) => number): number =>
    before.reduce((sum, stage) => sum + Math.max(0, of(stage)), 0) / Math.max(1, before.length);
  const [spearman, ssim] = [mean((s) => s.spearman), mean((s) => s.ssim)];
  const measures: readonly SanityMeasure[] = [
    { name: 'Spearman', value: last.spearman, cascade: spearman, says: high(last.spearman, FINAL.spearman) },
    { name: 'SSIM', value: last.ssim, cascade: ssim, says: high(last.ssim, FINAL.ssim) },
    { name: 'rise of entropy', value: last.entropyRise, says: low(Math.abs(last.entropyRise), FINAL.entropy) },
  ];
  const similarity = (Math.max(0, last.ssim) + Math.max(0, last.spearman)) / 2;
  const cascade = (spearman + ssim) / 2;
  const final = agreed(measures);
  const stays = spearman >= CASCADE.spearman && ssim >= CASCADE.ssim;
  const verdict =
    final === 'alike' || (stays && edges)
      ? 'picture'
      : final === 'unlike' && !stays && similarity < PASSES
        ? 'learned'
        : 'partly';
  // Where only the way down speaks against the map, its number is the one to say.
  const said = final === 'unlike' && stays ? { cascade } : {};
  return { similarity, cascade, measures, verdict, sentence: sentenceOf({ similarity, ...said }, verdict, edges) };
}

function high(value: number, { unlike, alike }: { unlike: number; alike: number }): Likeness {
  return value <= unlike ? 'unlike' : value >= alike ? 'alike' : 'between';
}

function low(value: number, { unlike, alike }: { unlike: number; alike: number }): Likeness {
  return value >= unlike ? 'unlike' : value <= alike ? 'alike' : 'between';
}

/** What two of the measures say; `between` where no two agree. */
function agreed(measures: readonly Pick<SanityMeasure, 'says'>[]): Likeness {
  const votes = (says: Likeness): number => measures.filter((m) => m.says === says).length;
  return votes('alike') >= 2 ? 'alike' : votes('unlike') >= 2 ? 'unlike' : 'between';
}

/**
 * The badge in words.
 *
 * @param cascade given where the map stays as it was while only the upper layers are random
 */
export function sentenceOf(
  { similarity, cascade }: { readonly similarity: number; readonly cascade?: number },
  verdict: SanityVerdict,
  edges = false,
): string {
  const alike = (share: number): string => `${Math.round(100 * share)} % alike`;
  const twin =
    cascade === undefined
      ? `A network that has learned nothing gives a map that is ${alike(similarity)}`
      : `While the layers lose what they learned, from the last to the first, the map stays ${alike(cascade)}`;
  switch (verdict) {
    case 'empty':
      return 'The map of the model, or of every random network, has one value everywhere: there is nothing to compare.';
    case 'learned':
      return `${twin}: this one depends on what the model learned.`;
    case 'partly':
      return `${twin}: part of it comes from the picture, not from what the model learned.`;
    case 'picture':
      return edges
        ? `${twin}: this method shows edges, not the model.`
        : `${twin}: most of it comes from the picture, not from what the model learned.`;
  }
}
