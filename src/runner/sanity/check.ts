import { canonical } from '../../base/canonical.js';
import { CHECK_IDS, type CheckId, type CheckSetting } from '../../base/checks.js';
import { isCancelled, LensError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import type { Call } from '../../protocol/channel.js';
import type { ModelAnswer } from '../../protocol/request.js';
import type { CheckAnswer, CheckProgress, CheckRequest } from '../../protocol/sanity.js';
import { CHECKS, checkOf, type CheckResult } from '../../result/check.js';
import type { DatasetRoom } from '../dataset/room.js';
import { answerOf } from '../input/answers.js';
import { recordOf } from '../overview/describe.js';
import type { OpenModel } from '../model/open.js';
import { sha256Of } from '../model/stamp.js';
import { VERSION } from '../model/version.js';
import { unitKey } from '../reading/keptInJob.js';
import type { Rooms } from '../rooms.js';
import { CheckMaterial, placeOf } from './material.js';
import { batchIndependent, noUnusedWeights, numbers, oneSoftmax, repeatable, units } from './modelChecks.js';
import { accuracy, preprocessing } from './pictureChecks.js';
import { randomisation } from './randomisation.js';
import { skip, type RunCheck, type Said } from './run.js';

/** Every check. */
const RUNS: Readonly<Record<CheckId, RunCheck>> = {
  numbers,
  units,
  'double-softmax': oneSoftmax,
  'unused-weights': noUnusedWeights,
  batch: batchIndependent,
  repeatable,
  accuracy,
  preprocessing,
  randomisation,
};

/** To be raised when a check finds something else on the same things. */
const FORMAT = 1;

/** Checks a model. What is known of the same model, settings and pictures is not done again. */
export async function checkModel(
  model: OpenModel,
  { datasets, files, foreground }: Pick<Rooms, 'datasets' | 'files' | 'foreground'>,
  request: CheckRequest,
  call: Call<CheckProgress>,
): Promise<CheckAnswer> {
  const { signal } = call;
  const chosen = chosenOf(request.only);
  const place = await placeOf(model, request);
  const pause = (): Promise<void> => foreground.idle(signal);
  const material = new CheckMaterial(model, datasets, files, request, place, signal, pause);
  const kept = await keptOf(material, datasets);
  const checks: CheckResult[] = [];
  let cached = 0;
  for (const [i, { id }] of chosen.entries()) {
    const known = request.fresh === true ? undefined : await kept.read(id);
    let result: CheckResult;
    if (known !== undefined) {
      cached++;
      result = known;
    } else {
      call.progress({ check: id, fraction: i / chosen.length, message: checkOf(id).title });
      await pause();
      const said = (fraction: number, message: string): void =>
        call.progress({
          check: id,
          fraction: (i + Math.min(1, Math.max(0, fraction))) / chosen.length,
          message: `${checkOf(id).title}: ${message}`,
        });
      result = await resultOf(material, id, said);
      await kept.write(id, result);
    }
    checks.push(result);
    call.progress({ check: id, result, fraction: (i + 1) / chosen.length, message: checkOf(id).title });
  }
  const about = cached === chosen.length ? await kept.about() : undefined;
  const answer = about ?? (await answerOf(model, await material.subject(), material.notes));
  if (about === undefined) await kept.keepAbout(answer);
  await kept.settle();
  return { ...answer, checks, cached };
}

/** @throws LensError for a check that is none */
function chosenOf(only: CheckRequest['only']): typeof CHECKS {
  const odd = only?.find((id) => !CHECK_IDS.includes(id));
  if (odd !== undefined)
    throw new LensError('usage', 'check/unknown', `There is no check "${odd}".`, {
      hint: `There are ${CHECK_IDS.join(', ')}.`,
    });
  return only === undefined || only.length === 0 ? CHECKS : CHECKS.filter(({ id }) => only.includes(id));
}

/** What the settings file says of a check; `false` where it is switched off. */
function settingOf(model: OpenModel, id: CheckId): CheckSetting | false {
  const said = model.resolved.sidecar?.content.checks?.[id];
  if (said === false) return false;
  if (said === undefined || said === true) return {};
  return typeof said === 'number' ? { bound: said } : (given(said) as CheckSetting);
}

async function resultOf(
  material: CheckMaterial,
  id: CheckId,
  progress: (fraction: number, message: string) => void,
): Promise<CheckResult> {
  const started = performance.now();
  const description = checkOf(id);
  const setting = settingOf(material.model, id);
  const bound = (setting === false ? undefined : setting.bound) ?? description.bound?.value;
  let said: Said;
  if (setting === false) said = { ...skip('Switched off in the settings file.'), setting: `checks.${id}` };
  else
    try {
      const asked = { ...setting, bound: bound ?? NaN, set: setting.bound !== undefined, progress };
      said = await RUNS[id](material, asked);
    } catch (error) {
      if (isCancelled(error) || !(error instanceof LensError) || error.kind === 'usage') throw error;
      // What keeps a check from being done says something about the model as well.
      said = {
        status: 'fail',
        sentence: `It could not be done: ${error.message} ${error.hint ?? ''}`.trim(),
        evidence: {},
      };
    }
  const held =
    said.status === 'skipped' ? {} : given({ bound: said.bound ?? bound, unit: said.unit ?? description.bound?.unit });
  return {
    id,
    ...said,
    ...held,
    setting: said.setting ?? `checks.${id}`,
    milliseconds: performance.now() - started,
  };
}

interface Kept {
  read(id: CheckId): Promise<CheckResult | undefined>;
  write(id: CheckId, result: CheckResult): Promise<void>;
  about(): Promise<ModelAnswer | undefined>;
  keepAbout(answer: ModelAnswer): Promise<void>;
  settle(): Promise<void>;
}

/** Results by all that they depend on: nothing of it opens a session, so that a known answer costs only reading. */
async function keptOf(material: CheckMaterial, datasets: DatasetRoom): Promise<Kept> {
  const { model, request, place } = material;
  const store = await datasets.keptAnswers();
  if (store === undefined) {
    const none = (): Promise<undefined> => Promise.resolve(undefined);
    return { read: none, write: none, about: none, keepAbout: none, settle: none };
  }
  const { file, resolved } = model;
  const inputs = await material.inputs();
  const other = request.params?.['other'];
  const base = [
    FORMAT,
    VERSION,
    await Promise.all([file.path, ...file.checkpoint.externalFiles].map(sha256Of)),
    canonical(Object.entries(recordOf(resolved.preprocessing)).map(([name, { value }]) => [name, value])),
    canonical([resolved.sidecar?.content ?? null, resolved.labels.names]),
    canonical([request.output, request.outputs, request.settings, request.randomWeights, request.provider]),
    await Promise.all(Object.values(request.otherInputs ?? {}).map(sha256Of)),
    place === undefined ? null : inputs.map(({ className }) => className ?? null),
    place === undefined ? null : await store.contents.all(inputs),
    request.seed ?? 0,
  ];
  const own = typeof other === 'string' && other !== '' ? await sha256Of(other) : '';
  const keyOf = (id: string): string =>
    unitKey('check', id, ...base, id === 'randomisation' ? [own, request.methods ?? null] : null);
  const read = async <T>(key: string): Promise<T | undefined> => {
    const payload = await store.units.read(key);
    return payload === undefined ? undefined : (JSON.parse(new TextDecoder().decode(payload), revived) as T);
  };
  const write = (key: string, value: unknown): Promise<void> =>
    store.units.write(key, new TextEncoder().encode(JSON.stringify(value, written)));
  return {
    read: (id) => read<CheckResult>(keyOf(id)),
    write: (id, result) => write(keyOf(id), result),
    about: () => read<ModelAnswer>(keyOf('about')),
    keepAbout: (answer) => write(keyOf('about'), answer),
    settle: () => store.settle(),
  };
}

/** Maps are arrays of numbers, which JSON has no word for; neither has it for what is not finite. */
function written(_key: string, value: unknown): unknown {
  if (value instanceof Float32Array) return { float32: Array.from(value) };
  return typeof value === 'number' && !Number.isFinite(value) ? { number: String(value) } : value;
}

function revived(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value);
  if (keys.length !== 1) return value;
  if ('float32' in value && Array.isArray(value.float32)) return Float32Array.from(value.float32 as number[]);
  return 'number' in value && typeof value.number === 'string' ? Number(value.number) : value;
}
