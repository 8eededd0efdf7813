import type { CommandChoice, RoarBegun } from '../../protocol/datasetPanel.js';
import { quote, type Shell } from '../explain/commandLine.js';

/** What to type in a terminal for the same points, or without a method for the predictions. */
export function datasetCommand(
  model: string,
  place: string,
  { method, of, layer, seed, params = {} }: CommandChoice,
  shell: Shell = 'posix',
): string {
  const words = ['onnx-lens', method === undefined ? 'predict' : 'embed', model];
  const rows = method !== undefined && of === 'weights';
  if (!rows) words.push(place);
  if (method === undefined) words.push('--out', 'predictions.json');
  else {
    words.push('--method', method);
    if (rows) words.push('--of', 'weights');
    if (layer !== undefined && !rows) words.push('--layer', layer);
    if (seed !== undefined && seed !== 0) words.push('--seed', String(seed));
    for (const [name, value] of Object.entries(params)) words.push('--param', `${name}=${value}`);
    words.push('--out', 'points.npy');
  }
  return words.map((word) => quote(word, shell)).join(' ');
}

/** What to type in a terminal for the same trainings; `place` and `folder` are paths. */
export function roarCommand(
  { model, place, folder }: { readonly model: string; readonly place: string; readonly folder: string },
  { methods, params, training, seed }: RoarBegun,
  shell: Shell = 'posix',
): string {
  const words = ['onnx-lens', 'roar', model, place];
  words.push('--method', methods.map(({ method }) => method).join(','));
  for (const [name, value] of Object.entries(params)) words.push('--param', `${name}=${value}`);
  for (const [name, value] of Object.entries(training)) words.push('--param', `train.${name}=${value}`);
  if (seed !== 0) words.push('--seed', String(seed));
  words.push('--job', folder, '--out', 'roar.csv');
  return words.map((word) => quote(word, shell)).join(' ');
}
