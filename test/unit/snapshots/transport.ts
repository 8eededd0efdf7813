/** Plain data with typed arrays as text, from Node to a page. */

const ARRAYS = { Float32Array, Float64Array, Int32Array, Uint8Array, Uint16Array, Uint32Array, BigInt64Array };

export function encode(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'number' && !Number.isFinite(each)) return { $number: String(each) };
    if (!ArrayBuffer.isView(each)) return each;
    const bytes = new Uint8Array(each.buffer, each.byteOffset, each.byteLength);
    return { $array: each.constructor.name, bytes: Buffer.from(bytes).toString('base64') };
  });
}

export function decode(text: string): unknown {
  return JSON.parse(text, (_key, each: unknown) => {
    if (typeof each !== 'object' || each === null) return each;
    if ('$number' in each) return Number(each.$number);
    if (!('$array' in each)) return each;
    const { $array: type, bytes } = each as unknown as { $array: keyof typeof ARRAYS; bytes: string };
    const raw = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
    return type === 'Uint8Array' ? raw : new ARRAYS[type](raw.buffer);
  });
}
