/**
 * UTF-8 that survives a round trip. ONNX declares some string fields as bytes, and custom operators put blobs in them:
 * where the bytes are not UTF-8, every byte from 0x80 on becomes the lone surrogate U+DC00 + byte (as in Python's
 * surrogateescape) and turns back on encoding.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const ESCAPED = /[\uDC80-\uDCFF]/;
const LONE = /(?<![\uD800-\uDBFF])[\uDC80-\uDCFF]/;

export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    let text = '';
    for (const b of bytes) text += String.fromCharCode(b < 0x80 ? b : 0xdc00 + b);
    return text;
  }
}

export function encodeText(text: string): Uint8Array {
  if (!ESCAPED.test(text) || !LONE.test(text)) return encoder.encode(text);
  const out: number[] = [];
  for (const c of text) {
    const code = c.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) out.push(code - 0xdc00);
    else out.push(...encoder.encode(c));
  }
  return Uint8Array.from(out);
}
