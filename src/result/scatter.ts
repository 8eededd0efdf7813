import { floatTensor, type FloatTensor } from '../base/tensor.js';

/** Points as a picture in SVG: what is seen, which colour is which class, and where it comes from. */
export interface ScatterPicture {
  readonly title: string;
  /** Lines below the picture. */
  readonly notes: readonly string[];
  readonly axes: readonly [string, string];
  /** `[n, 2 or more]`; the first two are drawn. */
  readonly points: FloatTensor;
  /** The class of each point, '' where unknown. */
  readonly labels: readonly string[];
}

const WIDTH = 900;
const PLOT = 620;
const LEFT = 60;
const TOP = 50;
const LEGEND = 24;

/** Eight colours that people with any colour vision tell apart (Okabe and Ito 2008); more classes share them, with other marks. */
const COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00', '#000000', '#A39A00'];
const MARKS = ['circle', 'square', 'triangle', 'diamond'] as const;

export function scatterSvg({ title, notes, axes, points, labels }: ScatterPicture): string {
  const [n = 0, d = 0] = points.dims;
  const names = [...new Set(labels)].sort((a, b) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : a > b ? 1 : 0));
  const place = intoUnitSquare(points);
  const marks = Array.from({ length: n }, (_, i) =>
    classMark(
      names.indexOf(labels[i] ?? ''),
      labels[i] ?? '',
      LEFT + place.data[2 * i]! * PLOT,
      TOP + place.data[2 * i + 1]! * PLOT,
      3,
    ),
  );
  const legend = names.slice(0, LEGEND).map((name, k) => {
    const y = TOP + 10 + k * 22;
    return `${classMark(k, name, LEFT + PLOT + 24, y, 5)}<text x="${LEFT + PLOT + 36}" y="${y + 4}">${escaped(cut(name === '' ? 'no label' : name))}</text>`;
  });
  if (names.length > LEGEND)
    legend.push(`<text x="${LEFT + PLOT + 18}" y="${TOP + 14 + LEGEND * 22}">and ${names.length - LEGEND} more</text>`);
  const below = TOP + PLOT + 54;
  const height = below + notes.length * 18 + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="30" font-size="17">${escaped(title)}</text>`,
    `<rect x="${LEFT - 8}" y="${TOP - 8}" width="${PLOT + 16}" height="${PLOT + 16}" fill="none" stroke="#888888"/>`,
    ...marks,
    ...legend,
    `<text x="${LEFT + PLOT / 2}" y="${TOP + PLOT + 28}" text-anchor="middle">${escaped(axes[0])}</text>`,
    d < 2
      ? ''
      : `<text transform="translate(${LEFT - 24} ${TOP + PLOT / 2}) rotate(-90)" text-anchor="middle">${escaped(axes[1])}</text>`,
    ...notes.map((note, k) => `<text x="${LEFT}" y="${below + k * 18}" fill="#444444">${escaped(note)}</text>`),
    '</svg>',
    '',
  ].join('\n');
}

/** Into the unit square, both axes alike, the second upwards. */
export function intoUnitSquare(points: FloatTensor): FloatTensor {
  const [n = 0, d = 0] = points.dims;
  const at = (i: number, c: number): number => (c < d ? points.data[i * d + c]! : 0);
  const [low, high] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  for (let i = 0; i < n; i++) {
    for (const c of [0, 1]) {
      low[c] = Math.min(low[c]!, at(i, c));
      high[c] = Math.max(high[c]!, at(i, c));
    }
  }
  const extent = Math.max(high[0]! - low[0]!, high[1]! - low[1]!) || 1;
  const out = floatTensor([n, 2]);
  for (let i = 0; i < n; i++) {
    for (const c of [0, 1]) {
      const v = 0.5 + (at(i, c) - (low[c]! + high[c]!) / 2) / extent;
      out.data[2 * i + c] = c === 0 ? v : 1 - v;
    }
  }
  return out;
}

/** The mark of the `k`-th class around a place, in its colour; grey where it has no name. */
export function classMark(k: number, name: string, x: number, y: number, r: number): string {
  const colour = name === '' ? '#999999' : COLOURS[k % COLOURS.length]!;
  const [cx, cy] = [x.toFixed(2), y.toFixed(2)];
  const fill = `fill="${colour}" fill-opacity="0.75"`;
  switch (MARKS[Math.floor(k / COLOURS.length) % MARKS.length]!) {
    case 'circle':
      return `<circle cx="${cx}" cy="${cy}" r="${r}" ${fill}/>`;
    case 'square':
      return `<rect x="${(x - r).toFixed(2)}" y="${(y - r).toFixed(2)}" width="${2 * r}" height="${2 * r}" ${fill}/>`;
    case 'triangle':
      return `<path d="M${cx} ${(y - r * 1.3).toFixed(2)} l${r * 1.2} ${r * 2.2} h${-r * 2.4} z" ${fill}/>`;
    case 'diamond':
      return `<path d="M${cx} ${(y - r * 1.4).toFixed(2)} l${r * 1.2} ${r * 1.4} l${-r * 1.2} ${r * 1.4} l${-r * 1.2} ${-r * 1.4} z" ${fill}/>`;
  }
}

function cut(name: string): string {
  return name.length > 24 ? `${name.slice(0, 23)}…` : name;
}

function escaped(text: string): string {
  // Characters that XML does not allow would spoil the whole picture.
  const allowed = [...text].filter((c) => (c >= ' ' || c === '\t') && c < '\ufffe');
  return allowed.join('').replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
