import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { LensError } from '../base/errors.js';
import { CHECK_IDS, type CheckId } from '../base/checks.js';
import { HEADS, OUTPUT_KINDS } from '../base/outputKinds.js';
import { isNodeError, parseJson, Consulted } from './files.js';
import type { Origin, PartialSettings, Preprocessing } from './settings.js';

/**
 * `<model>.lens.json`: what the user says about a model. It wins over every convention. The editor completes it from
 * `media/sidecar.schema.json`, which says the same as the schema here.
 */

const MAX_SIDE = 16384;

const side = v.pipe(
  v.number('must be a number'),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be at least 1'),
  v.maxValue(MAX_SIDE, `must be at most ${MAX_SIDE}`),
);
const sides = v.strictTuple([side, side], 'must be [height, width]');
const finite = v.pipe(v.number('must be a number'), v.finite('must be finite'));
const colourLevel = v.pipe(
  v.number('must be a number'),
  v.minValue(0, 'must be between 0 and 255'),
  v.maxValue(255, 'must be between 0 and 255'),
);

function perChannel<S extends v.GenericSchema<unknown, number>>(item: S): v.GenericSchema<unknown, number[]> {
  return v.pipe(
    v.array(item, 'must be a list of numbers'),
    v.check(
      (list) => list.length === 1 || list.length === 3,
      'must have one number, or one for each of three channels',
    ),
  ) as v.GenericSchema<unknown, number[]>;
}

function oneOf<const T extends readonly string[]>(words: T): v.PicklistSchema<T, string> {
  return v.picklist(words, `must be one of ${words.map((w) => `"${w}"`).join(', ')}`);
}

const because = v.optional(v.string('must be a text'));

/** How a setting is known, where nobody has stated it: said as its origin. */
const evidenceSchema = v.strictObject(
  { color: because, range: because, mean: because, std: because, resize: because, crop: because },
  'must be an object from the name of a setting to a text',
);

const inputSchema = v.strictObject(
  {
    name: v.optional(v.string('must be the name of an input')),
    layout: v.optional(oneOf(['NCHW', 'NHWC'])),
    color: v.optional(oneOf(['RGB', 'BGR', 'gray'])),
    size: v.optional(sides),
    resize: v.optional(
      v.strictObject(
        {
          mode: v.optional(oneOf(['exact', 'shortSide', 'longSide', 'letterbox', 'none'])),
          size: v.optional(v.union([side, sides], 'must be a number of pixels or [height, width]')),
          interpolation: v.optional(oneOf(['bilinear', 'bicubic', 'nearest', 'lanczos', 'box'])),
        },
        'must be an object',
      ),
    ),
    crop: v.optional(oneOf(['center', 'none'])),
    range: v.optional(
      v.pipe(
        v.strictTuple([finite, finite], 'must be [low, high]'),
        v.check(([low, high]) => low < high, 'must be [low, high] with low below high'),
      ),
    ),
    mean: v.optional(perChannel(finite)),
    std: v.optional(
      perChannel(
        v.pipe(
          finite,
          v.check((x) => x !== 0, 'must not be 0'),
        ),
      ),
    ),
    evidence: v.optional(evidenceSchema),
    pad: v.optional(v.strictTuple([colourLevel, colourLevel, colourLevel], 'must be [red, green, blue]')),
  },
  'must be an object',
);

/** What an output is, where it cannot be told or is told wrongly. */
const outputSchema = v.strictObject(
  {
    kind: oneOf(OUTPUT_KINDS),
    head: v.optional(oneOf(HEADS)),
  },
  'must be an object',
);

/** Tokens without a place in front, and the grid of the others. */
const tokensSchema = v.strictObject(
  {
    prefix: v.pipe(
      v.number('must be a number'),
      v.integer('must be a whole number'),
      v.minValue(0, 'must be 0 or more'),
    ),
    grid: v.strictTuple([side, side], 'must be [rows, columns]'),
  },
  'must be { "prefix": 1, "grid": [rows, columns] }',
);

/** A check that is switched off or on, its bound, or more of it. */
const checkSchema = v.union(
  [
    v.boolean(),
    finite,
    v.strictObject({
      bound: v.optional(finite),
      methods: v.optional(v.array(v.string('must be the name of a method'), 'must be a list of methods')),
    }),
  ],
  'must be true, false, a bound, or { "bound": … }',
);

const checksSchema = v.strictObject(
  {
    data: v.optional(v.string('must be the name of a folder or another data set')),
    ...(Object.fromEntries(CHECK_IDS.map((id) => [id, v.optional(checkSchema)])) as Record<
      CheckId,
      v.OptionalSchema<typeof checkSchema, undefined>
    >),
  },
  'must be an object',
);

const labelName = v.string('must be a text');

const sidecarSchema = v.strictObject(
  {
    $schema: v.optional(v.string('must be a text')),
    input: v.optional(inputSchema),
    labels: v.optional(
      v.union(
        [
          v.string(),
          v.array(labelName),
          v.record(v.pipe(v.string(), v.regex(/^\d{1,7}$/, 'is not a class number')), labelName),
        ],
        'must be a list of names, the name of a text file, or an object from class number to name',
      ),
    ),
    inputs: v.optional(
      v.record(
        v.string(),
        v.union(
          [v.string(), finite, v.array(v.any())],
          'must be the name of a .npy file, a number, or lists of numbers',
        ),
        'must be an object from the name of an input to its values',
      ),
    ),
    output: v.optional(v.string('must be the name of an output')),
    outputs: v.optional(
      v.record(v.string(), outputSchema, 'must be an object from the name of an output to what it is'),
    ),
    attention: v.optional(
      v.union(
        [tokensSchema, v.record(v.string(), tokensSchema)],
        'must be { "prefix": 1, "grid": [rows, columns] }, or an object from the name of a layer to that',
      ),
    ),
    checks: v.optional(checksSchema),
  },
  'must be an object',
);

/** The file's content. */
export type Sidecar = v.InferOutput<typeof sidecarSchema>;

/** A sidecar and where it was read. */
export interface LoadedSidecar {
  readonly path: string;
  readonly content: Sidecar;
}

/** Where the sidecar of a model is written: `squeezenet.onnx` → `squeezenet.lens.json`, in the same folder. */
export function sidecarPath(modelPath: string): string {
  const { dir, name, ext, base } = path.parse(modelPath);
  return path.join(dir, `${ext.toLowerCase() === '.onnx' ? name : base}.lens.json`);
}

/**
 * The sidecar beside a model, under either of its names; undefined where there is none.
 * @throws LensError `sidecar/unreadable` for one that is there and cannot be read: its settings are not replaced by guesses
 */
export async function readModelSidecar(
  modelPath: string,
  consulted = new Consulted(),
): Promise<LoadedSidecar | undefined> {
  for (const file of new Set([sidecarPath(modelPath), `${modelPath}.lens.json`])) {
    const found = await consulted.read(file);
    if ('unreadable' in found) throw unreadable(file, found.unreadable);
    if ('text' in found) return { path: file, content: parseSidecar(found.text, path.basename(file)) };
  }
  return undefined;
}

/** A sidecar by its path, as `--config` names it. */
export async function readSidecar(file: string, consulted = new Consulted()): Promise<LoadedSidecar> {
  const found = await consulted.read(file, true);
  if ('unreadable' in found) throw unreadable(file, found.unreadable);
  if ('kept' in found) throw unreadable(file, 'lies outside the workspace and is not read');
  if ('absent' in found) throw new LensError('usage', 'sidecar/not-found', `There is no settings file "${file}".`);
  return { path: file, content: parseSidecar(found.text, path.basename(file)) };
}

function unreadable(file: string, why: string): LensError {
  return new LensError('input', 'sidecar/unreadable', `The settings file "${path.basename(file)}" ${why}.`, {
    hint: 'Mend it or take it away: without it the settings of the model would be guessed.',
  });
}

/** Parses and checks. The first problem is named by its path; unknown keys are all listed, beside the known ones. */
export function parseSidecar(text: string, name: string): Sidecar {
  const json = parseJson(text, name);
  const list = PLACES.find(([place]) => Array.isArray(at(json, place)))?.[0];
  if (list !== undefined)
    throw invalid(name, list === '' ? 'must be an object, not a list' : `: "${list}" must be an object, not a list`);
  const unknown = unknownKeys(json);
  if (unknown.length > 0) {
    const known = unknown[0]!.known.map((key) => `"${key}"`).join(', ');
    throw invalid(
      name,
      `has ${unknown.length === 1 ? 'an unknown key' : 'unknown keys'}: ${unknown.map((u) => u.path).join(', ')}`,
      `Known there: ${known}.`,
    );
  }
  const result = v.safeParse(sidecarSchema, json);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const where = v.getDotPath(issue);
  throw invalid(name, where === null ? issue.message : `: "${where}" ${issue.message}`);
}

function invalid(
  name: string,
  what: string,
  hint = 'Open it in the editor: it is checked and completed there.',
): LensError {
  return new LensError('input', 'sidecar/invalid', `${name}${what.startsWith(':') ? '' : ' '}${what}.`, { hint });
}

/** The objects of a sidecar by their paths, with the keys they may have. */
const PLACES: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['', sidecarSchema.entries],
  ['input', inputSchema.entries],
  ['input.resize', inputSchema.entries.resize.wrapped.entries],
  ['input.evidence', evidenceSchema.entries],
  ['checks', checksSchema.entries],
];

function at(json: unknown, place: string): unknown {
  const keys = place.split('.').filter((key) => key !== '');
  return keys.reduce<unknown>(
    (value, key) => (isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    json,
  );
}

function unknownKeys(json: unknown): { path: string; known: string[] }[] {
  const outputs = at(json, 'outputs');
  const named = isRecord(outputs) ? Object.keys(outputs) : [];
  const own = named.flatMap((name) =>
    unknownIn(isRecord(outputs) ? outputs[name] : undefined, `outputs.${name}`, outputSchema.entries),
  );
  return [...PLACES.flatMap(([place, entries]) => unknownIn(at(json, place), place, entries)), ...own];
}

function unknownIn(
  value: unknown,
  place: string,
  entries: Readonly<Record<string, unknown>>,
): { path: string; known: string[] }[] {
  if (!isRecord(value)) return [];
  const known = Object.keys(entries).filter((key) => key !== '$schema');
  return Object.keys(value)
    .filter((key) => !Object.hasOwn(entries, key))
    .map((key) => ({ path: place === '' ? key : `${place}.${key}`, known }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The settings of a sidecar in the words of the plan. */
export function settingsOf(sidecar: Sidecar): PartialSettings {
  const { name: _name, evidence: _evidence, ...settings } = sidecar.input ?? {};
  return settings as PartialSettings;
}

/** The settings of a sidecar with their origins: those for which it gives evidence say it. */
export function sourcesOf({ path: file, content }: LoadedSidecar): { settings: PartialSettings; origin: Origin }[] {
  const name = path.basename(file);
  const evidence: Partial<Record<string, string>> = content.input?.evidence ?? {};
  const grouped = new Map<string, [string, unknown][]>();
  for (const entry of Object.entries(settingsOf(content))) {
    const text = evidence[entry[0]];
    const detail = text === undefined ? name : `${name}, ${text}`;
    grouped.set(detail, [...(grouped.get(detail) ?? []), entry]);
  }
  return [...grouped].map(([detail, entries]) => ({
    settings: Object.fromEntries(entries) as PartialSettings,
    origin: { kind: 'sidecar', detail },
  }));
}

/** A sidecar with other settings: evidence goes with the setting that it was for. */
export function changedSidecar(sidecar: Sidecar, change: NonNullable<Sidecar['input']>): Sidecar {
  const { evidence: before, ...own } = sidecar.input ?? {};
  const { evidence: now, ...settings } = change;
  const kept = Object.entries(before ?? {}).filter(([name]) => !Object.hasOwn(settings, name));
  const evidence = { ...Object.fromEntries(kept), ...now };
  const input = { ...own, ...settings, ...(Object.keys(evidence).length === 0 ? {} : { evidence }) };
  return { ...sidecar, input };
}

/** A sidecar that says explicitly what was resolved, so that a default becomes a decision. */
export function sidecarOf(
  plan: Preprocessing,
  rest: Pick<Sidecar, 'labels' | 'output' | 'outputs'> & { readonly inputName?: string } = {},
): Sidecar {
  const { inputName, ...others } = rest;
  const resize = plan.resize.value;
  return {
    input: {
      ...(inputName === undefined ? {} : { name: inputName }),
      layout: plan.layout.value,
      color: plan.color.value,
      size: [...plan.size.value],
      resize: {
        mode: resize.mode,
        ...(resize.mode === 'none' ? {} : { size: typeof resize.size === 'number' ? resize.size : [...resize.size] }),
        interpolation: resize.interpolation,
      },
      crop: plan.crop.value,
      range: [...plan.range.value],
      mean: perChannelList(plan.mean.value),
      std: perChannelList(plan.std.value),
      pad: [...plan.pad.value],
    },
    ...others,
  };
}

function perChannelList(values: readonly number[]): number[] {
  return values.every((x) => x === values[0]) ? values.slice(0, 1) : [...values];
}

/** Text of a sidecar: indented, with short lists on one line. */
export function formatSidecar(sidecar: Sidecar): string {
  const text = JSON.stringify(sidecar, null, 2);
  return `${text.replace(/\[[^[\]{}"]*\]/g, (list) => list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'))}\n`;
}

/** Writes a sidecar whole or not at all. */
export async function writeSidecar(file: string, sidecar: Sidecar): Promise<void> {
  const checked = parseSidecar(JSON.stringify(sidecar), path.basename(file));
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, formatSidecar(checked));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    if (!isNodeError(error, 'EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOSPC', 'ENOTDIR')) throw error;
    throw new LensError('runtime', 'sidecar/unwritable', `"${file}" cannot be written: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}
