import type { ColorOrder, PartialSettings } from '../settings.js';
import { chooseInput } from '../shape.js';
import type { Convention } from './convention.js';

/**
 * ONNX's own keys for inputs denoted `IMAGE` (docs/MetadataProps.md): pixel format, gamma, nominal range. Keys and values
 * are compared without regard to case.
 */
export const onnxImage: Convention = {
  id: 'onnx-image',
  title: 'ONNX image annotations',
  place: 'inside',
  async read({ metadata, inputs }) {
    const keys = new Map([...metadata].map(([key, value]) => [key.toLowerCase(), value.toLowerCase()]));
    const format = keys.get('image.bitmappixelformat');
    const range = keys.get('image.nominalpixelrange');
    const gamma = keys.get('image.colorspacegamma');
    if (format === undefined && range === undefined && gamma === undefined) return [];
    const denotation = chooseInput(inputs)?.denotation?.toUpperCase();
    if (denotation !== undefined && denotation !== '' && denotation !== 'IMAGE') return [];
    const color = format === undefined ? undefined : COLORS.get(format);
    const limits = range === undefined ? undefined : RANGES.get(range);
    const settings: PartialSettings = {
      ...(color === undefined ? {} : { color }),
      ...(limits === undefined ? {} : { range: limits, mean: [0], std: [1] }),
    };
    const warnings = [
      ...unknown('Image.BitmapPixelFormat', format, color),
      ...unknown('Image.NominalPixelRange', range, limits),
      ...(gamma === 'linear'
        ? ["The model's metadata asks for linear gamma (Image.ColorSpaceGamma); pictures are given as sRGB."]
        : []),
    ];
    return [{ settings, warnings, origin: { kind: 'metadata', detail: "Image.* in the model's metadata" } }];
  },
};

const COLORS: ReadonlyMap<string, ColorOrder> = new Map<string, ColorOrder>([
  ['gray8', 'gray'],
  ['rgb8', 'RGB'],
  ['bgr8', 'BGR'],
  ['rgba8', 'RGB'],
  ['bgra8', 'BGR'],
]);

const RANGES: ReadonlyMap<string, readonly [number, number]> = new Map<string, readonly [number, number]>([
  ['nominalrange_0_255', [0, 255]],
  ['normalized_0_1', [0, 1]],
  ['normalized_1_1', [-1, 1]],
  ['nominalrange_16_235', [16, 235]],
]);

function unknown(key: string, value: string | undefined, meaning: unknown): string[] {
  return value !== undefined && meaning === undefined
    ? [`The model's metadata says ${key} = "${value}", which is not known here.`]
    : [];
}
