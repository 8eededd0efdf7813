import type { Reading } from './conventions/convention.js';
import type { Interpolation, Origin, PartialSettings, Preprocessing, ResizeMode, Setting } from './settings.js';

/**
 * Merging what several sources say. Settings that only mean something together (resize and crop; range, mean and
 * standard deviation) are never mixed with a default that belongs to another convention.
 */

export interface Source {
  readonly settings: PartialSettings;
  readonly origin: Origin;
}

type DefaultReading = Required<Pick<Reading, 'settings' | 'origin'>>;

/** The first source that has an opinion. */
export function pick<T>(
  sources: readonly Source[],
  get: (settings: PartialSettings) => T | undefined,
): Setting<T> | undefined {
  for (const { settings, origin } of sources) {
    const value = get(settings);
    if (value !== undefined) return { value, origin };
  }
  return undefined;
}

/** Resize, interpolation and crop. Whoever sets the mode also settles the crop, unless somebody before it did. */
export function mergeGeometry(
  sources: readonly Source[],
  fallback: DefaultReading,
  size: Preprocessing['size'],
  warnings: string[],
): Pick<Preprocessing, 'resize' | 'crop'> {
  const mode = pick(sources, (s) => s.resize?.mode);
  const interpolation = pick(sources, (s) => s.resize?.interpolation);
  const saidCrop = pick(sources, (s) => s.crop);
  const saidSize = pick(sources, (s) => s.resize?.size);
  const target = size.value;

  if (mode === undefined && saidSize === undefined && saidCrop === undefined) {
    const { settings, origin } = fallback;
    return {
      resize: {
        value: plan(settings.resize!.mode!, settings.resize!.size, interpolation?.value, target),
        origin: interpolation?.origin ?? origin,
      },
      crop: { value: settings.crop!, origin },
    };
  }
  const modeValue: ResizeMode =
    mode?.value ?? (saidCrop?.value === 'center' || typeof saidSize?.value === 'number' ? 'shortSide' : 'exact');
  // A size belongs to the mode of its own source or of one before it: 256 for a short side says nothing about a letterbox.
  const own =
    mode === undefined
      ? saidSize
      : pick(sources.slice(0, 1 + sources.findIndex((s) => s.origin === mode.origin)), (s) => s.resize?.size);
  const cropValue = saidCrop?.value ?? (modeValue === 'exact' || modeValue === 'letterbox' ? 'none' : 'center');
  let resizeSize = own?.value;
  if (modeValue === 'exact' && cropValue === 'none' && resizeSize !== undefined && !sameSize(resizeSize, target)) {
    warnings.push(
      `${own!.origin.detail} resizes to ${[resizeSize].flat().join('×')}, but the model's input is ${target.join('×')} (height × width): it is resized to that.`,
    );
    resizeSize = target;
  }
  const origin = mode?.origin ?? own?.origin ?? saidCrop!.origin;
  return {
    resize: { value: plan(modeValue, resizeSize, interpolation?.value, target), origin },
    crop: {
      value: cropValue,
      origin: saidCrop?.origin ?? { kind: origin.kind, detail: `follows from the resize in ${origin.detail}` },
    },
  };
}

function sameSize(size: number | readonly [number, number], target: readonly [number, number]): boolean {
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  return height === target[0] && width === target[1];
}

function plan(
  mode: ResizeMode,
  size: number | readonly [number, number] | undefined,
  interpolation: Interpolation | undefined,
  target: readonly [number, number],
): Preprocessing['resize']['value'] {
  const square = target[0] === target[1];
  const natural = square && (mode === 'shortSide' || mode === 'longSide') ? target[0] : target;
  return { mode, size: size ?? natural, interpolation: interpolation ?? 'bilinear' };
}

/** Range, mean and standard deviation, which are in each other's units. */
export function mergeValues(
  sources: readonly Source[],
  fallback: DefaultReading,
  channels: number,
  warnings: string[],
): Pick<Preprocessing, 'range' | 'mean' | 'std'> {
  const spoken = sources.filter(
    ({ settings: s }) => s.range !== undefined || s.mean !== undefined || s.std !== undefined,
  );
  const all = spoken.length === 0 ? [fallback] : spoken;
  const range = pick(all, (s) => s.range) ?? { value: [0, 1] as const, origin: plainOrigin('0..1') };
  // Numbers in other units than the range that was chosen are of no use.
  const sameUnits = all.filter(({ settings: s }) => {
    const [low, high] = s.range ?? range.value;
    return low === range.value[0] && high === range.value[1];
  });
  const perChannel = (
    said: Setting<readonly number[]> | undefined,
    neutral: number,
    name: string,
  ): Setting<readonly number[]> => {
    if (said === undefined)
      return { value: new Array<number>(channels).fill(neutral), origin: plainOrigin(`no ${name}`) };
    const { value, origin } = said;
    if (value.length === channels) return said;
    if (value.length === 1) return { value: new Array<number>(channels).fill(value[0]!), origin };
    const mean = value.reduce((sum, x) => sum + x, 0) / value.length;
    warnings.push(
      `${origin.detail} has ${value.length} numbers for the ${name}, but the model takes ${channels === 1 ? '1 channel' : `${channels} channels`}: their average is taken.`,
    );
    return { value: new Array<number>(channels).fill(mean), origin };
  };
  const mean = perChannel(
    pick(sameUnits, (s) => s.mean),
    0,
    'mean',
  );
  const std = perChannel(
    pick(sameUnits, (s) => s.std),
    1,
    'standard deviation',
  );
  const [low, high] = range.value;
  if (mean.value.some((m) => m < low || m > high)) {
    warnings.push(
      `The mean ${format(mean.value)} (${mean.origin.detail}) lies outside the range ${low}..${high}: one of the two is probably in other units.`,
    );
  }
  return { range, mean, std };
}

function plainOrigin(detail: string): Origin {
  return { kind: 'default', detail };
}

function format(values: readonly number[]): string {
  return `[${values.join(', ')}]`;
}
