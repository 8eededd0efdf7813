/** The vocabulary of preprocessing: what can be set, and where a setting came from. */

export type Layout = 'NCHW' | 'NHWC';
export type ColorOrder = 'RGB' | 'BGR' | 'gray';
export type Interpolation = 'nearest' | 'box' | 'bilinear' | 'bicubic' | 'lanczos';
export type Crop = 'center' | 'none';

/**
 * How the picture's size is changed before cropping:
 * `exact` to the given size whatever the aspect, `shortSide` so that the short side (or both sides of a given `[h, w]`)
 * is reached, `longSide` so that nothing exceeds it, `letterbox` to fit inside the model's size and fill the rest with
 * the pad colour, `none` not at all.
 */
export type ResizeMode = 'exact' | 'shortSide' | 'longSide' | 'letterbox' | 'none';

export interface ResizePlan {
  readonly mode: ResizeMode;
  /** A side in pixels, or `[height, width]`. For `none` it has no meaning. */
  readonly size: number | readonly [number, number];
  readonly interpolation: Interpolation;
}

/**
 * Where a setting came from. `sidecar`: the user's `.lens.json`; `metadata`: written in the model file itself; `file`: a
 * file beside the model; `convention`: implied by the tool that wrote the model; `default`: nobody said it;
 * `user`: chosen just now, written nowhere.
 */
export interface Origin {
  readonly kind: 'sidecar' | 'metadata' | 'file' | 'convention' | 'default' | 'user';
  /** For people: "squeezenet.lens.json", "preprocessor_config.json beside the model". */
  readonly detail: string;
}

export interface Setting<T> {
  readonly value: T;
  readonly origin: Origin;
}

/** The resolved plan from a picture to the model's input, each part with its origin. */
export interface Preprocessing {
  readonly layout: Setting<Layout>;
  /** 1 or 3. */
  readonly channels: Setting<number>;
  /** Order of the channels. `gray` with three channels repeats the luminance. */
  readonly color: Setting<ColorOrder>;
  /** Height and width of the model's input. */
  readonly size: Setting<readonly [number, number]>;
  readonly resize: Setting<ResizePlan>;
  readonly crop: Setting<Crop>;
  /** Where the pixel values 0 and 255 go before mean and standard deviation are applied. */
  readonly range: Setting<readonly [number, number]>;
  /** Per channel of the tensor, subtracted. */
  readonly mean: Setting<readonly number[]>;
  /** Per channel of the tensor, divided by. */
  readonly std: Setting<readonly number[]>;
  /** Colour of padding, red green blue 0..255. */
  readonly pad: Setting<readonly [number, number, number]>;
}

/** What one source has to say; everything it leaves out is asked of the next. */
export interface PartialSettings {
  readonly layout?: Layout;
  readonly color?: ColorOrder;
  readonly size?: readonly [number, number];
  readonly resize?: {
    readonly mode?: ResizeMode;
    readonly size?: number | readonly [number, number];
    readonly interpolation?: Interpolation;
  };
  readonly crop?: Crop;
  readonly range?: readonly [number, number];
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly pad?: readonly [number, number, number];
}
