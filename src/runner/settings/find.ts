import { isCancelled, LensError, throwIfCancelled } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { decodePicture } from '../../input/decode.js';
import { labelOf } from '../../input/labels.js';
import { toTensor } from '../../input/preprocessing.js';
import { requirePreprocessing } from '../../input/resolve.js';
import type { Preprocessing } from '../../input/settings.js';
import { decide, statedIn } from '../../method/preprocessing/decide.js';
import { picturesOfUse, tryReadings } from '../../method/preprocessing/find.js';
import type { Pixels } from '../../method/preprocessing/variants.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { FindSettingsAnswer, FindSettingsRequest } from '../../protocol/settings.js';
import type { SettingsFinding } from '../../result/settings.js';
import { classNameOf, namesOf } from '../input/answers.js';
import { expandInputs, type ExpandedInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { proposalOf } from '../input/proposal.js';
import { sidecarWith } from './sidecar.js';

/** Finds from pictures how a model wants them. */
export async function findSettings(
  model: OpenModel,
  request: FindSettingsRequest,
  call: Call<WorkProgress>,
): Promise<FindSettingsAnswer> {
  const warnings: string[] = [];
  const finding = await findingOf(model, request, call, warnings);
  const sidecar = await sidecarWith({ ...request, change: { ...finding.settings, evidence: finding.origins } });
  return { finding, sidecar, warnings };
}

async function findingOf(
  model: OpenModel,
  { inputs, seed = 0 }: FindSettingsRequest,
  { signal, progress }: Call<WorkProgress>,
  warnings: string[],
): Promise<SettingsFinding> {
  const plan = requirePreprocessing(model.resolved);
  if (plan.range.origin.kind === 'metadata') return statedIn(plan.range.origin.detail, pixelsOf(plan));
  const proposal = proposalOf(model);
  if (proposal !== undefined) return statedIn(`"${proposal.quote}"`, proposal.settings);
  progress({ message: 'opening the model' });
  const subject = await model.subject();
  const expanded = await expandInputs(model, inputs, signal);
  const named = namesOf(model, subject, expanded);
  const random = new Random(seed);
  const chosen = choose(expanded, random, await picturesOfUse(subject));
  const pictures: Pixels[] = [];
  const truths: (number | undefined)[] = [];
  for (const input of chosen) {
    throwIfCancelled(signal);
    progress({ message: `reading picture ${pictures.length + 1} of ${chosen.length}` });
    try {
      pictures.push(await pixels(input, plan, signal));
    } catch (error) {
      if (isCancelled(error) || !(error instanceof LensError)) throw error;
      warnings.push(`${input.name}: ${error.message}`);
      continue;
    }
    const className = classNameOf(input);
    truths.push(className === undefined ? undefined : named.truth(className));
  }
  if (pictures.length === 0)
    throw new LensError('input', 'settings/no-pictures', 'There is no picture to find the settings from.', {
      hint: 'Name a folder with pictures of the kind that the model was trained on; 16 or more decide better.',
    });
  const trial = await tryReadings({
    subject,
    pictures,
    truths,
    random,
    signal,
    progress: (done, total) =>
      progress({ fraction: Math.min(1, done / total), message: `trying readings on ${pictures.length} pictures` }),
  });
  if (trial.tried.length === 0)
    throw new LensError(
      'unsupported',
      'settings/no-evidence',
      'Nothing in this model tells how it wants its pictures: it has neither classes nor BatchNormalization.',
      { hint: 'Look up how it was trained, and say it in the settings file beside it.' },
    );
  return decide(trial, random, (index) => labelOf(named.labels, index));
}

type Readable = Extract<ExpandedInput, { readonly file: string }>;

/** A part of many pictures: drawn by the seed, the classes in turn, so that each has its share. */
function choose(inputs: readonly ExpandedInput[], random: Random, most: number): readonly Readable[] {
  const classes = new Map<string, Readable[]>();
  for (const input of inputs) {
    if (!('file' in input) || input.file.toLowerCase().endsWith('.npy')) continue;
    const name = input.className ?? '';
    classes.set(name, [...(classes.get(name) ?? []), input]);
  }
  const queues = random.shuffle([...classes.values()]).map((queue) => random.shuffle(queue));
  const out: Readable[] = [];
  for (let round = 0; out.length < most && queues.some((queue) => round < queue.length); round++)
    for (const queue of queues) if (round < queue.length && out.length < most) out.push(queue[round]!);
  return out;
}

/** The picture in the model's size, as 8-bit values, red first: what all readings begin with. */
async function pixels({ file }: Readable, plan: Preprocessing, signal: AbortSignal): Promise<Pixels> {
  const decoded = await decodePicture(file, { signal });
  const [height, width] = plan.size.value;
  const channels = plan.channels.value;
  const { origin } = plan.range;
  const { tensor } = toTensor(decoded, {
    ...plan,
    layout: { value: 'NCHW', origin },
    color: { value: channels === 1 ? 'gray' : 'RGB', origin },
    range: { value: [0, 255], origin },
    mean: { value: new Array<number>(channels).fill(0), origin },
    std: { value: new Array<number>(channels).fill(1), origin },
  });
  return { channels, height, width, data: tensor.data };
}

function pixelsOf(plan: Preprocessing): SettingsFinding['settings'] {
  return { color: plan.color.value, range: plan.range.value, mean: plan.mean.value, std: plan.std.value };
}
