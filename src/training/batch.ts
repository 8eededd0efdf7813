import { castFloating, floatTensor, sizeOf, type ElementType, type FloatTensor, type Tensor } from '../base/tensor.js';
import type { TrainingRecipe } from '../result/training.js';
import { augmented, drawn } from './augment.js';
import type { Features } from './features.js';
import { normaliseInto, type Normalisation, type TrainingPictures } from './pictures.js';
import { orderOf, stream } from './random.js';
import type { DropoutMask } from './step/step.js';

/** What a batch is made of. */
export interface BatchSource {
  readonly pictures: TrainingPictures;
  readonly normalise: Normalisation;
  readonly recipe: TrainingRecipe;
  readonly seed: number;
  /** Of the model's input, without the batch. */
  readonly dims: readonly number[];
  readonly size: number;
  /** In place of the pictures: what frozen layers make of them. */
  readonly features?: Features;
}

/** The pictures of one step, as they are fed. */
export interface Batch {
  readonly places: readonly number[];
  /** How many of them are seen in this epoch for the first time; the others fill up its last batch. */
  readonly fresh: number;
  readonly labels: readonly number[];
  readonly picture: FloatTensor;
  /** `[size, classes]`, one for the class and zero for the others. */
  readonly target: FloatTensor;
}

/** Makes the batches of an epoch, each as it is asked for; the one before the last may be overwritten by then. */
export class Batches {
  private readonly order: readonly number[];
  private readonly buffers: readonly [Float32Array, Float32Array];
  private readonly raw: Uint8Array;
  private readonly changed: Uint8Array;

  constructor(
    private readonly source: BatchSource,
    private readonly epoch: number,
  ) {
    const { pictures, seed, dims, size } = source;
    this.order = orderOf(seed, epoch, pictures.count);
    const length = size * sizeOf(dims);
    // The runtime may still read one while the next is filled.
    this.buffers = [new Float32Array(length), new Float32Array(length)];
    this.raw = new Uint8Array(pictures.height * pictures.width * pictures.channels);
    this.changed = new Uint8Array(this.raw.length);
  }

  make(step: number): Batch {
    const { source, epoch, order } = this;
    const { pictures, normalise, recipe, seed, dims, size, features } = source;
    const each = sizeOf(dims);
    const out = this.buffers[step % 2]!;
    const target = floatTensor([size, pictures.classes]);
    const places = Array.from({ length: size }, (_, k) => order[(step * size + k) % order.length]!);
    const labels = places.map((place) => pictures.label(place));
    places.forEach((place, k) => {
      const change = drawn(stream(seed, 'augmentation', epoch, place), recipe, pictures);
      target.data[k * pictures.classes + labels[k]!] = 1;
      if (features !== undefined) return out.set(features(place, change.flip), k * each);
      pictures.bytes(place, this.raw);
      normaliseInto(augmented(this.raw, pictures, change, this.changed), pictures, normalise, out, k * each);
    });
    const fresh = Math.min(size, order.length - step * size);
    return { places, fresh, labels, picture: floatTensor([size, ...dims], out), target };
  }
}

/** Which elements are kept of what drops out, for each picture by itself. */
export function dropoutMask(
  { dims, batchAxis, keep }: DropoutMask,
  place: { readonly seed: number; readonly epoch: number; readonly mask: number; readonly pictures: readonly number[] },
  type: ElementType,
): Tensor {
  const { pictures, seed, epoch, mask } = place;
  const out = floatTensor(dims);
  const along = dims[batchAxis]!;
  const [outer, inner] = [sizeOf(dims.slice(0, batchAxis)), sizeOf(dims.slice(batchAxis + 1))];
  // What belongs to a picture lies together along the axis.
  const share = along % pictures.length === 0 ? along / pictures.length : undefined;
  const rows = share === undefined ? [0] : pictures;
  const run = (share ?? along) * inner;
  rows.forEach((picture, b) => {
    const random = stream(seed, 'dropout', epoch, mask, picture);
    for (let o = 0; o < outer; o++) {
      const from = o * along * inner + b * run;
      for (let i = from; i < from + run; i++) out.data[i] = random.uniform() < keep ? 1 : 0;
    }
  });
  return castFloating(out, type as 'float32');
}
