import type { CommandRequest } from '../../protocol/explainPanel.js';
import { asksForClass } from '../../result/target.js';

/** Shells that read a line in different ways. `powershell` is the one of Windows, which hands quotes on unescaped. */
export type Shell = 'posix' | 'powershell' | 'pwsh' | 'cmd';

/** The shell that terminals of the editor open, by its path. */
export function shellOf(path: string, platform: NodeJS.Platform): Shell {
  const name = (/[^\\/]*$/.exec(path)?.[0] ?? '').toLowerCase().replace(/\.exe$/, '');
  if (name === 'pwsh' || name === 'powershell' || name === 'cmd') return name;
  return name === '' && platform === 'win32' ? 'powershell' : 'posix';
}

/**
 * What to type for the same explanation in a terminal. The target is the class that was explained, not its rank, so that
 * the line means the same tomorrow; a neuron or a difference of classes is said as it was asked.
 */
export function commandLine(
  model: string,
  picture: string,
  { question, target, provider }: CommandRequest,
  shell: Shell = 'posix',
): string {
  const asked = asksForClass(question.target) ? String(target) : question.target;
  const words = ['onnx-lens', 'explain', model, picture, '--method', question.method, '--target', asked];
  if (question.score !== 'logit') words.push('--score', question.score);
  if (question.layer !== undefined) words.push('--layer', question.layer);
  if (question.seed !== 0) words.push('--seed', String(question.seed));
  for (const [name, value] of Object.entries(question.params)) words.push('--param', `${name}=${value}`);
  words.push('--provider', provider, '--out', 'explanations');
  return words.map((word) => quote(word, shell)).join(' ');
}

// A line break that is pasted runs what stands before it.
const CONTROLS = /\p{Cc}/gu;

/** A word as one argument, whatever is in it: nothing of it is read by the shell. */
export function quote(word: string, shell: Shell): string {
  switch (shell) {
    case 'posix':
      if (/^[\w@%+=:,./-]+$/.test(word)) return word;
      if (word.search(CONTROLS) < 0) return `'${word.replaceAll("'", `'\\''`)}'`;
      return `$'${word
        .replace(/[\\']/g, '\\$&')
        .replace(CONTROLS, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}'`;
    case 'powershell':
    case 'pwsh': {
      if (/^[\w+=:./\\-]+$/.test(word)) return word;
      const handed = shell === 'powershell' ? escaped(word, /\s/.test(word)) : word;
      // Its single quotes have typographic twins that end a string as well.
      return `'${handed.replace(CONTROLS, '?').replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
    }
    case 'cmd':
      return /^[\w+:./\\-]+$/.test(word)
        ? word
        : `"${escaped(word, true)}"`.replace(CONTROLS, '?').replace(/[()%!^"<>&|]/g, '^$&');
  }
}

/** As programs on Windows read their arguments: a quote behind a backslash, and backslashes in front of a quote doubled. */
function escaped(word: string, quoted: boolean): string {
  const inner = word.replace(/(\\*)"/g, '$1$1\\"');
  return quoted ? inner.replace(/\\+$/, '$&$&') : inner;
}
