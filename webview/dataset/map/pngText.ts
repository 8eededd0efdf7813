/** A text in a PNG file, where readers of its metadata find it. */

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = (c & 1) === 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = TABLE[(c ^ byte) & 255]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** After the signature and the header, which has 13 bytes. */
const AT = 8 + 4 + 4 + 13 + 4;

/** The file with an international text chunk (iTXt, not compressed) behind its header. */
export function withText(png: Uint8Array, keyword: string, text: string): Uint8Array {
  // keyword, end, no compression (flag and method), no language, no translated keyword
  const body = new TextEncoder().encode(`iTXt${keyword}\0\0\0\0\0${text}`);
  const chunk = new Uint8Array(body.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, body.length - 4);
  chunk.set(body, 4);
  view.setUint32(4 + body.length, crc(body));
  const out = new Uint8Array(png.length + chunk.length);
  out.set(png.subarray(0, AT));
  out.set(chunk, AT);
  out.set(png.subarray(AT), AT + chunk.length);
  return out;
}
