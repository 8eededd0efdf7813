import type { TrainAsked } from '../../protocol/trainingPanel.js';
import { quote, type Shell } from '../explain/commandLine.js';

/** What to type in a terminal for the same training; `place` and `folder` are paths. */
export function trainCommand(
  { model, place, folder }: { readonly model: string; readonly place: string; readonly folder: string },
  { params, seed }: Pick<TrainAsked, 'params' | 'seed'>,
  shell: Shell = 'posix',
): string {
  const words = ['onnx-lens', 'train', model, place];
  for (const [name, value] of Object.entries(params)) words.push('--param', `${name}=${value}`);
  if (seed !== 0) words.push('--seed', String(seed));
  words.push('--out', folder);
  return words.map((word) => quote(word, shell)).join(' ');
}
