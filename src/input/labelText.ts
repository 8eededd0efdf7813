import type { LabelTable } from './labels.js';
import { parsePythonLiteral } from './pythonLiteral.js';

/** Label files in the forms people keep them in. */

const WNID = /^n\d{8}$/;

/**
 * Names from the text of a label file: one name per line; lines with a number ("3: cat", "3,cat", "cat 3" is a name) or a
 * WordNet id ("n01440764 tench, Tinca tinca") in front; a JSON list or object; Keras' `{"0": ["n01440764", "tench"]}`;
 * a Python dict. Undefined where nothing usable is in it.
 */
export function parseLabelText(text: string): LabelTable | undefined {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  if (trimmed === '' || trimmed.includes('\0')) return undefined;
  if (/^[[{]/.test(trimmed)) {
    try {
      return tableOf(JSON.parse(trimmed));
    } catch {
      const literal = parsePythonLiteral(trimmed);
      return literal === undefined ? undefined : tableOf(literal);
    }
  }
  return parseLines(trimmed.split(/\r\n|\r|\n/).map((line) => line.trim()));
}

function parseLines(lines: readonly string[]): LabelTable | undefined {
  const named = lines.filter((line) => line !== '');
  const numbered = named.map((line) => /^(\d{1,7})\s*[:,;\t ]\s*(\S.*)$/.exec(line));
  // Numbers in front count only if every line has one and they are a permutation of 0..n-1.
  if (numbered.every((match) => match !== null) && isPermutation(numbered.map((match) => Number(match[1])))) {
    const names = new Array<string>(named.length);
    for (const match of numbered) names[Number(match[1])] = unquote(match[2]!);
    return splitIds(names);
  }
  return splitIds(named.map(unquote));
}

function isPermutation(numbers: readonly number[]): boolean {
  const seen = new Set(numbers);
  return seen.size === numbers.length && numbers.every((n) => n < numbers.length);
}

function unquote(text: string): string {
  return /^"(.*)"$/.exec(text)?.[1] ?? /^'(.*)'$/.exec(text)?.[1] ?? text;
}

/** Takes WordNet ids in front of every name off into the aliases. */
function splitIds(names: readonly string[]): LabelTable | undefined {
  if (names.length === 0) return undefined;
  const parts = names.map((name) => /^(n\d{8})[\s,;:]+(\S.*)$/.exec(name));
  if (parts.every((p) => p !== null)) return { names: parts.map((p) => p[2]!), aliases: parts.map((p) => p[1]!) };
  return { names, ...(names.every((name) => WNID.test(name)) ? { aliases: names } : {}) };
}

/**
 * Names from a list or from an object or dict of class number to name (or to `[id, name]`). Numbers that are left out are
 * named "class k". Undefined where it is neither.
 */
export function tableOf(value: unknown): LabelTable | undefined {
  const entries = entriesOf(value);
  if (entries === undefined || entries.length === 0) return undefined;
  const names: string[] = [];
  const aliases: string[] = [];
  const highest = entries.reduce((max, [index]) => Math.max(max, index), 0);
  if (highest >= 1_000_000) return undefined;
  for (const [index, item] of entries) {
    const name = Array.isArray(item) ? item.at(-1) : item;
    if (typeof name !== 'string' && typeof name !== 'number') return undefined;
    names[index] = String(name);
    if (Array.isArray(item) && item.length === 2 && typeof item[0] === 'string') aliases[index] = item[0];
  }
  const filled = Array.from({ length: highest + 1 }, (_, i) => names[i] ?? `class ${i}`);
  if (aliases.length === filled.length) return { names: filled, aliases: Array.from(aliases, (a) => a ?? '') };
  return splitIds(filled);
}

function entriesOf(value: unknown): [number, unknown][] | undefined {
  if (Array.isArray(value)) return value.map((item, index) => [index, item]);
  if (typeof value !== 'object' || value === null) return undefined;
  const pairs = value instanceof Map ? [...(value as Map<unknown, unknown>)] : Object.entries(value);
  const numbered = pairs.map(([key, item]): [number, unknown] => [toIndex(key), item]);
  if (numbered.every(([index]) => index >= 0)) return numbered;
  // The other way round: name to number (`label2id`).
  const reversed = pairs.map(([key, item]): [number, unknown] => [toIndex(item), key]);
  return reversed.every(([index]) => index >= 0) && isPermutation(reversed.map(([index]) => index))
    ? reversed
    : undefined;
}

function toIndex(key: unknown): number {
  if (typeof key === 'number') return Number.isInteger(key) ? key : -1;
  return typeof key === 'string' && /^\d{1,7}$/.test(key) ? Number(key) : -1;
}
