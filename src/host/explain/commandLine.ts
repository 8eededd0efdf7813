import type { CommandRequest } from '../../protocol/explainPanel.js';
import { asksForClass } from '../../result/target.js';

/**
 * What to type for the same explanation in a terminal. The target is the class that was explained, not its rank, so that
 * the line means the same tomorrow; a neuron or a difference of classes is said as it was asked.
 */
export function commandLine(model: string, picture: string, { question, target, provider }: CommandRequest): string {
  const asked = asksForClass(question.target) ? String(target) : question.target;
  const words = ['onnx-lens', 'explain', model, picture, '--method', question.method, '--target', asked];
  if (question.score !== 'logit') words.push('--score', question.score);
  if (question.layer !== undefined) words.push('--layer', question.layer);
  if (question.seed !== 0) words.push('--seed', String(question.seed));
  for (const [name, value] of Object.entries(question.params)) words.push('--param', `${name}=${value}`);
  words.push('--provider', provider, '--out', 'explanations');
  return words.map(quote).join(' ');
}

/** Quoted for POSIX shells and PowerShell alike, where it must be. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
