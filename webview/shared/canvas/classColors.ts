/** Colours of classes over a picture: told apart whatever their number, and the same for a class wherever it is seen. */

/** Degrees between the hues of classes that follow each other: no two of any few come close. */
const GOLDEN = 137.508;
const FIRST = 25;
const LIGHTNESS = [0.55, 0.7, 0.42] as const;
const SATURATION = 0.8;

/** Red, green and blue of a class, 0 to 255. */
export function classColor(index: number): readonly [number, number, number] {
  const hue = (FIRST + index * GOLDEN) % 360;
  const lightness = LIGHTNESS[Math.floor((index * GOLDEN) / 360) % LIGHTNESS.length]!;
  const reach = SATURATION * Math.min(lightness, 1 - lightness);
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

export function cssColor(index: number): string {
  return `rgb(${classColor(index).join(' ')})`;
}
