import path from 'node:path';
import { LensError } from '../../base/errors.js';
import type { Graph } from '../../graph/graph.js';
import { parseJson, type Consulted } from '../files.js';
import type { LabelTable } from '../labels.js';
import type { ModelValue } from '../shape.js';
import type { Origin, PartialSettings } from '../settings.js';

/** What can be known about a model without running it. */
export interface ModelContext {
  readonly modelPath: string;
  /** The model's `metadata_props`. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  /** Reads the files around the model, and remembers which. */
  readonly consulted: Consulted;
  /** The graph, where it is known: what its first nodes do to a picture. */
  readonly graph?: Graph;
}

/** What one convention says about a model. */
export interface Reading {
  readonly settings?: PartialSettings;
  readonly labels?: LabelTable;
  readonly origin: Origin;
  readonly warnings?: readonly string[];
  /** The model normalises by itself: what others say about mean and deviation is done already. */
  readonly normalises?: boolean;
}

/** A place where people or tools write down how a model wants its pictures. One file each; a new one is added to `index.ts`. */
export interface Convention {
  readonly id: string;
  /** As the documentation lists it. */
  readonly title: string;
  /** Where it looks: into the model file itself, or at the files around it. */
  readonly place: 'inside' | 'beside';
  /** Everything it has to say, or nothing. Never throws for files that are not what their names promise: it warns. */
  read(context: ModelContext): Promise<readonly Reading[]>;
}

/** What the rules for models about which nobody said anything have to go by. */
export interface DefaultContext {
  readonly channels: number;
  readonly size: readonly [number, number];
  readonly classes: number | undefined;
  readonly type: string | undefined;
}

/** Whether an element type holds whole pixels: what was quantised altogether takes bytes, or bytes less 128. */
export function takesBytes(type: string | undefined): boolean {
  return type === 'uint8' || type === 'int8';
}

/** A stated default. The first rule that has an answer gives it. */
export interface DefaultRule {
  readonly id: string;
  read(
    context: DefaultContext,
  ): (Required<Pick<Reading, 'settings' | 'origin'>> & Pick<Reading, 'warnings'>) | undefined;
}

export interface FileBeside {
  readonly name: string;
  readonly text: string;
  /** "labels.txt beside the model" */
  readonly where: string;
}

/** The first of the named files beside the model, then in the folder above it. */
export async function readBeside(
  { modelPath, consulted }: Pick<ModelContext, 'modelPath' | 'consulted'>,
  names: readonly string[],
): Promise<FileBeside | undefined> {
  const beside = path.dirname(path.resolve(modelPath));
  const folders = [
    [beside, 'beside the model'],
    [path.dirname(beside), 'in the folder above the model'],
  ] as const;
  for (const [folder, where] of folders) {
    for (const name of names) {
      const found = await consulted.read(path.join(folder, name));
      if ('text' in found) return { name, text: found.text, where: `${name} ${where}` };
    }
  }
  return undefined;
}

/** A JSON object beside the model; a file that holds none gives a warning. */
export async function readJsonBeside(
  context: Pick<ModelContext, 'modelPath' | 'consulted'>,
  name: string,
): Promise<{ value?: Record<string, unknown>; origin: Origin; warnings: string[] } | undefined> {
  const file = await readBeside(context, [name]);
  if (file === undefined) return undefined;
  const origin: Origin = { kind: 'file', detail: file.where };
  try {
    const value = parseJson(file.text, file.where);
    return isObject(value)
      ? { value, origin, warnings: [] }
      : { origin, warnings: [`${file.where} holds no settings; it was ignored.`] };
  } catch (error) {
    if (!(error instanceof LensError)) throw error;
    return { origin, warnings: [`${error.message} It was ignored.`] };
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A positive whole number, or undefined. */
export function asSide(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 16384 ? value : undefined;
}

/** One number or a list of 1 to 4 finite numbers. */
export function asNumbers(value: unknown): number[] | undefined {
  const numbers = typeof value === 'number' ? [value] : value;
  if (!Array.isArray(numbers) || numbers.length === 0 || numbers.length > 4) return undefined;
  return numbers.every((n): n is number => typeof n === 'number' && Number.isFinite(n)) ? numbers : undefined;
}
