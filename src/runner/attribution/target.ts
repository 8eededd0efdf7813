import { LensError } from '../../base/errors.js';
import type { Crop, Rgb } from '../../base/picture.js';
import type { Labels } from '../../input/labels.js';
import type { Ranking } from '../../method/activations/prediction.js';
import { valuesOf } from '../../method/output/layout.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import { findTarget } from '../../method/target/index.js';
import type { Painted } from '../../method/target/kind.js';
import { paintedFiles } from '../../method/target/mask.js';
import { similarFiles } from '../../method/target/similar.js';
import { boxOf, type Target } from '../../method/target/target.js';
import type { TargetText } from '../../protocol/request.js';
import { asksForClass, type TargetSummary } from '../../result/target.js';
import { toPicture } from '../output/prediction.js';
import type { LoadedInput } from '../input/inputs.js';
import type { NamedPictures } from './named.js';

/** One prepared input, and what the model says of it. */
export interface Asked {
  readonly subject: ModelSubject;
  readonly labels: Labels;
  readonly ranking: Ranking;
  readonly loaded: Pick<LoadedInput, 'tensor' | 'crop'>;
  /** The pictures that the text names. */
  readonly named: NamedPictures;
}

/** The target that a text means for one input, with what is read for it: the output's values, painted pictures. */
export async function targetOf(
  text: TargetText | undefined,
  { subject, labels, ranking, loaded, named }: Asked,
  signal: AbortSignal,
): Promise<Target> {
  const { logits: scores, regions } = ranking;
  const common = { scores, labels, subject, regions, inPicture: toPicture(subject.input, loaded.crop) };
  const { layout } = subject.output;
  if (text === undefined || asksForClass(text)) return findTarget(text ?? 'top1', common);
  const values = layout === undefined ? [] : await subject.values(loaded.tensor, valuesOf(layout), signal);
  const painted = new Map<string, Painted>();
  for (const file of paintedFiles(text))
    painted.set(file, paintedIn(file, await named.picture(file, signal), subject, loaded.crop));
  const others = new Map<string, ArrayLike<number>>();
  if (subject.output.kind === 'embedding')
    for (const file of similarFiles(text)) others.set(file, await named.embedding(file, signal));
  const sample = new Map([...values].map(([name, t]) => [name, t.data]));
  return findTarget(text, { ...common, sample, painted, others });
}

/** What is said of a target beside every result. */
export function describe(target: Target): TargetSummary {
  const { index, label } = target;
  const box = boxOf(target);
  return { index, label, ...(box === undefined ? {} : { box }) };
}

/**
 * The bright places of a picture: of the size of the input's picture, or of the model's input. Any size will do that has
 * the proportions of one of the two.
 */
export function paintedIn(file: string, picture: Rgb, { input }: ModelSubject, crop: Crop | undefined): Painted {
  const place = proportionsOf(picture, input, crop);
  if (place !== undefined) return { at: (x, y) => bright(picture, ...place(x, y)) };
  const size = crop === undefined ? '' : ` nor of the picture (${crop.originalWidth}×${crop.originalHeight})`;
  throw new LensError(
    'input',
    'target/mask-size',
    `The mask "${file}" is ${picture.width}×${picture.height}, which has not the proportions of the model's input (${input.width}×${input.height})${size}.`,
    { hint: 'Paint on a copy of the picture itself.' },
  );
}

/**
 * Where a place of the model's input lies on a picture that was painted for it, both as shares of the sides: on a copy of the
 * input, or of the picture that it was cut from. Nothing where it has the proportions of neither.
 */
export function proportionsOf(
  painted: { readonly width: number; readonly height: number },
  input: { readonly width: number; readonly height: number },
  crop: Crop | undefined,
): ((x: number, y: number) => readonly [number, number]) | undefined {
  const alike = (width: number, height: number): boolean =>
    Math.abs(Math.log((painted.width / painted.height) * (height / width))) < 0.02;
  const asInput = painted.width === input.width && painted.height === input.height;
  if (crop === undefined || asInput || !alike(crop.originalWidth, crop.originalHeight))
    return alike(input.width, input.height) ? (x, y) => [x, y] : undefined;
  const { left, top, width, height, originalWidth, originalHeight } = crop;
  return (x, y) => [(left + x * width) / originalWidth, (top + y * height) / originalHeight];
}

/** Whether the mean of the colours at a place, given as shares of the sides, is above half. What lies outside is dark. */
function bright({ width, height, data }: Rgb, x: number, y: number): boolean {
  const [column, row] = [Math.floor(x * width), Math.floor(y * height)];
  if (column < 0 || row < 0 || column >= width || row >= height) return false;
  const at = 3 * (row * width + column);
  return data[at]! + data[at + 1]! + data[at + 2]! > 1.5 * 255;
}
