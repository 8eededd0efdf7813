import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LensError } from '../../base/errors.js';
import type { Rgb } from '../../base/picture.js';
import { decodePicture } from '../../input/decode.js';
import { paintedIn } from '../attribution/target.js';
import type { LoadedInput, PendingInput } from '../input/inputs.js';
import { sha256Of } from '../model/stamp.js';
import type { EvaluateQuestion } from './question.js';

type Asked = Pick<EvaluateQuestion, 'metric' | 'params'>;

/**
 * Where the marks of a picture are, at the pixels of the model's input: 1 where its mask is bright. Masks are `.png` files of
 * the pictures' own names in one folder, with or without the folders of the classes; or a `.json` with runs of pixels, as
 * `models/README.md` describes it: of all marks of the picture.
 */
export async function markOf(
  { params, subject }: Pick<EvaluateQuestion, 'params' | 'subject'>,
  input: PendingInput,
  loaded: LoadedInput,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const masks = path.resolve(String(params.masks));
  const file = isNotes(masks) ? masks : await maskFile(masks, input);
  const picture = isNotes(masks) ? await notedMask(masks, input) : await decodePicture(file, { signal });
  const painted = paintedIn(file, picture, subject, loaded.crop);
  const { height, width } = subject.input;
  const mark = new Uint8Array(height * width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) mark[y * width + x] = painted.at((x + 0.5) / width, (y + 0.5) / height) ? 1 : 0;
  const area = mark.reduce((a, b) => a + b, 0);
  if (area > 0 && area < mark.length) return mark;
  const all = area === 0 ? 'dark' : 'bright';
  throw new LensError('input', 'benchmark/mask', `The mask of "${input.name}" is ${all} wherever the model looks.`, {
    hint: 'Paint the mark bright and everything else dark.',
  });
}

/** What tells a picture's mask from others; nothing where the metric looks at none, or there is none. */
export async function maskHash({ metric, params }: Asked, input: PendingInput): Promise<string> {
  if (metric.id !== 'truth') return '';
  const masks = path.resolve(String(params.masks));
  try {
    return `${await sha256Of(isNotes(masks) ? masks : await maskFile(masks, input))} ${isNotes(masks) ? input.name : ''}`;
  } catch {
    // Said when the picture is measured.
    return '';
  }
}

const isNotes = (masks: string): boolean => /\.json$/i.test(masks);

async function maskFile(folder: string, { name }: PendingInput): Promise<string> {
  const { dir, name: stem } = path.parse(name);
  const tried = [path.join(path.basename(dir), `${stem}.png`), `${stem}.png`];
  for (const each of tried) {
    const file = path.join(folder, each);
    try {
      await access(file);
      return file;
    } catch {
      // The next.
    }
  }
  throw noMask(
    `There is no mask "${tried.at(-1)}" in "${folder}".`,
    'A mask is called like its picture, with the ending .png.',
  );
}

interface Notes {
  readonly size: readonly [height: number, width: number];
  readonly pictures: Readonly<Record<string, { readonly where: Readonly<Record<string, readonly number[]>> }>>;
}

/** The runs of all marks of a picture, white on black. */
async function notedMask(file: string, { name }: PendingInput): Promise<Rgb> {
  const notes = await notesOf(file);
  const slashed = name.replaceAll('\\', '/');
  const found = Object.keys(notes.pictures).find((key) => slashed === key || slashed.endsWith(`/${key}`));
  if (found === undefined)
    throw noMask(`"${file}" says nothing of "${name}".`, 'It names pictures with the folders of their classes.');
  const [height, width] = notes.size;
  const data = new Uint8Array(3 * height * width);
  for (const runs of Object.values(notes.pictures[found]!.where))
    for (let i = 0; i + 1 < runs.length; i += 2) data.fill(255, 3 * runs[i]!, 3 * (runs[i]! + runs[i + 1]!));
  return { height, width, data };
}

async function notesOf(file: string): Promise<Notes> {
  try {
    const { size, pictures } = JSON.parse(await readFile(file, 'utf8')) as Partial<Notes>;
    const whole =
      Array.isArray(size) && size.length === 2 && size.every((v) => Number.isInteger(v) && v > 0 && v < 1 << 14);
    if (whole && typeof pictures === 'object') return { size: [size[0], size[1]], pictures };
  } catch (cause) {
    throw noMask(
      `"${file}" cannot be read as marks of pictures.`,
      'Name a folder of masks, or a .json of marks.',
      cause,
    );
  }
  throw noMask(`"${file}" holds no marks of pictures.`, 'It needs "size" and "pictures", each with "where".');
}

function noMask(message: string, hint: string, cause?: unknown): LensError {
  return new LensError('input', 'benchmark/mask', message, { hint, cause });
}
