import { isCancelled, LensError, throwIfCancelled } from '../../base/errors.js';
import { canonical } from '../../base/canonical.js';
import type { Newest } from '../../base/newest.js';
import { Random } from '../../base/random.js';
import { decodePicture } from '../../input/decode.js';
import { labelOf } from '../../input/labels.js';
import { toTensor } from '../../input/preprocessing.js';
import { requirePreprocessing } from '../../input/resolve.js';
import type { Preprocessing } from '../../input/settings.js';
import { decide, statedIn } from '../../method/preprocessing/decide.js';
import { picturesOfUse, tryReadings } from '../../method/preprocessing/find.js';
import { verdictsOf } from '../../method/preprocessing/verdicts.js';
import type { Pixels } from '../../method/preprocessing/variants.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { FindSettingsAnswer, FindSettingsRequest } from '../../protocol/settings.js';
import type { SettingsFinding } from '../../result/settings.js';
import { classNameOf, namesOf } from '../input/answers.js';
import { expandInputs, type ExpandedInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { sha256Of } from '../model/stamp.js';
import { VERSION } from '../model/version.js';
import { proposalOf } from '../input/proposal.js';
import { sidecarWith } from './sidecar.js';

/** What was found, by the contents that it was found from. */
export type FoundSettings = Newest<string, Pick<FindSettingsAnswer, 'finding' | 'warnings'>>;

/** Finds from pictures how a model wants them. What was found from the same contents is answered at once. */
export async function findSettings(
  model: OpenModel,
  request: FindSettingsRequest,
  call: Call<WorkProgress>,
  known: FoundSettings,
): Promise<FindSettingsAnswer> {
  const { finding, warnings } = await findingOf(model, request, call, known);
  const sidecar = await sidecarWith({ ...request, change: { ...finding.settings, evidence: finding.origins } });
  return { finding, verdicts: verdictsOf(finding, requirePreprocessing(model.resolved)), sidecar, warnings };
}

async function findingOf(
  model: OpenModel,
  { inputs, seed = 0 }: FindSettingsRequest,
  call: Call<WorkProgress>,
  found: FoundSettings,
): Promise<Pick<FindSettingsAnswer, 'finding' | 'warnings'>> {
  const { signal, progress } = call;
  const warnings: string[] = [];
  const plan = requirePreprocessing(model.resolved);
  const stated = (finding: SettingsFinding) => ({ finding, warnings });
  if (plan.range.origin.kind === 'metadata') return stated(statedIn(plan.range.origin.detail, pixelsOf(plan)));
  const proposal = proposalOf(model);
  if (proposal !== undefined) return stated(statedIn(`"${proposal.quote}"`, proposal.settings));
  progress({ message: 'opening the model' });
  const subject = await model.subject();
  const expanded = await expandInputs(model, inputs, signal);
  const named = namesOf(model, subject, expanded);
  const random = new Random(seed);
  const chosen = choose(expanded, random, await picturesOfUse(subject));
  const key = await contentsOf(model, plan, chosen, seed);
  const known = found.get(key);
  if (known !== undefined) return known;
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
  const finding = decide(trial, random, (index) => labelOf(named.labels, index));
  found.set(key, { finding, warnings });
  return { finding, warnings };
}

/** All that a finding depends on: the model's bytes, the pictures' and their classes, and how they are fitted. */
async function contentsOf(
  model: OpenModel,
  { layout, size, resize, crop, pad }: Preprocessing,
  chosen: readonly Readable[],
  seed: number,
): Promise<string> {
  const { path: file, checkpoint } = model.file;
  const hashes = await Promise.all([file, ...checkpoint.externalFiles].map(sha256Of));
  const pictures: (readonly [string, string | undefined])[] = [];
  // One that cannot be read is said to be so when it is decoded.
  for (const { file: picture, className } of chosen)
    pictures.push([await sha256Of(picture).catch(() => picture), className]);
  const geometry = [layout, size, resize, crop, pad].map(({ value }) => value);
  return canonical([VERSION, hashes, pictures, geometry, model.wishes(), seed]);
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
