import type { PictureAsked, PictureFile } from '../../protocol/reconstructionPanel.js';
import { quote, type Shell } from '../explain/commandLine.js';

/** What to type in a terminal for the same picture; `files` are paths. */
export function visualizeCommand(
  model: string,
  { target, layer, channel, params, seed }: Omit<PictureAsked, 'files' | 'network' | 'attempt'>,
  files: Readonly<Partial<Record<PictureFile, string>>>,
  shell: Shell = 'posix',
): string {
  const words = ['onnx-lens', 'visualize', model];
  if (target !== undefined) words.push('--target', target);
  if (layer !== undefined) words.push('--layer', layer);
  if (channel !== undefined) words.push('--channel', String(channel));
  for (const [name, value] of Object.entries(params)) words.push('--param', `${name}=${value}`);
  for (const [name, file] of Object.entries(files)) words.push('--param', `${name}=${file}`);
  if (seed !== 0) words.push('--seed', String(seed));
  words.push('--out', 'visualization.png');
  return words.map((word) => quote(word, shell)).join(' ');
}
