import { LensError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { differentiability } from '../../gradient/sweep/engine.js';
import { forwardPasses, type MethodFit } from '../../result/method.js';
import { chainOf } from '../attention/joined.js';
import { requireAttention, structureOf } from '../attention/layers.js';
import { hasCamLayer } from '../attribution/cam/layer.js';
import { attributionMethods } from '../attribution/index.js';
import type { AttributionMethod } from '../method.js';
import { rectifies } from '../sanity/badge.js';
import type { Subject } from '../subject/subject.js';

/** What can be said of every method before it is asked. */
type Before = Omit<MethodFit, 'seconds'>;

const known = new WeakMap<Subject, readonly Before[]>();

/**
 * Every method, and whether this model can be asked with it. Gradients are looked up operator by operator: a shape that
 * stops one is found when the method runs.
 *
 * @param forward seconds of a forward pass of one input, where it is known
 */
export function fitsOf(subject: Subject, forward?: number): readonly MethodFit[] {
  let before = known.get(subject);
  if (before === undefined) known.set(subject, (before = look(subject)));
  return before.map((fit, i) => ({
    ...fit,
    ...given({ seconds: forward === undefined ? undefined : forward * forwardPasses(attributionMethods[i]!) }),
  }));
}

function look(subject: Subject): readonly Before[] {
  const { value } = subject.scoreValue('logit');
  const { refused } = differentiability(subject.graph, [subject.input.name], value);
  const [first] = refused;
  const blocked =
    first === undefined
      ? undefined
      : `No gradient passes ${first.op}${first.node === '' ? '' : ` ("${first.node}")`}: ${first.reason}.`;
  const places = hasCamLayer(subject, value);
  const edges = rectifies(subject.graph);
  const attention = withoutAttention(subject);
  const alone = (method: AttributionMethod): string | undefined => (method.attends === true ? attention : undefined);
  return attributionMethods.map((method) => ({
    id: method.id,
    ...given({
      refused:
        method.needs === 'gradient' ? (blocked ?? withoutPlaces(method, places) ?? alone(method)) : alone(method),
      note:
        method.properties.edges === true && !edges
          ? 'The model has no ReLU whose backward rule it could change: the plain gradient stands in its place.'
          : undefined,
    }),
  }));
}

/** Why there is no attention to be joined; undefined where there is some. */
function withoutAttention(subject: Subject): string | undefined {
  try {
    chainOf(requireAttention(structureOf(subject)).layers);
    return undefined;
  } catch (error) {
    if (!(error instanceof LensError)) throw error;
    return error.message;
  }
}

const withoutPlaces = (method: AttributionMethod, places: boolean): string | undefined =>
  method.layer === 'chosen' && !places ? 'The model has no layer whose output has a place in the picture.' : undefined;
