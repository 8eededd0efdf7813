/** An input or output as the model file declares it. */
export interface ModelValue {
  readonly name: string;
  /** Sizes, names of free dimensions, or '' where nothing is known; absent when even the rank is unknown. */
  readonly dims?: readonly (number | string)[];
  /** Element type by our names, e.g. `float32`. */
  readonly type?: string;
  /** e.g. `IMAGE`. */
  readonly denotation?: string;
}
