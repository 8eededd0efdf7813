import type { ElementType, Tensor } from '../base/tensor.js';

/**
 * An ONNX file as plain data. Weights stay where they are: a {@link StoredTensor} says in which file, at which offset,
 * and is read only when somebody asks for it. Pure types, importable without Node.
 */
export interface Checkpoint {
  /** Absolute path of the `.onnx` file. */
  readonly path: string;
  /** Size of the `.onnx` file in bytes, external data not counted. */
  readonly size: number;
  readonly irVersion: number;
  readonly producer: { readonly name: string; readonly version: string };
  readonly doc: string;
  /** Opset by domain; the standard domain is `''`. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly graph: GraphProto;
  readonly functions: readonly FunctionProto[];
  /** Real paths of the external files that hold weights, sorted. */
  readonly externalFiles: readonly string[];
  /** Oddities that do not stop the reading, one sentence each. */
  readonly warnings: readonly string[];
}

export interface GraphProto {
  readonly name: string;
  readonly doc: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly StoredTensor[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly valueInfo: readonly ValueInfo[];
}

export interface FunctionProto {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly string[];
  readonly defaults: readonly AttributeProto[];
  readonly nodes: readonly NodeProto[];
  readonly opsets: ReadonlyMap<string, number>;
}

export interface NodeProto {
  readonly name: string;
  readonly op: string;
  /** `''` for ai.onnx. */
  readonly domain: string;
  readonly overload: string;
  /** Value names; `''` stands for an optional input that is absent. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly AttributeProto[];
  readonly doc: string;
  readonly metadata: ReadonlyMap<string, string>;
}

/** One attribute. Integers are bigint so that INT64_MAX survives a round trip. */
export type AttributeProto = {
  readonly name: string;
  /** Inside a function: the name of the function's attribute. */ readonly ref?: string;
} & (
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: StoredTensor }
  | { readonly type: 'graph'; readonly value: GraphProto }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly bigint[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'tensors'; readonly value: readonly StoredTensor[] }
  | { readonly type: 'graphs'; readonly value: readonly GraphProto[] }
  /** Sparse tensors and types: kept by name so that the operator can be refused by name. */
  | { readonly type: 'other'; readonly value: string }
);

/** A dimension: its size, the name of a symbol, or '' when nothing is known. */
export type Dimension = number | string;

export interface ValueInfo {
  readonly name: string;
  /** Absent for sequences, maps and optionals, and where the file says nothing. */
  readonly type?: ElementType;
  /** Absent when the rank is unknown. */
  readonly dims?: readonly Dimension[];
  /** e.g. IMAGE, from the model's metadata denotation. */
  readonly denotation?: string;
}

/** A tensor of the file: what it is, and where its bytes lie. */
export interface StoredTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly at: Location;
}

export type Location =
  /**
   * Bytes in a file (the model's own or an external one). `raw`: little-endian elements, as ONNX Runtime's external data
   * wants them (4-bit types two to a byte); `varint`: packed int32_data/int64_data/uint64_data.
   */
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly offset: number;
      readonly length: number;
      readonly encoding: 'raw' | 'varint';
    }
  /** Small, unpacked or made by us. */
  | { readonly kind: 'memory'; readonly tensor: Tensor };

/** A tensor that lives in memory. */
export function inMemory(name: string, tensor: Tensor): StoredTensor {
  return { name, type: tensor.type, dims: tensor.dims, at: { kind: 'memory', tensor } };
}
