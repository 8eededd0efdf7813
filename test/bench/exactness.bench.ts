import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { decodePicture } from '../../src/input/decode.js';
import { resize } from '../../src/input/resize.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { elementwiseCases } from '../unit/gradient/cases/elementwise.js';
import { layerCases } from '../unit/gradient/cases/layers.js';
import { moveCases } from '../unit/gradient/cases/moves.js';
import { sequenceCases } from '../unit/gradient/cases/sequences.js';
import { check, type Case } from '../unit/gradient/check.js';
import { nodeCase } from '../unit/gradient/nodeTests.js';
import { openModel } from '../unit/gradient/run.js';
import { slopeErrors, zooInput } from '../unit/gradient/slopes.js';
import { noise, pillowFiles, pillowPhotos, pillowResizes, sha } from '../unit/input/pictures.js';
import { DATA, dataPath } from '../unit/support/data.js';
import { allowed, comparisons, errorsOf, REFERENCE_MODELS } from '../unit/support/references.js';
import { testSubject } from '../unit/support/subject.js';
import { errorRow, zooModel, type Row } from './measure.js';
import { torchGradients } from './torchGradients.js';

const ABSENT = 'the test data is absent';
/** Rounding of float32 in front of central differences: what is below is no error. */
const WHOLE_NETWORK = 1e-2;

/** How far results are from what they are held against, as the largest relative error. */
export async function bench(): Promise<Row[]> {
  return [
    ...(await operators()),
    ...(await attributions()),
    await architectures(),
    ...(await torchGradients()),
    ...(await pictures()),
  ];
}

/** Every operator case of the tests, by the precision its kernels have. */
async function operators(): Promise<Row[]> {
  const cases: Case[] = [...elementwiseCases, ...layerCases, ...moveCases, ...sequenceCases];
  const folder = dataPath('onnx', 'node');
  const standard = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of standard) cases.push((await nodeCase(path.join(folder, name)))!);
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const errors = { float64: [] as number[], float32: [] as number[] };
  for (const c of cases) {
    if (c.wrt.length === 0) continue;
    const { precision, error } = await check(sessions, c);
    errors[precision].push(error);
  }
  await sessions.dispose();
  return (['float64', 'float32'] as const).map((precision) => {
    const what = `gradients of operators in ${precision}, ${errors[precision].length} cases`;
    const against = `central differences${standard.length === 0 ? ' (without the standard tests)' : ''}`;
    return errorRow(what, against, errors[precision], precision === 'float64' ? 1e-6 : 1e-3);
  });
}

/** Every attribution that has reference values, by method; apart where a unit at zero makes float32 itself differ. */
async function attributions(): Promise<Row[]> {
  const against = 'PyTorch and Captum in float64';
  if (!existsSync(DATA)) return [{ what: 'attribution methods', against, skipped: ABSENT }];
  const groups = new Map<string, { errors: number[]; models: Set<string>; each: number }>();
  for (const model of REFERENCE_MODELS) {
    const t = await testSubject(model);
    for (const c of comparisons(model)) {
      const { each, flips = false } = allowed(c);
      const key = `${c.method}${flips ? ', units at zero' : ''}`;
      const group = groups.get(key) ?? { errors: [], models: new Set(), each: 0 };
      groups.set(key, group);
      group.errors.push(...(await errorsOf(t, c)));
      group.models.add(model);
      group.each = Math.max(group.each, each);
    }
    await t.dispose();
  }
  const order = [...groups].sort(([a], [b]) => a.localeCompare(b));
  return order.map(([method, { errors, models, each }]) =>
    errorRow(`${method} (${models.size} ${models.size === 1 ? 'network' : 'networks'})`, against, errors, each),
  );
}

/** The score's slope along its gradient, on whole architectures with drawn weights. */
async function architectures(): Promise<Row> {
  const against = 'central differences in float32';
  const names = existsSync(dataPath('zoo')) ? readdirSync(dataPath('zoo')).filter((f) => f.endsWith('.onnx')) : [];
  if (names.length === 0) return { what: 'gradients of whole architectures', against, skipped: ABSENT };
  const errors: number[] = [];
  for (const name of names.map((f) => path.parse(f).name)) {
    const m = await openModel(zooModel(name)!);
    const slopes = await slopeErrors(m, zooInput(m, name), 5, 5e-4);
    errors.push(Math.min(...slopes.errors));
    await m.sessions.dispose();
  }
  return errorRow(`gradients of ${names.length} architectures with drawn weights`, against, errors, WHOLE_NETWORK);
}

/** Pictures that must equal Pillow's to the byte. */
async function pictures(): Promise<Row[]> {
  const resized = pillowResizes.filter(([seed, h, w, channels, H, W, interpolation, expected]) => {
    return sha(resize(noise(seed, h, w, channels), H, W, interpolation).data) === expected;
  }).length;
  let decoded = 0;
  for (const file of pillowFiles)
    if (sha((await decodePicture(Buffer.from(file.base64, 'base64'))).data) === file.sha) decoded++;
  let of = pillowFiles.length;
  if (existsSync(DATA)) {
    of += pillowPhotos.length;
    for (const [name, expected] of pillowPhotos)
      if (sha((await decodePicture(dataPath('images', 'photos', name))).data) === expected) decoded++;
  }
  return [equal('resizing', resized, pillowResizes.length), equal('decoding of pictures', decoded, of)];
}

function equal(what: string, same: number, of: number): Row {
  const row = { what, against: 'Pillow, to the byte', value: `${same} of ${of} equal` };
  return { ...row, goal: 'all', met: same === of };
}
