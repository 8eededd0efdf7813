import { editedPixels, type PictureEdit, type Rgb } from '../../../src/base/picture.js';
import { touched, type Brush } from '../../shared/canvas/brush.js';
import type { Point } from '../../shared/canvas/geometry.js';

/** What a brush leaves behind: one colour, or the picture blurred. */
export type Fill = readonly [red: number, green: number, blue: number] | 'blur';

/** Strokes that can be undone, as many of them as these bytes hold: a large input takes some for each. */
const UNDO = 20;
const UNDO_BYTES = 64_000_000;
/** Share of the shorter side that one pass of the blur reaches to each side. */
const BLUR = 1 / 24;

/** Pixels painted over a picture as the model sees it, with a way back. Without a DOM. */
export class PaintLayer {
  private data: Uint8Array;
  private before: Uint8Array[] = [];
  private soft: Rgb | undefined;

  /** @param edit what was painted before */
  constructor(
    readonly picture: Rgb,
    edit?: PictureEdit,
  ) {
    const { width, height } = picture;
    const fits = edit?.width === width && edit.height === height && edit.data.length === 4 * width * height;
    this.data = fits ? edit.data.slice() : new Uint8Array(4 * width * height);
  }

  get empty(): boolean {
    for (const pixel of pixelsOf(this.data)) if (pixel !== 0) return false;
    return true;
  }

  get canUndo(): boolean {
    return this.before.length > 0;
  }

  /** What follows is undone together. */
  begin(): void {
    const most = Math.max(1, Math.min(UNDO, Math.floor(UNDO_BYTES / this.data.length)));
    this.before = [...this.before, this.data.slice()].slice(-most);
  }

  paint(brush: Brush, from: Point, to: Point, fill: Fill): void {
    this.fill(this.data, brush, from, to, fill);
  }

  undo(): void {
    this.data = this.before.at(-1) ?? this.data;
    this.before = this.before.slice(0, -1);
  }

  clear(): void {
    if (this.empty) return;
    this.begin();
    this.data = new Uint8Array(this.data.length);
  }

  /** What is painted, and a square on top that is not pressed yet. */
  edit(square?: { readonly brush: Brush; readonly at: Point; readonly fill: Fill }): PictureEdit {
    const { width, height } = this.picture;
    const data = this.data.slice();
    if (square !== undefined) this.fill(data, square.brush, square.at, square.at, square.fill);
    return { width, height, data };
  }

  private fill(data: Uint8Array, brush: Brush, from: Point, to: Point, fill: Fill): void {
    const soft = fill === 'blur' ? (this.soft ??= blurred(this.picture)).data : undefined;
    touched(this.picture, brush, from, to, (i) => {
      for (let c = 0; c < 3; c++) data[4 * i + c] = soft === undefined ? Number(fill[c]) : soft[3 * i + c]!;
      data[4 * i + 3] = 255;
    });
  }
}

/** Each pixel as one number: at every move of the pointer all of them are looked at. */
const pixelsOf = ({ buffer, byteOffset, length }: Uint8Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, length / 4);

/** Whether two edits of one picture paint the same. */
export function samePixels(a: PictureEdit, b: PictureEdit): boolean {
  const [one, other] = [pixelsOf(a.data), pixelsOf(b.data)];
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** Mean colour of a picture. */
export function meanColour({ data }: Rgb): readonly [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < data.length; i++) sums[(i % 3) as 0 | 1 | 2] += data[i]!;
  const mean = (sum: number): number => Math.round((3 * sum) / Math.max(1, data.length));
  return [mean(sums[0]), mean(sums[1]), mean(sums[2])];
}

/** A picture without its details: three running means along both axes, which is nearly a Gaussian. */
export function blurred(picture: Rgb): Rgb {
  const { width, height } = picture;
  const reach = Math.max(1, Math.round(BLUR * Math.min(width, height)));
  let values: Float32Array = Float32Array.from(picture.data);
  for (let pass = 0; pass < 3; pass++) {
    values = runningMean(values, { lines: height, length: width, line: 3 * width, step: 3 }, reach);
    values = runningMean(values, { lines: width, length: height, line: 3, step: 3 * width }, reach);
  }
  return { width, height, data: Uint8Array.from(values, Math.round) };
}

interface Lines {
  readonly lines: number;
  readonly length: number;
  /** Between the beginnings of two lines, and between two pixels of one. */
  readonly line: number;
  readonly step: number;
}

/** Mean over a pixel and `reach` on both sides of it, as far as there are some. */
function runningMean(values: Float32Array, { lines, length, line, step }: Lines, reach: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let l = 0; l < lines; l++) {
    for (let c = 0; c < 3; c++) {
      const first = l * line + c;
      let [sum, count] = [0, 0];
      for (let i = 0; i < Math.min(reach, length); i++) [sum, count] = [sum + values[first + i * step]!, count + 1];
      for (let i = 0; i < length; i++) {
        if (i + reach < length) [sum, count] = [sum + values[first + (i + reach) * step]!, count + 1];
        if (i > reach) [sum, count] = [sum - values[first + (i - reach - 1) * step]!, count - 1];
        out[first + i * step] = sum / count;
      }
    }
  }
  return out;
}

/** The picture with what was painted over it. */
export function paintedOver(picture: Rgb, edit: PictureEdit): Rgb {
  const data = picture.data.slice();
  for (let i = 0; i < data.length / 3; i++) {
    const alpha = edit.data[4 * i + 3]! / 255;
    for (let c = 0; c < 3; c++)
      data[3 * i + c] = Math.round(data[3 * i + c]! * (1 - alpha) + edit.data[4 * i + c]! * alpha);
  }
  return { width: picture.width, height: picture.height, data };
}

/** Share of the picture that an edit changes. */
export function shareOf(edit: PictureEdit): number {
  return editedPixels(edit) / Math.max(1, edit.width * edit.height);
}
