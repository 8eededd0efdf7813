import type { AttributeProto, GraphProto, StoredTensor } from '../checkpoint/model.js';

/** Typed access to a node's attributes, with the operator's defaults given by the caller. */
export class Attributes {
  constructor(readonly list: readonly AttributeProto[] = []) {}

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** A node has a few attributes, and a model thousands of nodes: a table for each would cost more than it saves. */
  get(name: string): AttributeProto | undefined {
    // The last one counts where a file names one twice.
    for (let i = this.list.length - 1; i >= 0; i--) if (this.list[i]!.name === name) return this.list[i];
    return undefined;
  }

  int(name: string, fallback: number): number {
    const a = this.get(name);
    return a?.type === 'int' ? Number(a.value) : fallback;
  }

  float(name: string, fallback: number): number {
    const a = this.get(name);
    return a?.type === 'float' ? a.value : fallback;
  }

  string(name: string, fallback: string): string {
    const a = this.get(name);
    return a?.type === 'string' ? a.value : fallback;
  }

  ints(name: string): readonly number[] | undefined;
  ints(name: string, fallback: readonly number[]): readonly number[];
  ints(name: string, fallback?: readonly number[]): readonly number[] | undefined {
    const a = this.get(name);
    return a?.type === 'ints' ? a.value.map(Number) : fallback;
  }

  floats(name: string): readonly number[] | undefined {
    const a = this.get(name);
    return a?.type === 'floats' ? a.value : undefined;
  }

  strings(name: string): readonly string[] | undefined {
    const a = this.get(name);
    return a?.type === 'strings' ? a.value : undefined;
  }

  tensor(name: string): StoredTensor | undefined {
    const a = this.get(name);
    return a?.type === 'tensor' ? a.value : undefined;
  }

  graph(name: string): GraphProto | undefined {
    const a = this.get(name);
    return a?.type === 'graph' ? a.value : undefined;
  }
}

/** What may be given for an attribute when a node is made by us. Whole numbers are ints: write `float(2)` for a float. */
export type AttributeInput =
  number | string | readonly number[] | readonly string[] | { readonly float: number } | StoredTensor;

/** Marks a number as a float attribute. */
export function float(value: number): { float: number } {
  return { float: value };
}

/** Attributes of a node that we make. Undefined entries are left out. */
export function makeAttributes(values: Readonly<Record<string, AttributeInput | undefined>>): Attributes {
  const list: AttributeProto[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    if (typeof value === 'number') list.push({ name, type: 'int', value: BigInt(value) });
    else if (typeof value === 'string') list.push({ name, type: 'string', value });
    else if (isList(value)) {
      if (value.length > 0 && value.every((v) => typeof v === 'string')) list.push({ name, type: 'strings', value });
      else list.push({ name, type: 'ints', value: (value as readonly number[]).map(BigInt) });
    } else if ('float' in value) list.push({ name, type: 'float', value: value.float });
    else list.push({ name, type: 'tensor', value });
  }
  return new Attributes(list);
}

function isList(value: AttributeInput): value is readonly number[] | readonly string[] {
  return Array.isArray(value);
}
