import { presets, type Preset } from '../presets.js';

/** Numbers between which a picture lies when it is prepared: what a quantiser was calibrated on betrays how. */

interface Between {
  readonly low: number;
  readonly high: number;
}

/** How far an end may lie from where it should, as a share of the width: calibration sees a few pictures. */
const NEAR = 0.03;

/** Whether these are the numbers that pass. */
export function reaches({ low, high }: Between, from: number, to: number): boolean {
  const near = NEAR * (to - from);
  return Math.abs(low - from) <= near && Math.abs(high - to) <= near;
}

/** The ways of preparing pictures of so many channels whose least and greatest numbers are these; those that differ in no number once. */
export function preparedTo(span: Between, channels: number): readonly Preset['settings'][] {
  const found = new Map<string, Preset['settings']>();
  for (const { settings } of presets) {
    if ((settings.color === 'gray') !== (channels === 1)) continue;
    const ends = endsOf(settings);
    if (!reaches(span, ends.low, ends.high)) continue;
    const { range, mean, std } = settings;
    const key = JSON.stringify([range, [...new Set(mean)], [...new Set(std)]]);
    if (!found.has(key)) found.set(key, settings);
  }
  return [...found.values()];
}

/** The one of them that divides by a standard deviation, where there is just one. */
export function normalisedTo(span: Between, channels: number): Preset['settings'] | undefined {
  const [one, ...more] = preparedTo(span, channels);
  return one !== undefined && more.length === 0 && one.std.some((d) => d !== 1) ? one : undefined;
}

/** Black and white, in the channel where they reach farthest. */
function endsOf({ range: [from, to], mean, std }: Preset['settings']): Between {
  return {
    low: Math.min(...mean.map((m, c) => (from - m) / std[c]!)),
    high: Math.max(...mean.map((m, c) => (to - m) / std[c]!)),
  };
}
