import { toNumbers, type ElementType, type Tensor } from '../../base/tensor.js';
import type { Attributes } from '../../graph/attributes.js';

/** Attributes and constants as texts. Whatever a file holds, a text has an end. */

type Attribute = Attributes['list'][number];
type NestedGraph = Extract<Attribute, { readonly type: 'graph' }>['value'];

/** Elements of a list that are written out. */
export const MOST_VALUES = 64;
const MOST_CHARACTERS = 2000;

/** The value of an attribute in one line; of tensors the caller says what it read. */
export function attributeText(attribute: Attribute): string {
  if (attribute.ref !== undefined) return `@${attribute.ref}`;
  switch (attribute.type) {
    case 'float':
      return floatText(attribute.value, 'float32');
    case 'int':
    case 'other':
      return cut(String(attribute.value));
    case 'string':
      return quoted(attribute.value);
    case 'floats':
      return listText(attribute.value, (v) => floatText(v, 'float32'));
    case 'ints':
      return listText(attribute.value, String);
    case 'strings':
      return listText(attribute.value, quoted);
    case 'graph':
      return graphText(attribute.value);
    case 'graphs':
      return listText(attribute.value, graphText);
    case 'tensor':
      return '';
    case 'tensors':
      return `${attribute.value.length} tensors`;
  }
}

/** The first values of a tensor, `count` elements in all. */
export function valuesText(tensor: Tensor, count: number): string {
  const { type, data } = tensor;
  const rest = (shown: number): string => (count > shown ? `, … ${(count - shown).toLocaleString('en')} more` : '');
  if (Array.isArray(data)) return `${data.slice(0, MOST_VALUES).map(quoted).join(', ')}${rest(MOST_VALUES)}`;
  if (type === 'bool') return `${joined(data, (v) => (Number(v) === 0 ? 'false' : 'true'))}${rest(MOST_VALUES)}`;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return `${joined(data, String)}${rest(MOST_VALUES)}`;
  // Two places to a number: written as they lie, real and imaginary parts in turn.
  if (type.startsWith('complex')) return `${joined(data, String)}${rest(MOST_VALUES / 2)}`;
  return `${joined(toNumbers(tensor), (v) => floatText(Number(v), type))}${rest(MOST_VALUES)}`;
}

function joined(data: ArrayLike<number | bigint>, text: (value: number | bigint) => string): string {
  return Array.from({ length: Math.min(MOST_VALUES, data.length) }, (_, i) => text(data[i]!)).join(', ');
}

/** The shortest decimal that is the same number in its own precision: 0.01, not 0.009999999776482582. */
export function floatText(value: number, type: ElementType): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  const digits = type === 'float64' ? 17 : type === 'float32' ? 9 : 5;
  const same = (other: number): boolean =>
    type === 'float64' ? other === value : type === 'float32' ? Math.fround(other) === value : false;
  for (let precision = 1; precision < digits; precision++) {
    const text = Number(value.toPrecision(precision));
    if (same(text)) return String(text);
  }
  return String(Number(value.toPrecision(digits)));
}

function listText<T>(values: readonly T[], text: (value: T) => string): string {
  const shown = values.slice(0, MOST_VALUES).map(text).join(', ');
  return cut(`[${shown}${values.length > MOST_VALUES ? `, … ${values.length - MOST_VALUES} more` : ''}]`);
}

/** A graph inside a node: how much there is in it, and its operators. */
function graphText({ nodes, inputs, outputs }: NestedGraph): string {
  const counts = new Map<string, number>();
  for (const { op } of nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  const ops = [...counts].map(([op, count]) => (count === 1 ? op : `${count} × ${op}`));
  const names = (values: readonly { readonly name: string }[]): string =>
    values.length === 0 ? 'nothing' : values.map(({ name }) => name).join(', ');
  return cut(
    `graph of ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'} (${ops.join(', ')}), from ${names(inputs)} to ${names(outputs)}`,
  );
}

function quoted(text: string): string {
  return cut(JSON.stringify(text));
}

export function cut(text: string): string {
  return text.length <= MOST_CHARACTERS
    ? text
    : `${text.slice(0, MOST_CHARACTERS)}… (${text.length.toLocaleString('en')} characters)`;
}
