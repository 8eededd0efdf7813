import type { Question } from '../../protocol/panel.js';
import type { Explanation } from '../../result/explanation.js';

/**
 * What to type for the same explanation in a terminal. The target is the class that was explained, not its rank, so that
 * the line means the same tomorrow.
 */
export function commandLine(model: string, picture: string, question: Question, explanation: Explanation): string {
  const { target, score, recipe } = explanation;
  const words = ['onnx-lens', 'explain', model, picture, '--method', question.method, '--target', String(target.index)];
  if (score !== 'logit') words.push('--score', score);
  const layer = question.layer ?? undefined;
  if (layer !== undefined) words.push('--layer', layer);
  if (recipe.seed !== 0) words.push('--seed', String(recipe.seed));
  for (const [name, value] of Object.entries(question.params)) words.push('--param', `${name}=${value}`);
  words.push('--provider', recipe.provider, '--out', 'explanations');
  return words.map(quote).join(' ');
}

/** Quoted for POSIX shells and PowerShell alike, where it must be. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
