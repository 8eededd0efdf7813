import type { Rgb } from '../../../src/base/picture.js';
import type { Origin, PreprocessingRecord } from '../../../src/result/recipe.js';

/** What the model sees of a picture, in words and in numbers: from the record of preprocessing settings. */

/** The settings that change what the model sees, in the order in which they are applied. */
const NAMES: Readonly<Record<string, string>> = {
  layout: 'Layout',
  channels: 'Channels',
  color: 'Colour',
  size: 'Size',
  resize: 'Resize',
  crop: 'Crop',
  pad: 'Padding',
  range: 'Range',
  mean: 'Mean',
  std: 'Standard deviation',
};

const ORIGINS: Readonly<Record<Origin['kind'], string>> = {
  sidecar: 'sidecar',
  metadata: 'model',
  file: 'file',
  convention: 'convention',
  default: 'default',
  user: 'you',
};

export interface SettingRow {
  readonly name: string;
  readonly value: string;
  readonly origin: Origin;
  /** A short word for the origin. */
  readonly from: string;
}

/** One row per setting, known ones first. */
export function settingRows(record: PreprocessingRecord): readonly SettingRow[] {
  const names = [...Object.keys(NAMES).filter((n) => n in record), ...Object.keys(record).filter((n) => !(n in NAMES))];
  return names.map((name) => {
    const { value, origin } = record[name]!;
    return { name: NAMES[name] ?? name, value: valueText(name, value), origin, from: ORIGINS[origin.kind] };
  });
}

/** `227×227 RGB 0…255 − (123, 117, 104)` */
export function modelViewSentence(record: PreprocessingRecord): string {
  const { mean, std } = { mean: numbersOf(record['mean']?.value), std: numbersOf(record['std']?.value) };
  const parts = [
    valueText('size', record['size']?.value),
    valueText('color', record['color']?.value),
    valueText('range', record['range']?.value),
  ];
  if (mean !== undefined && mean.some((m) => m !== 0)) parts.push(`− ${tuple(mean)}`);
  if (std !== undefined && std.some((s) => s !== 1)) parts.push(`÷ ${tuple(std)}`);
  const known = parts.filter((p) => p !== '');
  return known.length > 0
    ? known.join(' ')
    : settingRows(record)
        .map((row) => `${row.name} ${row.value}`)
        .join(', ');
}

/** `from the sidecar`, or the kinds that took part: `convention, default`. */
export function originSentence(record: PreprocessingRecord): string {
  const told = Object.values(record).map((s) => s.origin);
  const kinds = [...new Set(told.map((o) => o.kind))];
  const leading = (['user', 'sidecar', 'metadata', 'file', 'convention'] as const).filter((k) => kinds.includes(k));
  if (leading.length === 0) return kinds.length === 0 ? '' : 'nobody said so: defaults';
  const detail = [...new Set(told.filter((o) => o.kind === leading[0]).map((o) => o.detail))];
  // What was done here and now is no place that it comes from.
  const from = leading[0] === 'user' ? '' : 'from ';
  const first = detail.length === 1 ? `${from}${detail[0]}` : `from the ${ORIGINS[leading[0]!]}`;
  return kinds.includes('default') ? `${first}, the rest defaults` : first;
}

/** Whether nobody has said anything about the values: then the whole is a guess. */
export function isGuess(record: PreprocessingRecord): boolean {
  return ['color', 'range', 'mean', 'std'].every((name) => record[name]?.origin.kind === 'default');
}

/** The values of the model's input tensor at a pixel, in the tensor's order of channels; nothing where a setting is unknown. */
export function tensorAt(
  picture: Rgb,
  record: PreprocessingRecord,
  x: number,
  y: number,
): readonly number[] | undefined {
  const color = record['color']?.value;
  const range = numbersOf(record['range']?.value);
  if (range === undefined || typeof color !== 'string') return undefined;
  const at = 3 * (y * picture.width + x);
  const rgb = [picture.data[at], picture.data[at + 1], picture.data[at + 2]].map(Number);
  const count = Number(record['channels']?.value ?? (color === 'gray' ? 1 : 3));
  const source = color === 'BGR' ? rgb.reverse() : color === 'gray' ? Array<number>(count).fill(rgb[0]!) : rgb;
  const mean = numbersOf(record['mean']?.value) ?? [0];
  const std = numbersOf(record['std']?.value) ?? [1];
  const [low, high] = [range[0] ?? 0, range[1] ?? 1];
  return source.map((v, c) => (low + (v / 255) * (high - low) - (mean[c] ?? mean[0]!)) / (std[c] ?? std[0]!));
}

function valueText(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  const numbers = numbersOf(value);
  if (name === 'size' && numbers?.length === 2) return `${numbers[1]}×${numbers[0]}`;
  if (name === 'range' && numbers?.length === 2) return `${settingNumber(numbers[0]!)}…${settingNumber(numbers[1]!)}`;
  if (name === 'color' && value === 'gray') return 'grey';
  if (name === 'resize' && typeof value === 'object') return resizeText(value as Record<string, unknown>);
  if (name === 'crop') return value === 'center' ? 'centre' : plainText(value);
  if (numbers !== undefined) return tuple(numbers);
  return plainText(value);
}

/** Settings are said as they were set, not rounded to what is measured. */
const settingNumber = (value: number): string => String(Number(value.toPrecision(6))).replace('-', '\u2212');

const plainText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

const MODES: Readonly<Record<string, string>> = {
  exact: 'to',
  shortSide: 'short side to',
  longSide: 'long side to',
  letterbox: 'letterbox to',
  none: 'none',
};

function resizeText({ mode, size, interpolation }: Record<string, unknown>): string {
  if (mode === 'none') return 'none';
  const numbers = numbersOf(size);
  const length = numbers === undefined ? String(size) : `${numbers[1]}×${numbers[0]}`;
  return `${MODES[String(mode)] ?? String(mode)} ${length}, ${String(interpolation)}`;
}

function numbersOf(value: unknown): number[] | undefined {
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  return Array.isArray(value) && value.every((v) => typeof v === 'number') ? value : undefined;
}

const tuple = (values: readonly number[]): string =>
  values.every((v) => v === values[0]) ? settingNumber(values[0]!) : `(${values.map(settingNumber).join(', ')})`;
