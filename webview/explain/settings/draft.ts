import { canonical } from '../../../src/base/canonical.js';
import { given } from '../../../src/base/given.js';
import { whyNoPlace } from '../../../src/base/reach.js';
import type { PreprocessingRecord } from '../../../src/result/recipe.js';
import type { SaidLabels, SettingsChange, SettingsPreset } from '../../../src/result/settings.js';

/** How pictures are prepared, as it is being edited: what stands in the fields, what is wrong there, and what it comes to. */

export type Color = 'RGB' | 'BGR' | 'gray';
export type Mode = 'exact' | 'shortSide' | 'longSide' | 'letterbox' | 'none';
export type Interpolation = 'nearest' | 'box' | 'bilinear' | 'bicubic' | 'lanczos';

/** Texts as they stand in the fields. */
export interface Draft {
  readonly layout: 'NCHW' | 'NHWC';
  readonly width: string;
  readonly height: string;
  readonly color: Color;
  readonly mode: Mode;
  /** One side in pixels, or `W×H`. */
  readonly side: string;
  readonly interpolation: Interpolation;
  readonly crop: 'center' | 'none';
  /** One grey level, or red, green and blue. */
  readonly pad: string;
  readonly low: string;
  readonly high: string;
  /** One for each channel of the tensor. */
  readonly mean: readonly string[];
  readonly std: readonly string[];
  /** The name of a file with the names of the classes, or the names, one a line. */
  readonly labels: string;
}

/** A field by its name; `mean.1` is that of the second channel. */
export type FieldName =
  'width' | 'height' | 'side' | 'pad' | 'low' | 'high' | 'labels' | `mean.${number}` | `std.${number}`;

/** What the model leaves open. */
export interface Freedom {
  readonly layout: boolean;
  readonly size: boolean;
  /** Whether grey may be one channel and colours three. */
  readonly channels: boolean;
  readonly colors: readonly Color[];
}

/** A draft, and what it is a change of. */
export interface Reading {
  /** Sentences that say what is wrong, by field. */
  readonly problems: Readonly<Partial<Record<FieldName, string>>>;
  /** What differs from the settings that were there; absent where nothing does, or something is wrong. */
  readonly change?: SettingsChange;
  /** All of it, to be written down; absent where something is wrong. */
  readonly whole?: SettingsChange;
}

/** Whether pictures are prepared at all; a tensor that is given is taken as it is. */
export function isEditable(record: PreprocessingRecord | undefined): record is PreprocessingRecord {
  return record !== undefined && ['color', 'size', 'resize', 'crop', 'range', 'mean', 'std'].every((n) => n in record);
}

export function freedomOf(record: PreprocessingRecord): Freedom {
  const fixed = (name: string): boolean => record[name]?.origin.kind === 'metadata';
  const grey = fixed('channels') && record['channels']?.value === 1;
  return {
    layout: !fixed('layout'),
    size: !fixed('size'),
    channels: !fixed('channels'),
    colors: grey ? ['gray'] : ['RGB', 'BGR', 'gray'],
  };
}

/** The settings as they stand in the fields to begin with. */
export function draftOf(record: PreprocessingRecord, labels?: SaidLabels): Draft {
  const value = <T>(name: string): T => record[name]!.value as T;
  const [height, width] = value<readonly number[]>('size');
  const { mode, size, interpolation } = value<NonNullable<Required<SettingsChange['resize']>>>('resize');
  const [low, high] = value<readonly number[]>('range');
  const pad = (record['pad']?.value ?? [0, 0, 0]) as readonly number[];
  return {
    layout: value('layout'),
    width: String(width),
    height: String(height),
    color: value('color'),
    mode,
    side: typeof size === 'object' ? (size[0] === size[1] ? String(size[0]) : `${size[1]}×${size[0]}`) : String(size),
    interpolation,
    crop: value('crop'),
    pad: pad.every((v) => v === pad[0]) ? String(pad[0]) : pad.join(', '),
    low: String(low),
    high: String(high),
    mean: value<readonly number[]>('mean').map(String),
    std: value<readonly number[]>('std').map(String),
    labels: labelsText(labels),
  };
}

/** Another order of the colours: mean and deviation go with their colours. */
export function withColor(draft: Draft, color: Color, channelsAreFree: boolean): Draft {
  const turned = (draft.color === 'BGR') !== (color === 'BGR');
  const count = channelsAreFree ? (color === 'gray' ? 1 : 3) : draft.mean.length;
  const ordered = (values: readonly string[]): readonly string[] => {
    const own = turned ? [...values].reverse() : values;
    return Array.from({ length: count }, (_, i) => own[i] ?? own[0]!);
  };
  return { ...draft, color, mean: ordered(draft.mean), std: ordered(draft.std) };
}

/** Another way of resizing, with the crop that belongs to it and, where it goes to the model's size, that size. */
export function withMode(draft: Draft, mode: Mode): Draft {
  if (mode !== 'exact' && mode !== 'letterbox') return { ...draft, mode, crop: 'center' };
  return { ...draft, mode, crop: 'none', side: sideText(draft, Number(draft.height)) };
}

/** What is typed or pasted into the field of one channel: a list of numbers goes into all of them. */
export function withChannel(draft: Draft, name: 'mean' | 'std', channel: number, text: string): Draft {
  const list = text
    .replace(/[[\]()]/g, ' ')
    .trim()
    .split(/\s*,\s+|,(?=\s*[-−.\d])|\s+|;/)
    .filter((part) => part !== '');
  const values = draft[name];
  const all = values.length > 1 && list.length === values.length && list.every((each) => isNumber(each));
  return { ...draft, [name]: all ? list : values.map((v, i) => (i === channel ? text : v)) };
}

/** A preset; what its source does not say stays as it is. */
export function withPreset(draft: Draft, { settings, resize, crop, pad }: SettingsPreset): Draft {
  const count = draft.mean.length;
  const each = (values: readonly number[]): readonly string[] =>
    Array.from({ length: count }, (_, i) => String(values[i] ?? values[0]));
  const side = Math.round((resize?.factor ?? 1) * Number(draft.height));
  const [low, high] = settings.range;
  return {
    ...draft,
    color: settings.color,
    low: String(low),
    high: String(high),
    mean: each(settings.mean),
    std: each(settings.std),
    ...(resize === undefined
      ? {}
      : { mode: resize.mode, interpolation: resize.interpolation, side: sideText(draft, side, resize.factor) }),
    ...(crop === undefined ? {} : { crop }),
    ...(pad === undefined ? {} : { pad: String(pad[0]) }),
  };
}

function sideText({ width, height }: Draft, side: number, factor = 1): string {
  return width === height ? String(side) : `${Math.round(factor * Number(width))}×${side}`;
}

/** Which preset the fields say, if any. */
export function presetOf(draft: Draft, presets: readonly SettingsPreset[]): SettingsPreset | undefined {
  return presets.find((preset) => canonical(withPreset(draft, preset)) === canonical(draft));
}

/** The presets that fit what the model takes. */
export function presetsFor(presets: readonly SettingsPreset[], draft: Draft, { colors }: Freedom): SettingsPreset[] {
  return presets.filter(({ settings: { color, mean } }) => colors.includes(color) && mean.length === draft.mean.length);
}

/**
 * What the fields come to.
 *
 * @param record the settings without any edit
 * @param said the labels without any edit, where the settings say them
 */
export function readDraft(draft: Draft, record: PreprocessingRecord, said?: SaidLabels): Reading {
  const problems: Partial<Record<FieldName, string>> = {};
  const number = (name: FieldName, text: string, check: (value: number) => string | undefined): number => {
    const problem = isNumber(text) ? check(numberOf(text)) : notANumber(text);
    if (problem !== undefined) problems[name] = problem;
    return numberOf(text);
  };
  const anything = (): undefined => undefined;
  const free = freedomOf(record);
  const size = [number('height', draft.height, sideProblem), number('width', draft.width, sideProblem)] as const;
  const range = [number('low', draft.low, anything), number('high', draft.high, anything)] as const;
  if (problems.low === undefined && problems.high === undefined && range[0] >= range[1])
    problems.high = `Must be more than ${draft.low.trim()}, where black goes.`;
  const mean = draft.mean.map((text, i) => number(`mean.${i}`, text, anything));
  const std = draft.std.map((text, i) =>
    number(`std.${i}`, text, (v) => (v === 0 ? 'Must not be 0: pixels are divided by it.' : undefined)),
  );
  const resize = resizeOf(draft, record, problems);
  const pad = padOf(draft, problems);
  const labels = labelsOf(draft, said, problems);
  if (Object.keys(problems).length > 0) return { problems };
  const geometry = { resize, crop: draft.crop };
  const values = { range, mean, std };
  const whole: SettingsChange = {
    ...(free.layout ? { layout: draft.layout } : {}),
    ...(free.size ? { size } : {}),
    color: draft.color,
    ...geometry,
    ...(usesPad(draft) ? { pad } : {}),
    ...values,
    ...given({ labels }),
  };
  // What only means something together changes together: a mean without its range would be read in other units.
  const sided = hasSide(draft);
  const groups: readonly (readonly (keyof SettingsChange)[])[] = [
    ['layout'],
    ['size'],
    ['color'],
    ['resize', 'crop'],
    ['pad'],
    ['range', 'mean', 'std'],
  ];
  const changed = groups.filter((names) =>
    names.some((n) => n in whole && !equal(n, whole[n], record[n]?.value, sided)),
  );
  const names = labels === undefined ? changed.flat() : [...changed.flat(), 'labels' as const];
  const change = Object.fromEntries(names.flatMap((n) => (n in whole ? [[n, whole[n]]] : [])));
  return { problems, whole, ...(names.length === 0 ? {} : { change }) };
}

/** Whether anything is padded: the colour of it has a meaning then only. */
export function usesPad({ mode, crop }: Draft): boolean {
  return mode === 'letterbox' || mode === 'longSide' || (mode === 'none' && crop === 'center');
}

/** Whether the resize has a length of its own; squeezing without a crop goes to the model's size. */
export const hasSide = ({ mode, crop }: Draft): boolean => mode !== 'none' && (mode !== 'exact' || crop === 'center');

function resizeOf(
  draft: Draft,
  record: PreprocessingRecord,
  problems: Partial<Record<FieldName, string>>,
): NonNullable<SettingsChange['resize']> {
  const { mode, interpolation, side } = draft;
  if (!hasSide(draft)) return { mode, interpolation };
  // Untouched it stays as it was written: one side and two equal ones round differently.
  const before = record['resize']!.value as Required<NonNullable<SettingsChange['resize']>>;
  if (before.mode === mode && side === draftOf(record).side) return { mode, interpolation, size: before.size };
  const [width, height, ...more] = side.split(/[×x*]/i);
  const texts = height === undefined ? [width!] : [width!, height];
  const problem =
    more.length > 0
      ? 'Write one length, or width×height.'
      : texts.map((t) => (isNumber(t) ? sideProblem(numberOf(t)) : notANumber(t))).find((p) => p !== undefined);
  if (problem !== undefined) problems.side = problem;
  const [w, h] = texts.map(numberOf);
  return { mode, interpolation, size: h === undefined ? w! : [h, w!] };
}

function padOf(draft: Draft, problems: Partial<Record<FieldName, string>>): readonly [number, number, number] {
  if (!usesPad(draft)) return [0, 0, 0];
  const parts = draft.pad.split(/[\s,;]+/).filter((part) => part !== '');
  const bad = parts.find((p) => !isNumber(p) || numberOf(p) < 0 || numberOf(p) > 255);
  if (parts.length !== 1 && parts.length !== 3) problems.pad = 'Write one level, or red, green and blue.';
  else if (bad !== undefined) problems.pad = `Levels lie between 0 and 255; "${bad}" does not.`;
  const levels = parts.map(numberOf);
  return [levels[0]!, levels[1] ?? levels[0]!, levels[2] ?? levels[0]!];
}

const labelsText = (said: SaidLabels = ''): string => (typeof said === 'string' ? said : said.join('\n'));

/** What the field of the labels says, where that is something else than before. */
function labelsOf(
  draft: Draft,
  said: SaidLabels | undefined,
  problems: Partial<Record<FieldName, string>>,
): SaidLabels | undefined {
  const text = draft.labels.trim();
  if (text === labelsText(said).trim()) return undefined;
  if (text === '') {
    problems.labels = 'To name no classes, take "labels" out of the settings file.';
    return undefined;
  }
  const lines = text.split('\n').map((line) => line.trim());
  // One line is the name of a file, unless it lists names; a name of several words is no reason to think so.
  if (lines.length === 1 && (/\.\w{1,8}$/.test(text) || !text.includes(','))) {
    const odd = whyNoPlace(text);
    if (odd !== undefined) problems.labels = `No file of the workspace: ${odd}.`;
    return text;
  }
  const names = lines.length === 1 ? text.split(',').map((name) => name.trim()) : lines;
  const empty = names.indexOf('');
  if (empty >= 0) problems.labels = `Name ${empty + 1} of ${names.length} is missing.`;
  return names;
}

const MAX_SIDE = 16384;

function sideProblem(value: number): string | undefined {
  return Number.isInteger(value) && value >= 1 && value <= MAX_SIDE
    ? undefined
    : `Must be a whole number of pixels from 1 to ${MAX_SIDE}.`;
}

const numberOf = (text: string): number => (text.trim() === '' ? NaN : Number(text.trim().replace('−', '-')));
const isNumber = (text: string): boolean => Number.isFinite(numberOf(text));

function notANumber(text: string): string {
  if (text.trim() === '') return 'A number is missing.';
  const point = text.replace(',', '.');
  return `"${text.trim()}" is not a number${point !== text && isNumber(point) ? `: write ${point.trim()}` : ''}.`;
}

function equal(name: keyof SettingsChange, a: unknown, b: unknown, sided: boolean): boolean {
  return canonical(plain(name, a, sided)) === canonical(plain(name, b, sided));
}

/** As the plan has it: a resize without a length of its own has that of the model. */
function plain(name: keyof SettingsChange, value: unknown, sided: boolean): unknown {
  if (name !== 'resize') return value;
  const { mode, interpolation, size } = value as NonNullable<SettingsChange['resize']>;
  const square = Array.isArray(size) && size[0] === size[1] ? (size[0] as number) : size;
  return { mode, interpolation, ...(sided ? { size: square } : {}) };
}
