import { formatNumber } from '../../shared/format.js';

/** The exported picture as SVG text. Pure and without measuring: the same parts give the same bytes everywhere. */

export interface SvgParts {
  /** Size of the drawn picture in its own pixels. */
  readonly width: number;
  readonly height: number;
  /** `data:image/png;base64,…` of the picture. */
  readonly picture: string;
  /** Drawn smoothed or as the pixels there are. */
  readonly smooth: boolean;
  /** The scale, where the picture shows heat. */
  readonly scale?: { readonly picture: string; readonly low: number; readonly high: number; readonly unit: string };
  /** Lines below the picture, the first one bold. */
  readonly caption: readonly string[];
}

const MARGIN = 16;
const SIDE = 640;
const LINE = 19;
/** Mean width of a letter of the 13-px font, a little wide so that no line runs out of the picture. */
const LETTER = 7;

export function svgOf(parts: SvgParts): string {
  const { scale, smooth } = parts;
  const factor = SIDE / Math.max(parts.width, parts.height);
  const [w, h] = [round(parts.width * factor), round(parts.height * factor)];
  const lines = parts.caption.flatMap((line, i) =>
    wrapped(line, Math.floor(w / LETTER)).map((text) => ({ text, bold: i === 0 })),
  );
  const top = MARGIN + h + 12;
  const below = top + (scale === undefined ? 0 : 44);
  const [width, height] = [w + 2 * MARGIN, below + lines.length * LINE + MARGIN];
  const text = (x: number, y: number, content: string, more = ''): string =>
    `<text x="${round(x)}" y="${round(y)}"${more}>${escaped(content)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#1f1f1f">`,
    `<title>${escaped(parts.caption[0] ?? '')}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<image x="${MARGIN}" y="${MARGIN}" width="${w}" height="${h}" preserveAspectRatio="none" image-rendering="${smooth ? 'auto' : 'pixelated'}" href="${parts.picture}"/>`,
    ...(scale === undefined
      ? []
      : [
          `<image x="${MARGIN}" y="${top}" width="${w}" height="12" preserveAspectRatio="none" href="${scale.picture}"/>`,
          `<rect x="${MARGIN}" y="${top}" width="${w}" height="12" fill="none" stroke="#888"/>`,
          text(MARGIN, top + 27, formatNumber(scale.low)),
          text(
            MARGIN + w / 2,
            top + 27,
            `${formatNumber((scale.low + scale.high) / 2)}   ${scale.unit}`,
            ' text-anchor="middle" xml:space="preserve"',
          ),
          text(MARGIN + w, top + 27, formatNumber(scale.high), ' text-anchor="end"'),
        ]),
    ...lines.map((line, i) => text(MARGIN, below + 12 + i * LINE, line.text, line.bold ? ' font-weight="bold"' : '')),
    '</svg>',
    '',
  ].join('\n');
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** Words in lines of at most so many letters; a longer word has a line of its own. */
function wrapped(line: string, letters: number): string[] {
  const out: string[] = [];
  for (const word of line.split(' ')) {
    const last = out.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= letters) out[out.length - 1] = `${last} ${word}`;
    else out.push(word);
  }
  return out;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
