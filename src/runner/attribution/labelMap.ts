import path from 'node:path';
import { LensError } from '../../base/errors.js';
import type { Crop, Rgb } from '../../base/picture.js';
import type { LabelMap } from '../../method/method.js';
import { proportionsOf } from './target.js';

/** Most parts that a given mask may name; more are a photograph, or a mask that was saved with soft edges. */
const MOST = 400;

/**
 * The parts that a picture names by its colours, black for none, at the pixels of the model's input.
 *
 * @throws LensError `params/mask` where it names no part or too many, or has not the proportions of the picture
 */
export function labelMapOf(
  file: string,
  picture: Rgb,
  input: { readonly height: number; readonly width: number },
  crop: Crop | undefined,
): LabelMap {
  const name = path.basename(file);
  const place = proportionsOf(picture, input, crop);
  if (place === undefined)
    throw new LensError(
      'input',
      'params/mask',
      `The mask "${name}" is ${picture.width}×${picture.height}: neither of the proportions of the picture nor of the model's input (${input.width}×${input.height}).`,
      { hint: 'Make it from a copy of the picture itself.' },
    );
  const numbers = new Map<number, number>();
  const of = new Int32Array(input.height * input.width).fill(-1);
  for (let y = 0; y < input.height; y++) {
    for (let x = 0; x < input.width; x++) {
      const [u, v] = place((x + 0.5) / input.width, (y + 0.5) / input.height);
      const [column, row] = [Math.floor(u * picture.width), Math.floor(v * picture.height)];
      if (column < 0 || row < 0 || column >= picture.width || row >= picture.height) continue;
      const at = 3 * (row * picture.width + column);
      const colour = picture.data[at]! * 65536 + picture.data[at + 1]! * 256 + picture.data[at + 2]!;
      if (colour === 0) continue;
      const number = numbers.get(colour) ?? numbers.size;
      numbers.set(colour, number);
      of[y * input.width + x] = number;
    }
  }
  if (numbers.size === 0)
    throw new LensError(
      'input',
      'params/mask',
      `The mask "${name}" is black wherever the model looks: it names no part.`,
      {
        hint: 'Give each part a colour of its own; black is no part.',
      },
    );
  if (numbers.size > MOST)
    throw new LensError(
      'input',
      'params/mask',
      `The mask "${name}" has ${numbers.size} colours; ${MOST} parts are the most.`,
      {
        hint: 'Save it without soft edges, as PNG: each part in one colour.',
      },
    );
  return { of, count: numbers.size };
}
