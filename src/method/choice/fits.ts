import { given } from '../../base/given.js';
import { differentiability } from '../../gradient/sweep/engine.js';
import { forwardPasses, type MethodFit } from '../../result/method.js';
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
  return attributionMethods.map((method) => ({
    id: method.id,
    ...given({
      refused: method.needs === 'gradient' ? (blocked ?? withoutPlaces(method, places)) : undefined,
      note:
        method.properties.edges === true && !edges
          ? 'The model has no ReLU whose backward rule it could change: the plain gradient stands in its place.'
          : undefined,
    }),
  }));
}

const withoutPlaces = (method: AttributionMethod, places: boolean): string | undefined =>
  method.layer === 'chosen' && !places ? 'The model has no layer whose output has a place in the picture.' : undefined;
