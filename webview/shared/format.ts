/** Numbers as panels write them: three significant digits, a real minus sign, units after a space. */

const MINUS = '\u2212';

/** Three significant digits: `0.0243`, `12.3`, `1234`, `2.40e−5`. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`;
  const size = Math.abs(value);
  const text =
    size === 0
      ? '0'
      : size < 1e-3 || size >= 1e5
        ? value.toExponential(2).replace('e+', 'e')
        : size >= 999.5
          ? value.toFixed(0)
          : value.toPrecision(3);
  return text.replaceAll('-', MINUS);
}

/** A share between 0 and 1 with three decimals; what would read as none is `<0.001`. */
export function formatProbability(value: number): string {
  if (!Number.isFinite(value)) return formatNumber(value);
  if (value > 0 && value < 0.0005) return '<0.001';
  if (value < 1 && value >= 0.9995) return '>0.999';
  return value.toFixed(3).replace('-', MINUS);
}

/** `38 ms`, `1.24 s`, `2 min 5 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds < 9.995 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A running clock: tenths of a second that do not flicker. */
export function formatElapsed(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds < 59.95 ? `${seconds.toFixed(1)} s` : formatDuration(milliseconds);
}

/** `34 %`. */
export function formatPercent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** `1 picture`, `3 pictures`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The last part of a path or address. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** The same without its ending. */
export function stemOf(path: string): string {
  return baseName(path).replace(/\.[^.]+$/, '');
}

const DECIMAL = ['', 'k', 'M', 'G', 'T'];

/** `4.81 MB`, three significant digits. */
export function formatBytes(bytes: number): string {
  return bytes < 999.5 ? `${bytes} B` : scaled(bytes, (unit) => ` ${unit}B`);
}

/** `1.25 M`, three significant digits; small counts as they are. */
export function formatCount(count: number): string {
  return count < 9999.5 ? String(Math.round(count)) : scaled(count, (unit) => ` ${unit}`);
}

function scaled(value: number, unitText: (unit: string) => string): string {
  let unit = 0;
  for (; value >= 999.5 && unit < DECIMAL.length - 1; unit++) value /= 1000;
  return `${value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2)}${unitText(DECIMAL[unit]!)}`;
}

/** `64×3×7×7`; a scalar is said to be one. */
export function formatShape(dims: readonly (number | string)[]): string {
  return dims.length === 0 ? 'scalar' : dims.join('×');
}

/** A time that is told from what was measured: no more precise than that. */
export function leftText(seconds: number): string {
  if (seconds < 5) return 'a few seconds';
  if (seconds < 90) return `about ${5 * Math.round(seconds / 5)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `about ${minutes} min` : `about ${(minutes / 60).toFixed(1)} h`;
}
