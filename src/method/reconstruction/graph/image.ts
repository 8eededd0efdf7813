import { decayOf, halfOf, inverseTransform, type SpectrumSize } from './fourier.js';
import type { Value, Writer } from './writer.js';

/**
 * What is optimised, and how it becomes a picture. `pixels`: the picture itself; `fourier`: its spectrum, weighted by
 * 1/f^decay, in directions of colour that are independent (Olah et al. 2017); `phase`: the phase of a spectrum whose
 * magnitude is fixed (Fel et al. 2023, MaCo, arXiv:2306.06805).
 */
export interface ImageOptions {
  readonly kind: 'pixels' | 'fourier' | 'phase';
  /** `sigmoid`: what is optimised are logits of the colours, which stay within 0 and 1. */
  readonly sigmoid: boolean;
  readonly decay: number;
  /** `[C, C]`, rows: colours; nothing where colours are taken as they are. */
  readonly colours?: readonly number[];
  /** Logits that are added to every picture, `[C]` or `[C, H, W]`: a background, or a photograph to start from. */
  readonly base: Float32Array;
  /** Of `phase`: `[C, H, ⌊W/2⌋ + 1]`, and the standard deviation of the picture that it makes. */
  readonly magnitude?: Float32Array;
  readonly spread?: number;
}

export interface ImageSize extends SpectrumSize {
  readonly pictures: number;
  readonly channels: number;
}

/** Dimensions of what is optimised. */
export function parameterDims({ kind }: Pick<ImageOptions, 'kind'>, size: ImageSize): readonly number[] {
  const { pictures, channels, height, width } = size;
  if (kind === 'pixels') return [pictures, channels, height, width];
  return [pictures, channels, kind === 'phase' ? height : 2 * height, halfOf(width)];
}

/** Lengths of spectra are such that noise of one size makes pictures of one contrast, as Lucid has it. */
const FOURIER_SHARE = 1 / 4;
const LITTLE = 1e-5;

/** Pictures `[pictures, C, H, W]` of what is optimised. */
export function writeImage(w: Writer, parameter: Value, options: ImageOptions, size: ImageSize): Value {
  const { kind, sigmoid } = options;
  const drawn =
    kind === 'pixels'
      ? parameter
      : coloured(
          w,
          kind === 'fourier' ? fromSpectrum(w, parameter, options, size) : fromPhase(w, parameter, options, size),
          options,
        );
  const { base } = options;
  const { channels, height, width } = size;
  if (!sigmoid) return drawn;
  const dims = base.length === channels ? [1, channels, 1, 1] : [1, channels, height, width];
  return w.one('Sigmoid', base.every((v) => v === 0) ? drawn : w.add(drawn, w.constant(base, dims)));
}

function fromSpectrum(w: Writer, parameter: Value, { decay }: ImageOptions, size: ImageSize): Value {
  const weights = decayOf(size, decay).map((v) => v * FOURIER_SHARE);
  const half = halfOf(size.width);
  const both = Float64Array.from([...weights, ...weights]);
  return inverseTransform(w, w.mul(parameter, w.constant(both, [1, 1, 2 * size.height, half])), size);
}

function fromPhase(w: Writer, parameter: Value, { magnitude, spread = 1 }: ImageOptions, size: ImageSize): Value {
  const { channels, height, width } = size;
  if (magnitude === undefined) throw new Error('A phase needs a magnitude');
  const phase = standardised(w, parameter);
  const strength = w.constant(magnitude, [1, channels, height, halfOf(width)]);
  const parts = [w.mul(w.one('Cos', phase), strength), w.mul(w.one('Sin', phase), strength)];
  const dims = parameter.dims.map((d, i) => (i === 2 ? 2 * d : d));
  const picture = inverseTransform(w, w.op('Concat', parts, dims, { axis: 2 }), size);
  return w.mul(standardised(w, picture), spread);
}

/** Mean 0 and standard deviation 1 of each picture. */
function standardised(w: Writer, a: Value): Value {
  const axes = [1, 2, 3];
  const centred = w.sub(a, w.reduce('ReduceMean', a, axes));
  const variance = w.reduce('ReduceMean', w.square(centred), axes);
  return w.div(centred, w.add(w.one('Sqrt', variance), LITTLE));
}

function coloured(w: Writer, picture: Value, { colours }: ImageOptions): Value {
  if (colours === undefined) return picture;
  const [n, channels, height, width] = picture.dims as [number, number, number, number];
  const flat = w.reshape(picture, [n, channels, height * width]);
  return w.reshape(w.matmul(w.constant(colours, [channels, channels]), flat), picture.dims);
}
