import { stampOf } from '../../input/files.js';
import { sha256Of } from '../model/stamp.js';
import type { ExpandedInput } from '../input/inputs.js';

/** Files that are open together. */
const AT_ONCE = 64;

/** A file's hash, and the state of the file that it is of. */
export interface KnownHash {
  readonly stamp: string;
  readonly hash: string;
}

/**
 * What tells inputs apart whatever they are called: the hash of their file, and their place in it. For one request: files
 * that hold many inputs are looked at once.
 */
export class Contents {
  private readonly asked = new Map<string, Promise<string>>();

  /** @param known hashes of files that were read before, by their paths; those of this request are added */
  constructor(readonly known: Map<string, KnownHash> = new Map()) {}

  /** @returns nothing for an input that could not be found, or whose file cannot be read */
  async of(input: ExpandedInput): Promise<string | undefined> {
    if ('error' in input) return undefined;
    let asked = this.asked.get(input.file);
    if (asked === undefined) this.asked.set(input.file, (asked = this.hash(input.file)));
    try {
      const hash = await asked;
      return input.part === undefined ? hash : `${hash}#${input.part}`;
    } catch {
      return undefined;
    }
  }

  /** Of many, some at a time: a system opens so many files and no more. */
  async all(inputs: readonly ExpandedInput[]): Promise<(string | undefined)[]> {
    const out: (string | undefined)[] = [];
    for (let at = 0; at < inputs.length; at += AT_ONCE)
      out.push(...(await Promise.all(inputs.slice(at, at + AT_ONCE).map((input) => this.of(input)))));
    return out;
  }

  private async hash(file: string): Promise<string> {
    const stamp = await stampOf(file);
    const known = this.known.get(file);
    if (known?.stamp === stamp) return known.hash;
    const hash = await sha256Of(file);
    this.known.set(file, { stamp, hash });
    return hash;
  }
}
