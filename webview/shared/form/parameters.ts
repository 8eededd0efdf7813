import type { ParameterSchema, ParameterSpec, ParameterValue } from '../../../src/result/method.js';

export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** The parameters of a form, in the order the method names them. */
export function shownParameters(schema: ParameterSchema, without: readonly string[] = []): [string, ParameterSpec][] {
  return Object.entries(schema).filter(([name]) => !without.includes(name));
}

/** Values with one changed; what equals its default is left out. */
export function withParameter(
  schema: ParameterSchema,
  values: ParameterValues,
  name: string,
  value: ParameterValue,
): ParameterValues {
  const { [name]: _before, ...others } = values;
  return value === schema[name]?.default ? others : { ...others, [name]: value };
}
