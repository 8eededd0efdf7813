import { escaped } from './page.js';
import type { Estimate } from '../result/estimate.js';

/** Curves with their intervals, as a picture in SVG that stands alone. */
export interface Plot {
  readonly title: string;
  /** Lines below the picture. */
  readonly notes: readonly string[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly x: readonly number[];
  readonly logarithmic?: boolean;
  readonly series: readonly {
    readonly name: string;
    readonly values: readonly Estimate[];
    /** Knows nothing of the model: drawn grey and dashed. */
    readonly baseline?: boolean;
  }[];
}

const WIDTH = 900;
const [LEFT, TOP, PLOT, HIGH] = [70, 50, 540, 400];
/** Colours that people with any colour vision tell apart (Okabe and Ito 2008). */
const COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#7A5195', '#A39A00'];
const DASHES = ['', '7 3', '2 3', '8 3 2 3'];
const GREYS = ['#444444', '#999999'];

export function plotSvg(plot: Plot): string {
  const { title, notes, xTitle, yTitle, x, series } = plot;
  const across = horizontal(plot);
  const finite = series
    .flatMap(({ values }) => values.flatMap(({ mean, low, high }) => [mean, low, high]))
    .filter(Number.isFinite);
  const ticks = ticksOf(Math.min(...finite, 0), Math.max(...finite, 1e-6));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const down = (v: number): number => TOP + HIGH * (1 - (v - low) / (high - low));
  let [methods, baselines] = [0, 0];
  const drawn = series.map(({ name, values, baseline }, k) => {
    const number = baseline === true ? baselines++ : methods++;
    const colour = baseline === true ? GREYS[number % GREYS.length]! : COLOURS[number % COLOURS.length]!;
    const dash = baseline === true ? '4 4' : DASHES[Math.floor(number / COLOURS.length) % DASHES.length]!;
    // Beside one another: intervals on one line hide each other.
    const aside = (k - (series.length - 1) / 2) * Math.min(3, 24 / series.length);
    const points = values.flatMap((value, i) => (Number.isFinite(value.mean) ? [{ x: across(i) + aside, value }] : []));
    const whiskers = points.flatMap(({ x: at, value }) =>
      Number.isFinite(value.low) && value.high > value.low
        ? [`M${at.toFixed(1)} ${down(value.low).toFixed(1)} V${down(value.high).toFixed(1)}`]
        : [],
    );
    const line = points.map(({ x: at, value }) => `${at.toFixed(1)},${down(value.mean).toFixed(1)}`).join(' ');
    const dots = points.map(
      ({ x: at, value }) =>
        `<circle cx="${at.toFixed(1)}" cy="${down(value.mean).toFixed(1)}" r="3" fill="${colour}"/>`,
    );
    const y = TOP + 10 + k * 20;
    const dashed = dash === '' ? '' : ` stroke-dasharray="${dash}"`;
    return [
      `<path d="${whiskers.join(' ')}" stroke="${colour}" stroke-opacity="0.45" stroke-width="1.5"/>`,
      `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2"${dashed}/>`,
      ...dots,
      `<line x1="${LEFT + PLOT + 18}" x2="${LEFT + PLOT + 44}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2"${dashed}/>`,
      `<text x="${LEFT + PLOT + 50}" y="${y + 4}">${escaped(cut(name))}</text>`,
    ].join('');
  });
  const few = Math.max(1, Math.ceil(x.length / 14));
  const below = Math.max(TOP + HIGH + 66, TOP + series.length * 20 + 20);
  const lines = notes.flatMap((note) => wrapped(note, 120));
  const height = below + lines.length * 18 + 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="30" font-size="17">${escaped(title)}</text>`,
    ...ticks.map(
      (v) =>
        `<line x1="${LEFT}" x2="${LEFT + PLOT}" y1="${down(v).toFixed(1)}" y2="${down(v).toFixed(1)}" stroke="#e4e4e4"/><text x="${LEFT - 8}" y="${(down(v) + 4).toFixed(1)}" text-anchor="end">${Number(v.toPrecision(4))}</text>`,
    ),
    `<path d="M${LEFT} ${TOP} V${TOP + HIGH} H${LEFT + PLOT}" fill="none" stroke="#888888"/>`,
    ...x.map((v, i) =>
      i % few === 0
        ? `<text x="${across(i).toFixed(1)}" y="${TOP + HIGH + 18}" text-anchor="middle">${Number(v.toPrecision(4))}</text>`
        : '',
    ),
    `<text x="${LEFT + PLOT / 2}" y="${TOP + HIGH + 42}" text-anchor="middle">${escaped(xTitle)}</text>`,
    `<text transform="translate(18 ${TOP + HIGH / 2}) rotate(-90)" text-anchor="middle">${escaped(yTitle)}</text>`,
    ...drawn,
    ...lines.map((line, k) => `<text x="${LEFT}" y="${below + k * 18}" fill="#444444">${escaped(line)}</text>`),
    '</svg>',
    '',
  ].join('\n');
}

function horizontal({ x, logarithmic }: Plot): (i: number) => number {
  const place = (v: number): number => (logarithmic === true ? Math.log(Math.max(1e-12, v)) : v);
  const [first, last] = [place(x[0] ?? 0), place(x.at(-1) ?? 1)];
  const inset = 14;
  return (i) =>
    last > first ? LEFT + inset + ((PLOT - 2 * inset) * (place(x[i]!) - first)) / (last - first) : LEFT + PLOT / 2;
}

/** Round numbers from below the least to above the greatest value. */
export function ticksOf(low: number, high: number): number[] {
  const span = high - low || 1;
  const rough = span / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough)!;
  const from = Math.floor(low / step + 1e-9);
  const to = Math.max(from + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: to - from + 1 }, (_, i) => Number(((from + i) * step).toPrecision(12)));
}

/** Estimates as bars, one for each name, where there is no curve to draw. */
export interface Bars {
  readonly title: string;
  readonly notes: readonly string[];
  readonly xTitle: string;
  readonly rows: readonly { readonly name: string; readonly value: Estimate; readonly baseline?: boolean }[];
}

export function barsSvg({ title, notes, xTitle, rows }: Bars): string {
  const names = 230;
  const wide = WIDTH - names - 100;
  const finite = rows.flatMap(({ value }) => [value.mean, value.low, value.high]).filter(Number.isFinite);
  const ticks = ticksOf(Math.min(0, ...finite), Math.max(1e-6, ...finite));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const across = (v: number): number => names + (wide * (v - low)) / (high - low);
  const bottom = TOP + rows.length * 26;
  const lines = notes.flatMap((note) => wrapped(note, 120));
  const height = bottom + 66 + lines.length * 18;
  const bars = rows.map(({ name, value, baseline }, k) => {
    const y = TOP + k * 26;
    const label = `<text x="${names - 10}" y="${y + 16}" text-anchor="end">${escaped(cut(name))}</text>`;
    if (!Number.isFinite(value.mean)) return label;
    const [a, b] = [across(Math.min(0, value.mean)), across(Math.max(0, value.mean))];
    return `${label}<rect x="${a.toFixed(1)}" y="${y + 4}" width="${(b - a).toFixed(1)}" height="16" fill="${baseline === true ? '#999999' : COLOURS[0]}"/><path d="M${across(value.low).toFixed(1)} ${y + 12} H${across(value.high).toFixed(1)}" stroke="#000000"/><text x="${(across(Math.max(value.high, value.mean)) + 6).toFixed(1)}" y="${y + 16}">${Number(value.mean.toPrecision(3))}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="20" y="30" font-size="17">${escaped(title)}</text>`,
    ...ticks.map(
      (v) =>
        `<line x1="${across(v).toFixed(1)}" x2="${across(v).toFixed(1)}" y1="${TOP}" y2="${bottom}" stroke="#e4e4e4"/><text x="${across(v).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${Number(v.toPrecision(4))}</text>`,
    ),
    ...bars,
    `<text x="${names + wide / 2}" y="${bottom + 40}" text-anchor="middle">${escaped(xTitle)}</text>`,
    ...lines.map((line, k) => `<text x="20" y="${bottom + 62 + k * 18}" fill="#444444">${escaped(line)}</text>`),
    '</svg>',
    '',
  ].join('\n');
}

function cut(name: string): string {
  return name.length > 30 ? `${name.slice(0, 29)}…` : name;
}

function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > most) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
