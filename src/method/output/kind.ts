import type { ElementType } from '../../base/tensor.js';
import type { InputSpec } from '../../input/preprocessing.js';
import type { OutputKindId } from '../../result/output.js';
import type { Layout } from './layout.js';

/** What stands at the end of the graph before an output, seen through operators that only move elements. */
export interface Ending {
  /** The last operator that computes: `Softmax`, `Sigmoid`, `Gemm` …; `''` where the output is an input or a weight. */
  readonly op: string;
  /** Of a Softmax or LogSoftmax: the axis it goes along, as an axis of the sample's `dims`; absent where a reshape hides it. */
  readonly axis?: number;
  /** Operators behind the last layers with weights, so that of a detector's head none is missed. */
  readonly tail: ReadonlySet<string>;
}

/** What is known of an output before it is told what it is. */
export interface OutputQuestion {
  readonly name: string;
  /** The tensor that is read: the output itself, or what stands before a ZipMap or an ArgMax. */
  readonly value: string;
  /** Dimensions of one sample of `value`, in the order of its axes. */
  readonly dims: readonly number[];
  readonly type: ElementType | undefined;
  readonly ending: Ending;
  /** An operator between `value` and the output that makes it unfit to be read: ZipMap, ArgMax. */
  readonly behind?: 'ZipMap' | 'ArgMax';
  readonly input: Pick<InputSpec, 'height' | 'width' | 'channels'>;
  /** Names of classes that somebody gave; none where classes are only numbered. */
  readonly labels: readonly string[];
  /** `task` of the metadata, in small letters: detect, segment, pose, obb, classify, …; `''` where none is said. */
  readonly task: string;
  readonly metadata: ReadonlyMap<string, string>;
  /** Names of the graph and the file: what its maker calls the model. */
  readonly title: string;
  /** The other outputs. */
  readonly others: readonly Omit<OutputQuestion, 'others' | 'said'>[];
  /** What the settings file says of this output. */
  readonly said?: SaidOutput | undefined;
}

/** What a person says of an output. */
export interface SaidOutput {
  readonly kind: OutputKindId;
  /** Of a detector: how its rows are laid out. */
  readonly head?: string | undefined;
}

/** An output and how it is read. */
export interface OutputReading {
  readonly name: string;
  readonly kind: OutputKindId;
  readonly reason: string;
  readonly guessed: boolean;
  /** Where the numbers lie; absent where the kind is unknown, and for what is only a part of another output. */
  readonly layout?: Layout;
  /** Name of the output that this one is a part of: the boxes beside scores, the prototypes of masks. */
  readonly partOf?: string;
  /** It is a weight or an input of the model: nothing computes it. */
  readonly constant: boolean;
  /** Names of the classes that the graph itself holds (ZipMap). */
  readonly labels?: readonly string[];
}

/** What a kind says of an output that is its own. */
export type Told = Pick<OutputReading, 'reason' | 'layout' | 'partOf'> & {
  readonly guessed?: boolean;
  /** Another kind than that of the file, where one file tells two apart. */
  readonly kind?: OutputKindId;
};

/** A kind of output. A new one is a file here and a line in the list of `index.ts`. */
export interface OutputKind {
  readonly id: OutputKindId;
  /** Undefined where the output does not look like this kind. Where the settings file says this kind, only the shape is asked. */
  tell(question: OutputQuestion): Told | undefined;
}
