import type { AttentionCommand } from '../../protocol/attentionPanel.js';
import { quote, type Shell } from '../explain/commandLine.js';

/** What to type in a terminal for the same maps. */
export function attentionCommand(
  model: string,
  picture: string,
  { params, layer, target }: Omit<AttentionCommand, 'input'>,
  shell: Shell = 'posix',
): string {
  const words = ['onnx-lens', 'attention', model, picture];
  for (const [name, value] of Object.entries(params)) words.push('--param', `${name}=${value}`);
  if (layer !== undefined) words.push('--layer', layer);
  if (target !== undefined) words.push('--target', target);
  words.push('--out', 'attention.npy');
  return words.map((word) => quote(word, shell)).join(' ');
}
