import { canonical } from '../../base/canonical.js';
import { given } from '../../base/given.js';
import type { Newest } from '../../base/newest.js';
import { predict as predictBatch } from '../../method/activations/prediction.js';
import { stampOf } from '../../input/files.js';
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
import { labelMapOf } from '../attribution/labelMap.js';
import { questionOf } from '../attribution/question.js';
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
  const subject = await model.subject();
  const { method, asked, mask, files, named: pictures } = await questionOf(model, subject, request, signal);
  const { params, layer, score, seed } = asked;
  const { depths, config, output, outputs, settings, otherInputs, randomWeights } = request;
  // Any class stands for all of them; a neuron or a difference is a question of its own.
  const special = request.target === undefined || asksForClass(request.target) ? '' : request.target;
  const sha256 = await sha256Of(model.file.path);
  const network = [sha256, config, output, outputs, settings, otherInputs, randomWeights];
  const named = await Promise.all(files.map(async (file) => [file, await stampOf(file)]));
  const key = canonical([network, method.id, params, layer, score, seed, depths, special, named]);
  const known = request.fresh === true ? undefined : badges.get(key);
  if (known !== undefined) return { ...(await answerOf(model, subject, [])), sanity: known, cached: true };

  const inputs = await expandInputs(model, [request.input], signal);
  const [first] = inputs;
  if (first === undefined) throw new Error(`"${request.input}" holds no picture`);
  const loaded = await loadInput(first, signal);
  const { tensor } = loaded;
  const { labels } = namesOf(model, subject, inputs);
  const [ranking] = await predictBatch(subject, labels, tensor, 1, signal);
  const target = await targetOf(
    request.target,
    { subject, labels, ranking: ranking!, loaded, named: pictures },
    signal,
  );
  const labelMap =
    mask === undefined ? undefined : labelMapOf(mask, await pictures.picture(mask, signal), subject.input, loaded.crop);
  const curve = await sanityCurve(
    subject.asking(target),
    {
      ...asked,
      method,
      input: tensor,
      target,
      ...given({ depths, labelMap }),
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
