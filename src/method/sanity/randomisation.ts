import type { RandomStageEvidence } from '../../result/check.js';
import type { SanityStage, SanityVerdict } from '../../result/sanity.js';
import type { SanityCurve } from './badge.js';
import { findingOf, type Finding } from './verdict.js';

/** The cascade of one method on one picture with one seed. */
export interface Cascade {
  readonly input: string;
  readonly seed: number;
  readonly curve: SanityCurve;
}

/** A method over several pictures and seeds. */
export interface RandomisationFinding {
  readonly verdict: SanityVerdict;
  /** Of the means over pictures and seeds; absent where no map says anything. */
  readonly finding?: Finding;
  /** Means of the stages, with the least and the greatest value. */
  readonly stages: readonly StageMeans[];
}

type Measures = Pick<SanityStage, 'spearman' | 'ssim' | 'entropyRise'>;

export interface StageMeans extends Measures {
  readonly layer: string;
  readonly low: Measures;
  readonly high: Measures;
}

const NAMES = ['spearman', 'ssim', 'entropyRise'] as const;

/**
 * What all cascades of a method say together: the measures are averaged, and two of the three decide as they do for the
 * badge. Hedström et al. 2024 (arXiv:2405.02383): no measure is reliable alone, and pictures and seeds matter.
 *
 * @param edges what the method shows that does not show the model is known to be edges
 */
export function randomisationOf(cascades: readonly Cascade[], edges: boolean): RandomisationFinding {
  const telling = cascades.filter(({ curve }) => curve.verdict !== 'empty');
  const [first] = telling;
  if (first === undefined) return { verdict: 'empty', stages: [] };
  const stages = first.curve.stages.map(({ layer }, i): StageMeans => {
    const all = telling.map(({ curve }) => curve.stages[i]!);
    const of = (take: (values: readonly number[]) => number): Measures =>
      Object.fromEntries(
        NAMES.map((name) => [name, take(all.map((s) => s[name]).filter(Number.isFinite))]),
      ) as unknown as Measures;
    return {
      layer,
      ...of((values) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length)),
      low: of((values) => values.reduce((a, b) => Math.min(a, b), Infinity)),
      high: of((values) => values.reduce((a, b) => Math.max(a, b), -Infinity)),
    };
  });
  const finding = findingOf(stages, edges);
  return { verdict: finding.verdict, finding, stages };
}

export function stageEvidence({ stages }: SanityCurve): readonly RandomStageEvidence[] {
  return stages.map(({ layer, spearman, spearmanSigned = NaN, ssim }) => ({
    layer,
    spearman_abs: spearman,
    spearman_signed: spearmanSigned,
    ssim,
  }));
}

/** What speaks against the test itself stands beside every result of it. */
export const CRITICISM =
  'The test has its own limits: maps without structure differ from any other (Binder et al. 2023), what passes depends on the task (Yona and Greenfeld 2021) and on how maps are compared (Hedström et al. 2024).';
