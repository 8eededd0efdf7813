import { deserialize, serialize } from 'node:v8';

/** A unit's answer as bytes: numbers as they are, those that are not finite included. */
export function encodeAnswer(answer: unknown): Uint8Array {
  return serialize(answer);
}

/** The inverse; nothing where another version of the engine has written it. */
export function decodeAnswer<T>(bytes: Uint8Array | undefined): T | undefined {
  if (bytes === undefined) return undefined;
  try {
    return deserialize(bytes) as T;
  } catch {
    return undefined;
  }
}
