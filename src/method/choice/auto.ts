import { LensError } from '../../base/errors.js';
import { AUTO, type MethodChoice, type MethodFit } from '../../result/method.js';
import {
  foundShare,
  TRUTH,
  truthOf,
  type NetworkKind,
  type NetworkTruth,
  type TruthTable,
} from '../../result/truth.js';
import { mixesTokens } from '../attribution/cam/layer.js';
import { attributionMethods } from '../attribution/index.js';
import { spaceOf } from '../attribution/shared/answer.js';
import type { AttributionMethod } from '../method.js';
import type { Subject } from '../subject/subject.js';

/** Seconds that the first answer may take. */
const SOON = 1;

/** What the choice depends on beside the methods themselves. */
export interface Situation {
  readonly fits: readonly MethodFit[];
  /** Which networks of the table the model is like; undefined where its input is no picture. */
  readonly kind: NetworkKind | undefined;
  /** A layer is looked at: only methods that can. */
  readonly layer: boolean;
}

interface Candidate {
  readonly method: AttributionMethod;
  readonly fit: MethodFit;
  readonly truth: NetworkTruth;
}

/** What the model is like, as far as the table tells networks apart. */
export function kindOf(subject: Subject): NetworkKind | undefined {
  if (spaceOf(subject.input).length !== 2) return undefined;
  return mixesTokens(subject, subject.scoreValue('logit').value) ? 'transformer' : 'convolutional';
}

/**
 * The method for a first answer: the one that found best what is known to be there, among those that depend on what the
 * model learned, whose needs the model meets, and that answer within a second here.
 *
 * @throws LensError `method/none` where no method fits the model
 */
export function chooseMethod({ fits, kind, layer }: Situation, table: TruthTable = TRUTH): MethodChoice {
  const possible = attributionMethods.flatMap((method) => {
    const fit = fits.find(({ id }) => id === method.id);
    return fit === undefined || fit.refused !== undefined || (layer && method.layer === 'none')
      ? []
      : [{ method, fit }];
  });
  const network = table.networks.find((each) => each.kind === kind);
  const trusted: Candidate[] = possible.flatMap(({ method, fit }) => {
    const truth = network === undefined ? undefined : truthOf(method.id, network.id, table);
    return truth?.verdict === 'learned' && fit.note === undefined ? [{ method, fit, truth }] : [];
  });
  const [best] = trusted
    .filter(({ fit }) => fit.seconds === undefined || fit.seconds < SOON)
    .sort((a, b) => foundShare(b.truth) - foundShare(a.truth));
  if (best !== undefined)
    return chosen(
      best,
      `its peak was on the known mark in ${percent(best.truth.peak.mean)} of ${best.truth.pictures} drawings (chance: ${percent(table.area)}), and it depends on what a model learned; ${lasting(best.fit)} here.`,
    );
  const cheapest = quickest(trusted);
  if (cheapest !== undefined)
    return chosen(
      cheapest,
      `nothing that depends on what a model learned takes less than a second here; this is the quickest, ${lasting(cheapest.fit)}.`,
    );
  // What the plain gradient cannot be asked of is asked by covering parts.
  const plain = ['gradient', 'occlusion'].flatMap((id) => possible.filter(({ method }) => method.id === id))[0];
  const last = plain ?? quickest(possible);
  if (last === undefined)
    throw new LensError('unsupported', 'method/none', 'No method fits this model.', {
      hint: 'Name one with --method, to see why.',
    });
  return chosen(last, 'the plainest that fits; on inputs like this one no method was held against a known answer.');
}

function chosen({ method }: Pick<Candidate, 'method'>, why: string): MethodChoice {
  return { by: AUTO, method: method.id, sentence: `Auto took ${method.title}: ${why}` };
}

function quickest<T extends Pick<Candidate, 'fit'>>(among: readonly T[]): T | undefined {
  return [...among].sort((a, b) => (a.fit.seconds ?? Infinity) - (b.fit.seconds ?? Infinity))[0];
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

function lasting({ seconds }: MethodFit): string {
  if (seconds === undefined) return 'few passes';
  return seconds < 0.1 ? 'less than 0.1 s' : `about ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}
