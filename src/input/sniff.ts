/** Recognising files by their first bytes, whatever their name says. */

export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif';

/** Endings of the picture files that are looked for in folders. */
export const PICTURE_ENDINGS: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
];

/** What to tell a person about the formats that are read. */
export const SUPPORTED_PICTURES = 'Pictures may be JPEG, PNG, WebP, GIF, TIFF or AVIF.';

/** Either a format that is read, or what the file seems to be instead ("a text file"). */
export type Sniffed = { readonly format: PictureFormat } | { readonly instead: string };

const OTHERS: readonly (readonly [string, string])[] = [
  ['version https://git-lfs', 'a Git LFS pointer, not the picture itself'],
  ['%PDF', 'a PDF document'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['\x93NUMPY', 'a NumPy array; rename it to end in .npy'],
  ['8BPS', 'a Photoshop document'],
  ['\x00\x00\x01\x00', 'an icon file'],
  ['\xff\x0a', 'a JPEG XL picture, which is not supported'],
  ['\x00\x00\x00\x0cJXL ', 'a JPEG XL picture, which is not supported'],
  ['\x00\x00\x00\x0cjP  ', 'a JPEG 2000 picture, which is not supported'],
  ['\xff\x4f\xff\x51', 'a JPEG 2000 picture, which is not supported'],
];

/** Recognises `bytes`; a few kilobytes of the beginning are enough. */
export function sniff(bytes: Uint8Array): Sniffed {
  const head = latin1(bytes, 0, 64);
  if (head.startsWith('\xff\xd8\xff')) return { format: 'jpeg' };
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return { format: 'png' };
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return { format: 'gif' };
  if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return { format: 'webp' };
  if (/^(II[*+]\0|MM\0[*+])/.test(head)) return { format: 'tiff' };
  if (head.startsWith('ftyp', 4)) return isobmff(head);
  for (const [magic, instead] of OTHERS) if (head.startsWith(magic)) return { instead };
  if (head.startsWith('BM') && bytes.length > 26 && bytes[6] === 0 && bytes[7] === 0) {
    return { instead: 'a BMP picture, which is not supported' };
  }
  if (looksLikeText(bytes)) {
    const text = latin1(bytes, 0, 1024);
    if (/<svg[\s>]/i.test(text)) return { instead: 'an SVG drawing, which is not supported' };
    if (/^\s*(<!doctype html|<html)/i.test(text)) return { instead: 'a web page' };
    return { instead: 'a text file' };
  }
  return { instead: 'in no picture format that is known here' };
}

function isobmff(head: string): Sniffed {
  const brand = head.slice(8, 12);
  if (brand === 'avif' || brand === 'avis') return { format: 'avif' };
  if (/^(mif1|msf1|miaf)$/.test(brand) && /avi[fs]/.test(head.slice(12))) return { format: 'avif' };
  if (/^(hei|hev|mif|msf)/.test(brand)) return { instead: 'a HEIC picture, which is not supported' };
  return { instead: 'a video' };
}

function looksLikeText(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, 1024);
  return sample.length > 0 && sample.every((b) => b >= 32 || (b >= 9 && b <= 13) || b === 27);
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}
