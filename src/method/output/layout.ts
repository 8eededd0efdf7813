/**
 * Where the numbers of an output lie. Offsets are into a flattened sample of a value of the graph, values as
 * `Subject.values` answers them.
 */
export type Layout = FlatLayout | MapLayout | SequenceLayout | DetectionLayout;

/** A sample's values by name, flat. */
export type SampleValues = ReadonlyMap<string, ArrayLike<number>>;

/** Classes, several labels, regressed numbers, an embedding: a list. */
export interface FlatLayout {
  readonly kind: 'classes' | 'multi-label' | 'regression' | 'embedding';
  readonly value: string;
  readonly size: number;
  /** What has to be applied to the value to make probabilities of it; `none` for what is one already, or never becomes one. */
  readonly activation: 'softmax' | 'sigmoid' | 'none';
  /** One Sigmoid alone: the second side is one minus the first. */
  readonly binary?: boolean;
}

/** A number, or one for each class, at every place of the picture. */
export interface MapLayout {
  readonly kind: 'segmentation' | 'dense';
  readonly value: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  at(channel: number, y: number, x: number): number;
  /** Of a segmentation: what makes probabilities of the value. */
  readonly activation: 'softmax' | 'sigmoid' | 'none';
}

/** Scores of classes at each step of a sequence. */
export interface SequenceLayout {
  readonly kind: 'sequence';
  readonly value: string;
  readonly steps: number;
  readonly classes: number;
  at(step: number, index: number): number;
  /** Of values as they are: what the values are already. */
  readonly values: 'logits' | 'probabilities' | 'log-probabilities';
  /** The class that stands for nothing between two equal letters; absent where none is. */
  readonly blank?: number;
}

export type BoxFormat = 'cxcywh' | 'xyxy' | 'yxyx' | 'xywh';

/** Boxes and scores of a detector's candidates, before suppression. */
export interface DetectionLayout {
  readonly kind: 'detection';
  /** The row's plan by its usual name. */
  readonly head: 'v5' | 'v8' | 'obb' | 'pose' | 'segment' | 'end2end' | 'ssd' | 'detr' | 'suppressed';
  readonly classes: number;
  readonly boxes: {
    readonly value: string;
    /** Numbers of each candidate in the value; the candidates of a run are as many as fit. */
    readonly stride: number;
    at(candidate: number, coordinate: 0 | 1 | 2 | 3): number;
    /** Absent where only the values tell: see `geometryOf`. */
    readonly format?: BoxFormat;
    /** Pixels of the model's input, or shares of its sides. Absent where only the values tell. */
    readonly unit?: 'pixels' | 'share';
  };
  readonly scores: {
    readonly value: string;
    /** Numbers of each candidate in the value. */
    readonly stride: number;
    /** Offset of a class's score. Where `index` is given there is one score for a candidate, whatever the class. */
    at(candidate: number, index: number): number;
    /** Offset of a column of scores: of a class, or of the background. */
    column(candidate: number, column: number): number;
    /** Offset of a score that every class's is multiplied by. */
    readonly objectness?: (candidate: number) => number;
    /** What has to be applied to make scores between 0 and 1 of them. */
    readonly activation: 'softmax' | 'sigmoid' | 'none';
    /** Classes that stand in the value, where it has one more for "nothing there". */
    readonly columns: number;
    /** The column that means that nothing is there. */
    readonly background?: number;
  };
  /** Where the model chose the class itself: offset of its index. */
  readonly index?: { readonly value: string; at(candidate: number): number; readonly first: number };
  /** Of turned boxes: offset of the angle. */
  readonly angle?: (candidate: number) => number;
  /** Of a pose: offset of x, y and certainty of a point, and how many of these there are. */
  readonly points?: {
    readonly count: number;
    readonly size: 2 | 3;
    at(candidate: number, point: number, part: number): number;
  };
  /** Of masks: offset of a coefficient, and the value with the prototypes `[count, height, width]`. */
  readonly masks?: {
    readonly count: number;
    at(candidate: number, coefficient: number): number;
    readonly prototypes?: { readonly value: string; readonly height: number; readonly width: number };
  };
  /** Whether the model has suppressed overlapping boxes itself. */
  readonly suppressed: boolean;
}

/** The values that a layout is read from. */
export function valuesOf(layout: Layout): string[] {
  if (layout.kind !== 'detection') return [layout.value];
  const { boxes, scores, index, masks } = layout;
  const others = [index?.value, masks?.prototypes?.value].filter((value) => value !== undefined);
  return [...new Set([boxes.value, scores.value, ...others])];
}
