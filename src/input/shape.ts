import { LensError } from '../base/errors.js';
import { formatDims } from '../base/tensor.js';
import { asPicture } from './axes.js';
import type { ModelValue } from './modelValue.js';
import type { Layout } from './settings.js';

export type { ModelValue } from './modelValue.js';

/** What the shapes of a model's inputs and outputs say about pictures and classes. */

const CHANNELS: readonly unknown[] = [1, 3, 4];

/** The input that takes the picture: the one that is named, else the first that looks like a picture, else the first. */
export function chooseInput(inputs: readonly ModelValue[], name?: string): ModelValue | undefined {
  if (name !== undefined) {
    const named = inputs.find((input) => input.name === name);
    if (named !== undefined) return named;
    throw new LensError('input', 'input/unknown-input', `The model has no input "${name}"; it has ${list(inputs)}.`, {
      hint: 'Correct "input.name" in the settings file.',
    });
  }
  const images = inputs.filter((input) => input.dims?.length === 4);
  const numbers = inputs.filter((input) => takesPixels(input.type));
  return (
    images.find((input) => input.denotation?.toUpperCase() === 'IMAGE') ??
    images.find((input) => CHANNELS.includes(input.dims![1]) || CHANNELS.includes(input.dims![3])) ??
    images.find((input) => takesPixels(input.type)) ??
    // Volumes and pictures without a batch; then what has the most axes: the others are seldom what is looked at.
    numbers.find((input) => input.dims?.length === 3 || input.dims?.length === 5) ??
    numbers.find((input) => (input.dims?.length ?? 0) > 1) ??
    images[0] ??
    numbers[0] ??
    inputs[0]
  );
}

/** Whether an element type can hold the values of pixels; an unknown one may. */
export function takesPixels(type: string | undefined): boolean {
  return type === undefined || /^(b?float(16|32|64)|u?int8)$/.test(type);
}

function list(values: readonly ModelValue[]): string {
  return values.map((value) => `"${value.name}"`).join(', ');
}

/** NCHW where dimension 1 can be a number of channels, NHWC where the last one can; undefined where neither tells. */
export function detectLayout(dims: readonly (number | string)[]): Layout | undefined {
  if (dims.length !== 4) return undefined;
  if (CHANNELS.includes(dims[1])) return 'NCHW';
  return CHANNELS.includes(dims[3]) ? 'NHWC' : undefined;
}

/** Channels, height and width, undefined where the model leaves them free. */
export interface PictureShape {
  readonly channels: number | undefined;
  readonly height: number | undefined;
  readonly width: number | undefined;
}

export function pictureShape(dims: readonly (number | string)[], layout: Layout): PictureShape {
  const at = (axis: number): number | undefined => {
    const size = dims[axis];
    return typeof size === 'number' && size > 0 ? size : undefined;
  };
  return layout === 'NCHW'
    ? { channels: at(1), height: at(2), width: at(3) }
    : { channels: at(3), height: at(1), width: at(2) };
}

/** Number of classes of a classifier's output `[N, C]` or `[N, C, 1, 1]`; undefined where it is none or is not said. */
export function classCount(outputs: readonly ModelValue[], name?: string): number | undefined {
  const named = name === undefined ? undefined : outputs.find((output) => output.name === name);
  if (name !== undefined && named === undefined) {
    throw new LensError(
      'input',
      'input/unknown-output',
      `The model has no output "${name}"; it has ${list(outputs)}.`,
      {
        hint: 'Correct "output" in the settings file.',
      },
    );
  }
  const dims = (named ?? outputs[0])?.dims;
  if (dims === undefined) return undefined;
  const classes = dims.length === 1 ? dims[0] : dims[1];
  const flat = dims.length <= 2 || dims.slice(2).every((d) => d === 1);
  return flat && typeof classes === 'number' && classes > 0 ? classes : undefined;
}

/** Why pictures cannot be fed to this input; undefined where they can. */
export function refusal(input: ModelValue | undefined, axes: string | undefined): string | undefined {
  if (input === undefined) return 'The model has no input.';
  const { name, dims, type } = input;
  if (!takesPixels(type)) {
    const tokens = /^u?int/.test(type!) && (dims?.length ?? 0) <= 2 ? ' (numbers of tokens, a text)' : '';
    return `The model's input "${name}" takes ${type} values${tokens}, not a picture.`;
  }
  if (dims === undefined || axes === undefined) return `The model does not say the shape of its input "${name}".`;
  if (asPicture(dims, axes) === undefined)
    return `The model's input "${name}" is ${formatDims(dims.map(shown))}, which is ${kindOf(axes)}, not a picture.`;
  return undefined;
}

function kindOf(axes: string): string {
  if (axes.includes('D')) return 'a volume';
  return axes.includes('C') ? 'a signal' : axes.includes('W') ? 'a vector' : 'a number';
}

/** A dimension for people: `?` where the file says nothing. */
export function shown(dimension: number | string): number | string {
  return dimension === '' ? '?' : dimension;
}
