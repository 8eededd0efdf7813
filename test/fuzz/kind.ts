import type { Random } from '../../src/base/random.js';

/** One kind of file that comes from elsewhere. */
export interface Kind {
  readonly id: string;
  /** Who is asked: the runner, or the reader of Python, which works in the editor's own process. */
  readonly asked: 'runner' | 'scanner';
  /** What cannot be made for each mutant anew: files that mutants are made of, and those that lie beside them. */
  prepare(): Promise<Mutants>;
}

export interface Mutants {
  /** Files that lie beside all of them, in a folder that stays: what is asked of them meets a model that is open. */
  readonly shared?: ReadonlyMap<string, Uint8Array>;
  /** The same for the same random numbers. */
  make(random: Random): Mutant;
}

export interface Mutant {
  /** By their names; they lie in a folder of their own. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What was done, for the report. */
  readonly what: string;
  /** Asks what a person would ask of these files. Answers whether the most important question was answered. */
  ask(place: Place): Promise<boolean>;
}

/** Where a mutant lies, and whom to ask. */
export interface Place {
  /** The path of a file of the mutant, or of a shared one. */
  path(name: string): string;
  /** Asks one question. Undefined where it was refused in the way a refusal ought to be. */
  ask(operation: string, request: object): Promise<unknown>;
}
