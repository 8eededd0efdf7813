/** Pictures ready for a model: of its size, in bytes, before mean and deviation. In memory, or made as they are asked for. */
export interface TrainingPictures {
  readonly count: number;
  readonly classes: number;
  readonly height: number;
  readonly width: number;
  /** 1 or 3. */
  readonly channels: number;
  /** Class of the i-th, from 0. */
  label(i: number): number;
  /** Writes the i-th as `[height, width, channels]`. */
  bytes(i: number, into: Uint8Array): void;
}

/** Pictures that lie in memory, one after the other. */
export class PicturesInMemory implements TrainingPictures {
  private readonly size: number;

  /** @param data `[count, height, width, channels]` */
  constructor(
    readonly classes: number,
    readonly height: number,
    readonly width: number,
    readonly channels: number,
    private readonly labels: Int32Array,
    private readonly data: Uint8Array,
  ) {
    this.size = height * width * channels;
    if (data.length !== labels.length * this.size)
      throw new Error(`${labels.length} pictures of ${this.size} bytes are not ${data.length} bytes`);
  }

  get count(): number {
    return this.labels.length;
  }

  label(i: number): number {
    return this.labels[i]!;
  }

  bytes(i: number, into: Uint8Array): void {
    into.set(this.data.subarray(i * this.size, (i + 1) * this.size));
  }
}

/** Some of the pictures of a set. */
export function pictureSubset(of: TrainingPictures, places: ArrayLike<number>): TrainingPictures {
  const { classes, height, width, channels } = of;
  return {
    count: places.length,
    classes,
    height,
    width,
    channels,
    label: (i) => of.label(places[i]!),
    bytes: (i, into) => of.bytes(places[i]!, into),
  };
}

/** How bytes become values of the model's input: a table of 256 values and a channel of the picture for each of its channels. */
export interface Normalisation {
  readonly layout: 'NCHW' | 'NHWC';
  /** For each channel of the tensor: the channel of the picture that it is made of. */
  readonly source: readonly number[];
  /** For each channel of the tensor: the value of each pixel value. */
  readonly tables: readonly Float32Array[];
}

/** Writes a picture of bytes `[height, width, channels]` as values of the model's input, from `at` on. */
export function normaliseInto(
  bytes: Uint8Array,
  { height, width, channels }: Pick<TrainingPictures, 'height' | 'width' | 'channels'>,
  { layout, source, tables }: Normalisation,
  out: Float32Array,
  at: number,
): void {
  const area = height * width;
  const count = source.length;
  for (let c = 0; c < count; c++) {
    const table = tables[c]!;
    const step = layout === 'NCHW' ? 1 : count;
    let o = at + (layout === 'NCHW' ? c * area : c);
    for (let i = source[c]!, end = area * channels; i < end; i += channels, o += step) out[o] = table[bytes[i]!]!;
  }
}
