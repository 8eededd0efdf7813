import type { Tensor } from '../../base/tensor.js';

/** A place in the training code that made a layer, from the exporter's metadata. The path is as the exporter wrote it: untrusted text. */
export interface SourceLine {
  readonly path: string;
  readonly line: number;
  readonly scope?: string;
}

/** A layer as people name it: one node that carries parameters, or changes what is known about the picture. */
export interface Layer {
  /** From initializer names first (`layer1.0.conv1`), then module scopes, then the node's name. Unique in the model. */
  readonly name: string;
  readonly op: string;
  readonly node: string;
  /** Value name of the layer's output: what activations and gradients are taken of. */
  readonly output: string;
  /** Names of its weights in `Graph.weights`, main weight first. */
  readonly weights: readonly string[];
  readonly parameters: number;
  /** Module path for the tree, outermost first. */
  readonly scope: readonly string[];
  readonly source?: SourceLine;
  /** The modules around it that the exporter has named the classes of, outermost first. Untrusted text. */
  readonly modules?: readonly ModuleScope[];
}

/** A module that holds a layer. */
export interface ModuleScope {
  /** `layer1.0`; '' for the model itself. */
  readonly path: string;
  /** Its class with the Python module that it comes from: `resnet_cifar.Block`. */
  readonly type: string;
}

/** A replacement of weights, for randomisation checks and training. */
export type WeightReplacement = ReadonlyMap<string, Tensor>;
