import { LensError } from '../base/errors.js';
import { closest } from '../base/suggest.js';
import type { ParameterSchema, ParameterSpec, ParametersOf, ParameterValue } from '../result/method.js';

/**
 * Values for a method's parameters: what was given, checked against the schema, and the defaults for the rest. Texts are
 * accepted for every type, because that is what a command line has.
 */
export function parseParameters<S extends ParameterSchema>(
  method: string,
  schema: S,
  raw: Readonly<Record<string, ParameterValue>> = {},
): ParametersOf<S> {
  const known = Object.keys(schema);
  const unknown = Object.keys(raw).filter((key) => !Object.hasOwn(schema, key));
  if (unknown.length > 0) {
    throw new LensError('usage', 'params/unknown', `The method "${method}" has no parameter "${unknown[0]}".`, {
      hint: known.length === 0 ? 'It takes no parameters.' : `It has ${known.join(', ')}.`,
    });
  }
  const entries = Object.entries(schema).map(([key, spec]) => {
    const given = raw[key];
    return [key, given === undefined ? spec.default : parseOne(key, spec, given)];
  });
  return Object.fromEntries(entries) as ParametersOf<S>;
}

function parseOne(key: string, spec: ParameterSpec, given: ParameterValue): ParameterValue {
  const refuse = (wanted: string): LensError =>
    new LensError('usage', 'params/value', `The parameter "${key}" must be ${wanted}, not ${JSON.stringify(given)}.`);
  switch (spec.type) {
    case 'integer':
    case 'number': {
      const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
      const noun = spec.type === 'integer' ? 'a whole number' : 'a number';
      const range =
        spec.minimum !== undefined && spec.maximum !== undefined
          ? `${noun} from ${spec.minimum} to ${spec.maximum}`
          : spec.minimum !== undefined
            ? `${noun} of at least ${spec.minimum}`
            : spec.maximum !== undefined
              ? `${noun} of at most ${spec.maximum}`
              : noun;
      if (typeof value !== 'number' || !Number.isFinite(value)) throw refuse(range);
      if (spec.type === 'integer' && !Number.isInteger(value)) throw refuse(range);
      if (value < (spec.minimum ?? -Infinity) || value > (spec.maximum ?? Infinity)) throw refuse(range);
      return value;
    }
    case 'boolean': {
      if (typeof given === 'boolean') return given;
      const text = String(given).toLowerCase();
      if (['true', '1', 'yes', 'on'].includes(text)) return true;
      if (['false', '0', 'no', 'off'].includes(text)) return false;
      throw refuse('true or false');
    }
    case 'choice': {
      const text = String(given);
      if (spec.choices.includes(text)) return text;
      const near = closest(text, spec.choices, 1)[0];
      throw refuse(`one of ${spec.choices.join(', ')}${near === undefined ? '' : ` (did you mean "${near}"?)`}`);
    }
    case 'text': {
      const text = String(given);
      if (spec.pattern !== undefined && !new RegExp(`^(?:${spec.pattern})$`, 'u').test(text))
        throw refuse(spec.description);
      return text;
    }
  }
}
