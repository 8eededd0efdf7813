import { Random } from '../../../src/base/random.js';
import { processorTime } from '../measure.js';
import { predict } from '../../../src/method/activations/prediction.js';
import type { AttributionMethod } from '../../../src/method/method.js';
import { parseParameters } from '../../../src/method/parameters.js';
import type { ModelSubject } from '../../../src/method/subject/modelSubject.js';
import type { Target } from '../../../src/method/target/target.js';
import type { FilePath } from '../../../src/base/place.js';
import { overChannels, hasChannels, reduce } from '../../../src/result/heatmap.js';
import type { Attribution } from '../../../src/result/explanation.js';
import { NamedPictures } from '../../../src/runner/attribution/named.js';
import { targetOf } from '../../../src/runner/attribution/target.js';
import { loadInput, namesOf } from '../../../src/runner/input/answers.js';
import { expandInputs, type LoadedInput } from '../../../src/runner/input/inputs.js';
import { readModelFile } from '../../../src/runner/model/file.js';
import { OpenModel } from '../../../src/runner/model/open.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';

export const SIGNAL = new AbortController().signal;

/** A picture as a network gets it, with what the network says of it. */
export interface Seen {
  readonly loaded: LoadedInput;
  /** Name of the best class. */
  readonly best: string;
  readonly probability: number;
}

/** A model that is asked, one thread on the CPU. */
export interface Network {
  readonly subject: ModelSubject;
  see(file: FilePath): Promise<Seen>;
  target(text: string, seen: Seen): Promise<Target>;
  dispose(): Promise<void>;
}

/** @param config a settings file in place of the one beside the model */
export async function openNetwork(file: string, config?: string): Promise<Network> {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const session = { provider: 'cpu', threads: 1 } as const;
  const model = await OpenModel.open(await readModelFile(file), sessions, {
    session,
    ...(config === undefined ? {} : { config }),
  });
  const subject = await model.subject();
  const named = new NamedPictures(model, subject);
  const ranked = async (loaded: LoadedInput) => {
    const { labels } = namesOf(model, subject, []);
    const [ranking] = await predict(subject, labels, loaded.tensor, 1, SIGNAL);
    return { labels, ranking: ranking! };
  };
  return {
    subject,
    see: async (picture) => {
      const [input] = await expandInputs(model, [picture], SIGNAL);
      const loaded = await loadInput(input!, SIGNAL);
      const { ranking } = await ranked(loaded);
      const [best] = ranking.top;
      return { loaded, best: best!.label, probability: best!.probability ?? 0 };
    },
    target: async (text, { loaded }) => targetOf(text, { named, subject, ...(await ranked(loaded)), loaded }, SIGNAL),
    dispose: async () => {
      await model.dispose();
      await sessions.dispose();
    },
  };
}

/** A method's map of one input with its default parameters, and the processor time it took. */
export async function mapOf(
  { subject }: Pick<Network, 'subject'>,
  method: AttributionMethod,
  { tensor }: Pick<LoadedInput, 'tensor'>,
  target: Target,
): Promise<{ readonly attribution: Attribution; readonly milliseconds: number }> {
  const params = parseParameters(method.id, method.parameters, {});
  const start = processorTime();
  const { attribution } = await method.run(
    subject.asking(target),
    { input: tensor, target, score: 'logit', params, seed: 0 },
    { signal: SIGNAL, random: new Random(0), progress: () => undefined },
  );
  return { attribution, milliseconds: processorTime() - start };
}

/** One magnitude for each pixel: channels are added up, signs left out. */
export const magnitudes = (attribution: Attribution): Float32Array => reduce(attribution, 'l1').values;

/** What the pixels are ordered by when they are taken away: magnitudes where there are channels, else the values with their signs. */
export const importance = (attribution: Attribution): Float32Array =>
  overChannels(attribution, hasChannels(attribution) ? 'l1' : 'sum');
