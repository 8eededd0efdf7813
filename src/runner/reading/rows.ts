import type { ErrorData } from '../../base/errors.js';

/** A row that is kept of an input, or why there is none. */
export type KeptRow =
  { readonly content: string; readonly row: Float32Array } | { readonly content: string; readonly error: ErrorData };

interface Said {
  readonly content: string;
  readonly error?: ErrorData;
  /** Numbers of its row. */
  readonly length?: number;
}

/** Rows as bytes: a line of JSON on what they are, then their numbers, little-endian as everywhere here. */
export function encodeRows(rows: readonly (KeptRow | undefined)[]): Uint8Array {
  const said = rows.map((r): Said | null => {
    if (r === undefined) return null;
    return 'row' in r ? { content: r.content, length: r.row.length } : { content: r.content, error: r.error };
  });
  const line = Buffer.from(`${JSON.stringify(said)}\n`);
  const blocks = rows.flatMap((r) => (r !== undefined && 'row' in r ? [r.row] : []));
  return Buffer.concat([line, ...blocks.map((b) => Buffer.from(b.buffer, b.byteOffset, b.byteLength))]);
}

/** The inverse; nothing where it does not add up. */
export function decodeRows(bytes: Uint8Array): (KeptRow | undefined)[] | undefined {
  const end = bytes.indexOf(10);
  try {
    const said = JSON.parse(Buffer.from(bytes.subarray(0, Math.max(0, end))).toString()) as (Said | null)[];
    // Copied, so that the numbers begin where numbers may.
    const numbers = new Float32Array(Uint8Array.from(bytes.subarray(end + 1)).buffer);
    let at = 0;
    const rows = said.map((s): KeptRow | undefined => {
      if (s === null) return undefined;
      if (s.error !== undefined) return { content: s.content, error: s.error };
      const row = numbers.subarray(at, (at += s.length!));
      return { content: s.content, row };
    });
    return at === numbers.length ? rows : undefined;
  } catch {
    return undefined;
  }
}
