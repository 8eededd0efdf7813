import { given } from '../../base/given.js';
import type { Newest } from '../../base/newest.js';
import { predict as predictBatch } from '../../method/activations/prediction.js';
import { attributionMethodById } from '../../method/index.js';
import { parseParameters } from '../../method/parameters.js';
import { sanityCurve } from '../../method/sanity/badge.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { SanityAnswer, SanityRequest } from '../../protocol/sanity.js';
import type { SanityCheck } from '../../result/sanity.js';
import { asksForClass } from '../../result/target.js';
import { answerOf, loadInput, namesOf } from '../input/answers.js';
import { sha256Of } from '../model/stamp.js';
import type { Foreground } from '../model/foreground.js';
import { expandInputs } from '../input/inputs.js';
import { describe, targetOf } from '../attribution/target.js';
import type { OpenModel } from '../model/open.js';

/** Badges by what they depend on: the model's bytes and how the method is asked, but not the picture. */
export type Badges = Newest<string, SanityCheck>;

/** Whether a method's maps depend on the model's weights: computed once per model and method, on the picture that is asked with. */
export async function sanityOf(
  model: OpenModel,
  request: SanityRequest,
  call: Call<WorkProgress>,
  badges: Badges,
  foreground: Foreground,
): Promise<SanityAnswer> {
  const { signal } = call;
  const started = performance.now();
  const method = attributionMethodById(request.method);
  const params = parseParameters(method.id, method.parameters, request.params);
  const { score = 'logit', seed = 0, depths, layer } = request;
  const subject = await model.subject();
  if (layer !== undefined) subject.layer(layer);
  // Any class stands for all of them; a neuron or a difference is a question of its own.
  const special = request.target === undefined || asksForClass(request.target) ? '' : request.target;
  const sha256 = await sha256Of(model.file.path);
  const key = JSON.stringify([sha256, request.config, method.id, params, layer, score, seed, depths, special]);
  const known = request.fresh === true ? undefined : badges.get(key);
  if (known !== undefined) return { ...(await answerOf(model, subject, [])), sanity: known, cached: true };

  const inputs = await expandInputs(model, [request.input], signal);
  const [first] = inputs;
  if (first === undefined) throw new Error(`"${request.input}" holds no picture`);
  const loaded = await loadInput(first, signal);
  const { tensor } = loaded;
  const { labels } = namesOf(model, subject, inputs);
  const [ranking] = await predictBatch(subject, labels, tensor, 1, signal);
  const target = await targetOf(request.target, { subject, labels, ranking: ranking!, loaded, model }, signal);
  const curve = await sanityCurve(
    subject.asking(target),
    {
      method,
      params,
      input: tensor,
      target,
      score,
      seed,
      ...given({ layer, depths }),
    },
    {
      signal,
      progress: (fraction, message) => call.progress({ fraction, message }),
      pause: () => foreground.idle(signal),
    },
  );
  const sanity: SanityCheck = {
    ...curve,
    method: method.id,
    input: first.name,
    target: describe(target),
    score,
    seed,
    milliseconds: performance.now() - started,
  };
  badges.set(key, sanity);
  return { ...(await answerOf(model, subject, [])), sanity, cached: false };
}
