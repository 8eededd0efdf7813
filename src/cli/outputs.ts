import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { unwritable } from '../base/unwritable.js';
import { usage } from './options.js';

/** Files that verbs write. */

const ENDINGS = ['.png', '.npy', '.json', '.csv', '.svg', '.html', '.onnx', '.md'];

/** What `--out` names: a file by its ending, else a folder. */
export function outKind(out: string, verb: string, endings: readonly string[]): string {
  const ending = path.extname(out).toLowerCase();
  if (!ENDINGS.includes(ending)) return 'folder';
  if (endings.includes(ending)) return ending;
  throw usage(`The verb "${verb}" writes ${endings.join(', ')}, not ${ending}.`);
}

/** Writes a file whole or not at all; its folder is made. */
export async function writeOut(file: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${file}.${process.pid}.part`;
  try {
    await mkdir(path.dirname(path.resolve(file)), { recursive: true });
    await writeFile(temporary, content);
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(file, cause);
  }
}

/**
 * Names for the files of several inputs: the input's own without its ending; with the folder before it where two are
 * equal; with a number where that does not help. `a.npy#3` is `a-3`.
 */
export function stems(inputs: readonly string[]): string[] {
  const parts = inputs.map((input) => {
    const [, file, index] = /^(.*?)(?:#(\d+))?$/s.exec(input)!;
    const { name, dir } = path.parse(path.resolve(file!));
    const suffix = index === undefined ? '' : `-${index}`;
    return { short: name + suffix, long: `${path.basename(dir)}_${name}${suffix}` };
  });
  const counted = (names: readonly string[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
    return counts;
  };
  const short = counted(parts.map((p) => p.short));
  const chosen = parts.map((p) => (short.get(p.short.toLowerCase())! > 1 ? p.long : p.short));
  const seen = new Map<string, number>();
  const total = counted(chosen);
  return chosen.map((name) => {
    const key = name.toLowerCase();
    if (total.get(key) === 1) return name;
    const n = (seen.get(key) ?? 0) + 1;
    seen.set(key, n);
    return `${name}-${n}`;
  });
}
