import { tableOf } from '../labelText.js';
import type { Interpolation, PartialSettings } from '../settings.js';
import { asNumbers, asSide, isObject, readJsonBeside, type Convention, type Reading } from './convention.js';

/**
 * Hugging Face transformers: `preprocessor_config.json` for the preprocessing and `config.json` for `id2label`, beside the
 * model or above it (the usual layout keeps models in `onnx/`).
 */
export const huggingFace: Convention = {
  id: 'hugging-face',
  title: 'Hugging Face',
  place: 'beside',
  async read(context) {
    const readings: Reading[] = [];
    const preprocessor = await readJsonBeside(context, 'preprocessor_config.json');
    if (preprocessor !== undefined) {
      const { value, origin, warnings } = preprocessor;
      const config = isObject(value?.['image_processor']) ? value['image_processor'] : value;
      readings.push(
        config === undefined
          ? { origin, warnings }
          : {
              origin,
              warnings: [...warnings, ...unreadable(config, origin.detail)],
              settings: preprocessorSettings(config),
            },
      );
    }
    const config = await readJsonBeside(context, 'config.json');
    if (config?.value !== undefined) {
      const labels = tableOf(config.value['id2label']);
      // Names that were never given are placeholders.
      if (labels !== undefined && !labels.names.every((name) => /^LABEL_\d+$/.test(name))) {
        readings.push({ labels, origin: { ...config.origin, detail: `id2label in ${config.origin.detail}` } });
      }
    } else if (config !== undefined) readings.push({ origin: config.origin, warnings: config.warnings });
    return readings;
  },
};

/** Codes of `PIL.Image.Resampling`; Hamming (5) has no equal here and bilinear is nearest to it. */
const RESAMPLE: readonly Interpolation[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'bilinear'];

type Config = Readonly<Record<string, unknown>>;

/** A preprocessor config in the words of the plan. */
export function preprocessorSettings(config: Config): PartialSettings {
  const said = config['image_processor_type'] ?? config['feature_extractor_type'];
  const type = typeof said === 'string' ? said : '';
  return {
    ...geometry(config, type),
    ...values(config, type),
    ...(config['do_flip_channel_order'] === true ? { color: 'BGR' } : {}),
  };
}

/** Settings that are there but say nothing that can be used. */
function unreadable(config: Config, where: string): string[] {
  const readable: Readonly<Record<string, (value: unknown) => unknown>> = {
    size: (value) => sizeOf(value, ''),
    crop_size: squareOf,
    resample: (value) => RESAMPLE[value as number],
    image_mean: asNumbers,
    image_std: asNumbers,
  };
  return Object.entries(readable).flatMap(([key, read]) => {
    const value = config[key];
    return value === undefined || value === null || read(value) !== undefined
      ? []
      : [`"${key}" in ${where} cannot be read; it was ignored.`];
  });
}

/** Processors that read a plain number as the short side; the others read it as a square. */
const SHORT_SIDE = /CLIP|ConvNext|Levit|MobileNet|Bit|PoolFormer|ResNet|Siglip.*NaFlex/i;

type Size = { readonly short: number } | { readonly exact: readonly [number, number] } | { readonly long: number };

function sizeOf(value: unknown, type: string): Size | undefined {
  const side = asSide(value);
  if (side !== undefined) return SHORT_SIDE.test(type) ? { short: side } : { exact: [side, side] };
  if (!isObject(value)) return undefined;
  const [height, width] = [asSide(value['height']), asSide(value['width'])];
  if (height !== undefined && width !== undefined) return { exact: [height, width] };
  const short = asSide(value['shortest_edge']);
  if (short !== undefined) return { short };
  const long = asSide(value['longest_edge']);
  return long === undefined ? undefined : { long };
}

function squareOf(value: unknown): [number, number] | undefined {
  const side = asSide(value);
  if (side !== undefined) return [side, side];
  if (!isObject(value)) return undefined;
  const [height, width] = [asSide(value['height']), asSide(value['width'])];
  return height === undefined || width === undefined ? undefined : [height, width];
}

function geometry(config: Config, type: string): PartialSettings {
  const code = config['resample'];
  const named = typeof code === 'number' ? RESAMPLE[code] : undefined;
  const interpolation = named === undefined ? {} : { interpolation: named };
  const cropped = config['do_center_crop'] === true ? squareOf(config['crop_size']) : undefined;
  const target = cropped === undefined ? {} : { size: cropped };
  const crop = config['do_center_crop'] === true ? { crop: 'center' as const } : {};
  if (config['do_resize'] === false) return { ...target, ...crop, resize: { mode: 'none', ...interpolation } };
  const size = sizeOf(config['size'], type);
  if (size === undefined) return { ...target, ...crop, ...(named === undefined ? {} : { resize: interpolation }) };
  if ('exact' in size)
    return { size: size.exact, ...target, ...crop, resize: { mode: 'exact', size: size.exact, ...interpolation } };
  if ('long' in size)
    return {
      size: [size.long, size.long],
      ...target,
      ...crop,
      resize: { mode: 'longSide', size: size.long, ...interpolation },
    };
  const { short } = size;
  const square = [short, short] as const;
  if (/ConvNext/i.test(type)) {
    // From 384 on the whole picture is squeezed; below, a centre crop is taken as in the paper.
    if (short >= 384) return { size: square, resize: { mode: 'exact', size: square, ...interpolation }, crop: 'none' };
    return {
      size: square,
      resize: { mode: 'shortSide', size: Math.trunc(short / share(config, 224 / 256)), ...interpolation },
      crop: 'center',
    };
  }
  const scale = /Levit/i.test(type)
    ? Math.trunc((256 / 224) * short)
    : /PoolFormer/i.test(type)
      ? Math.trunc(short / share(config, 0.9))
      : short;
  return { size: square, ...target, ...crop, resize: { mode: 'shortSide', size: scale, ...interpolation } };
}

function share(config: Config, fallback: number): number {
  const value = config['crop_pct'];
  return typeof value === 'number' && value > 0 && value <= 1 ? value : fallback;
}

function values(config: Config, type: string): PartialSettings {
  const factor = typeof config['rescale_factor'] === 'number' ? config['rescale_factor'] : 1 / 255;
  const high = config['do_rescale'] === false ? 255 : 255 * factor;
  const range = config['rescale_offset'] === true ? ([-high / 2, high / 2] as const) : ([0, high] as const);
  if (config['do_normalize'] === false) return { range, mean: [0], std: [1] };
  const mean = asNumbers(config['image_mean']);
  const std = asNumbers(config['image_std'])?.map((s) => (s === 0 ? 1 : s));
  if (mean === undefined && std === undefined) return { range };
  // EfficientNet's processor divides by the deviation a second time for classification.
  const twice = config['include_top'] === true || (/EfficientNet/i.test(type) && config['include_top'] !== false);
  return { range, mean: mean ?? [0], std: (std ?? [1]).map((s) => (twice ? s * s : s)) };
}
