import type { Labels } from '../../input/labels.js';
import type { Layout } from '../output/layout.js';
import type { SampleValues } from '../output/detection/boxes.js';
import type { ModelSubject } from '../subject/modelSubject.js';
import type { ClassLayout, ClassRegions } from './regions.js';
import type { Target } from './target.js';

/** A box: its left, top, right and bottom edge. */
export type Corners = readonly [x0: number, y0: number, x1: number, y1: number];

/** What a text is read against: one prepared input of a model. */
export interface TargetQuestion {
  /** The score of each class, for ranks. */
  readonly scores: ArrayLike<number>;
  readonly labels: Labels;
  readonly subject: Pick<ModelSubject, 'facts' | 'graph' | 'input' | 'layer' | 'output' | 'scoreValue'>;
  /** Values of this input that the output is read from, by name; absent where no kind of the text asks for them. */
  readonly sample?: SampleValues | undefined;
  /** Painted pictures that the text names, by the name it gives them. */
  readonly painted?: ReadonlyMap<string, Painted> | undefined;
  /** A box of the model's input in pixels of the picture that was given, where there is one: names of boxes say it so. */
  readonly inPicture?: ((box: Corners) => Corners) | undefined;
  /** Embeddings of other pictures that the text names, by the name it gives them. */
  readonly others?: ReadonlyMap<string, ArrayLike<number>> | undefined;
  /** Where the classes are, for a model that says so. */
  readonly regions?: ClassRegions | undefined;
}

/** Which places of the model's input a person painted. */
export interface Painted {
  /** Whether the place is painted; x and y are shares of the input's sides, 0 to 1. */
  at(x: number, y: number): boolean;
}

/** A kind of target. A new one is a file here and a line in the list of `index.ts`; every method explains it. */
export interface TargetKind {
  readonly id: string;
  /**
   * The target that a text means, with its name and the number that is explained. Undefined where the text is of another kind.
   *
   * @param read reads a part of the text that is a target by itself
   * @throws LensError `target/…` where the text is of this kind, but means nothing in this model
   */
  read(text: string, question: TargetQuestion, read: (part: string) => Target): Target | undefined;
  /** How classes lie in the scores of an output, for a kind that says where they are. */
  layoutOf?(layout: Layout): ClassLayout | undefined;
}
