import type { Rgb } from '../../src/base/picture.js';

/** A picture on the way. */
export interface Frame {
  readonly step: number;
  readonly picture: Rgb;
}

/** So many are kept, evenly apart. */
const MOST = 12;

/** One more picture, the last of them whatever its step; where there are too many, every second one goes. */
export function withFrame(frames: readonly Frame[], frame: Frame, most = MOST): readonly Frame[] {
  const before = frames.filter(({ step }) => step < frame.step);
  const [first, second] = before;
  const stride = first === undefined || second === undefined ? 0 : second.step - first.step;
  const last = before.at(-1);
  // What came last stands there only for being the last, unless it is as far from the one before as all others.
  const between = last !== undefined && before.length > 2 && last.step - before.at(-2)!.step < stride;
  const all = [...(between ? before.slice(0, -1) : before), frame];
  return all.length <= most ? all : all.filter((_, i) => i % 2 === 0 || i === all.length - 1);
}

/** The places of a long list that are drawn: evenly from the first, and the last. */
export function thinned(length: number, most: number): readonly number[] {
  const stride = Math.max(1, Math.ceil((length - 1) / Math.max(1, most - 1)));
  const places = Array.from({ length: Math.ceil(length / stride) }, (_, i) => i * stride);
  return length > 0 && places.at(-1) !== length - 1 ? [...places, length - 1] : places;
}

/**
 * What has changed of a picture, as colours around grey.
 *
 * @returns the picture and by how much the change is multiplied: a power of two, so that it is seen and nothing is cut off
 */
export function changeOf(before: Rgb, after: Rgb): { readonly picture: Rgb; readonly factor: number } {
  const { width, height } = after;
  let most = 0;
  after.data.forEach((v, i) => (most = Math.max(most, Math.abs(v - before.data[i]!))));
  const factor = most === 0 ? 1 : Math.max(1, 2 ** Math.floor(Math.log2(127 / most)));
  const data = Uint8Array.from(after.data, (v, i) => Math.min(255, Math.max(0, 128 + factor * (v - before.data[i]!))));
  return { picture: { width, height, data }, factor };
}
