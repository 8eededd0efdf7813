/**
 * Data as `webview.postMessage` carries it: every typed array with a buffer of its own (a view would take its whole
 * buffer along), and no Node `Buffer` (it arrives as a plain object). Throws for what would be lost on the way.
 */
export function owned<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return ownedArray(value);
  if (value instanceof ArrayBuffer) return value;
  if (Array.isArray(value)) return value.map(copy);
  if (value instanceof Map || value instanceof Set || value instanceof Date) {
    throw new Error(`A ${value.constructor.name} does not survive the way to a webview`);
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each)]));
}

function ownedArray(view: ArrayBufferView): ArrayBufferView {
  if (view instanceof DataView) throw new Error('A DataView does not survive the way to a webview');
  if (Buffer.isBuffer(view)) return Uint8Array.from(view);
  const array = view as Uint8Array;
  return array.byteLength === array.buffer.byteLength ? array : array.slice();
}
