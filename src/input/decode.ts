import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Sharp } from 'sharp';
import { CancelledError, LensError, throwIfCancelled } from '../base/errors.js';
import { formatBytes, isNodeError } from './files.js';
import type { Raster } from './resize.js';
import { sniff, SUPPORTED_PICTURES, type PictureFormat } from './sniff.js';

/**
 * A decoded picture: RGB, 8 bits, upright, the pixels that `ImageOps.exif_transpose(Image.open(f)).convert('RGB')` gives
 * in Pillow. Alpha and colour profiles are dropped as Pillow drops them. Three known differences: 16-bit grey is scaled
 * to 8 bits (Pillow clips it to white), transparent pixels of a GIF are black (Pillow shows the colour beneath), and AVIF
 * may differ by a few levels because chroma is upsampled by another library.
 */
export interface Picture extends Raster {
  readonly channels: 3;
  readonly format: PictureFormat;
  /** What was done to the file's pixels that a person should know, one sentence each. */
  readonly notes: readonly string[];
}

export interface DecodeOptions {
  /** What the picture is called in messages; default the file's name. */
  readonly name?: string;
  /** Larger pictures are refused. The default is what Pillow refuses as a decompression bomb. */
  readonly maxPixels?: number;
  readonly signal?: AbortSignal;
}

const MAX_PIXELS = 178_956_970;
const MAX_BYTES = 1 << 30;

/** Decodes a file or its bytes. Everything that is no readable picture is refused with one sentence. */
export async function decodePicture(source: string | Uint8Array, options: DecodeOptions = {}): Promise<Picture> {
  const name = options.name ?? (typeof source === 'string' ? path.basename(source) : UNNAMED);
  throwIfCancelled(options.signal);
  const bytes = typeof source === 'string' ? await readPictureFile(source, name) : source;
  if (bytes.length === 0) throw refuse(name, 'empty', 'is empty (0 bytes)');
  const found = sniff(bytes);
  if ('instead' in found)
    throw refuse(name, 'not-a-picture', `is not a picture: it is ${found.instead}`, SUPPORTED_PICTURES);
  const sharp = await loadSharp();
  throwIfCancelled(options.signal);

  const maxPixels = options.maxPixels ?? MAX_PIXELS;
  // Colour management is off, as in Pillow. A truncated file is an error; harmless oddities are not.
  const input = { failOn: 'error', ignoreIcc: true, limitInputPixels: false } as const;
  try {
    const about = await sharp(bytes, input).metadata();
    const { width, height } = about;
    if (width * height > maxPixels) {
      throw refuse(
        name,
        'too-large',
        `is ${width}×${height} (${megapixels(width * height)}); the limit is ${megapixels(maxPixels)}`,
        'Scale it down first.',
      );
    }
    const upright = sharp(bytes, { ...input, limitInputPixels: maxPixels }).autoOrient();
    const decoded =
      about.space === 'cmyk' ? await decodeCmyk(upright, about.depth === 'ushort') : await decodeRgb(upright);
    throwIfCancelled(options.signal);
    const { transparent, ...pixels } = decoded;
    return { ...pixels, channels: 3, format: found.format, notes: notesOf(about, transparent) };
  } catch (error) {
    if (error instanceof LensError || error instanceof CancelledError) throw error;
    throw damaged(name, found.format, error);
  }
}

type Metadata = Awaited<ReturnType<Sharp['metadata']>>;
type Pixels = Pick<Raster, 'width' | 'height' | 'data'> & { readonly transparent: boolean };

async function decodeRgb(pipeline: Sharp): Promise<Pixels> {
  const { data, info } = await pipeline.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const channels: number = info.channels;
  if (channels === 3) return { width, height, data: plain(data), transparent: false };
  const rgb = new Uint8Array(width * height * 3);
  const colors = channels < 3 ? 1 : 3;
  const hasAlpha = channels % 2 === 0;
  let transparent = false;
  for (let i = 0, o = 0; o < rgb.length; i += channels, o += 3) {
    for (let c = 0; c < 3; c++) rgb[o + c] = data[colors === 1 ? i : i + c]!;
    if (hasAlpha && data[i + colors]! < 255) transparent = true;
  }
  return { width, height, data: rgb, transparent };
}

/** Pillow's plain CMYK to RGB, which knows no ink: each colour is (255 - K) less its share. */
async function decodeCmyk(pipeline: Sharp, deep: boolean): Promise<Pixels> {
  const { data: raw, info } = await pipeline
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw({ depth: deep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  // Of two little-endian bytes the upper one is what 8 bits keep.
  const data = deep ? raw.filter((_, i) => i % 2 === 1) : raw;
  const stride: number = info.channels;
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0, o = 0; o < rgb.length; i += stride, o += 3) {
    const light = 255 - data[i + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = data[i + c]! * light + 128;
      rgb[o + c] = light - ((product + (product >> 8)) >> 8);
    }
  }
  return { width, height, data: rgb, transparent: false };
}

/** A Node Buffer travels badly through structured clones, and a view of a pool takes the pool along. */
function plain(buffer: Buffer): Uint8Array {
  return buffer.byteLength === buffer.buffer.byteLength ? new Uint8Array(buffer.buffer) : Uint8Array.from(buffer);
}

function notesOf(about: Metadata, transparent: boolean): string[] {
  const notes: string[] = [];
  if (about.orientation !== undefined && about.orientation > 1)
    notes.push('Turned upright as its EXIF orientation says.');
  if (about.pages !== undefined && about.pages > 1) notes.push(`Only the first of its ${about.pages} frames is used.`);
  if (transparent) notes.push('Its transparency was dropped, not blended with a background (as Pillow does).');
  if (about.space === 'cmyk') notes.push('Converted from CMYK without a colour profile (as Pillow does).');
  if (about.depth === 'ushort' || about.depth === 'short') notes.push('Its 16 bits per channel were scaled to 8.');
  else if (about.depth !== 'uchar') notes.push(`Its ${about.depth} values were clipped to 0..255 (as Pillow does).`);
  if (about.icc !== undefined && !isSrgb(about.icc) && about.space !== 'cmyk') {
    notes.push('Its colour profile was ignored (as Pillow does).');
  }
  return notes;
}

/** Whether a colour profile calls itself sRGB, in ASCII (version 2) or in UTF-16 (version 4). */
function isSrgb(profile: Buffer): boolean {
  return profile.includes('sRGB') || profile.includes('\0s\0R\0G\0B');
}

async function readPictureFile(file: string, name: string): Promise<Uint8Array> {
  try {
    // Asked before opening: the opening of a pipe waits for somebody who writes.
    const about = await stat(file);
    if (!about.isFile())
      throw refuse(name, 'not-a-file', about.isDirectory() ? 'is a folder, not a picture' : 'is not an ordinary file');
    if (about.size > MAX_BYTES) {
      throw refuse(
        name,
        'too-large',
        `has ${formatBytes(about.size)}; the limit for a picture is ${formatBytes(MAX_BYTES)}`,
      );
    }
    return plain(await readFile(file));
  } catch (error) {
    if (isNodeError(error, 'ENOENT'))
      throw new LensError('input', 'input/not-found', `There is no file "${file}".`, { cause: error });
    if (isNodeError(error, 'EACCES', 'EPERM')) {
      throw new LensError('input', 'input/unreadable', `${subject(name)} may not be read: permission is denied.`, {
        cause: error,
      });
    }
    throw error;
  }
}

let sharpModule: Promise<typeof import('sharp').default> | undefined;

/** Loaded on first use: a native module has no place in the start-up of a process that may never need it. */
export async function loadSharp(): Promise<typeof import('sharp').default> {
  sharpModule ??= import('sharp').then((module) => {
    // Its cache would hold on to pixels of pictures that have changed since.
    module.default.cache(false);
    return module.default;
  });
  try {
    return await sharpModule;
  } catch (error) {
    sharpModule = undefined;
    throw new LensError(
      'runtime',
      'input/no-decoder',
      `The picture decoder (sharp) does not load on ${process.platform} ${process.arch}.`,
      {
        hint: 'Install the package that is made for this platform.',
        cause: error,
      },
    );
  }
}

function damaged(name: string, format: PictureFormat, cause: unknown): LensError {
  const text = cause instanceof Error ? (cause.message.trim().split('\n').at(-1) ?? '') : String(cause);
  const reason = text
    .replace(/^.*?(vips\w*|heif|webp):\s*/i, '')
    .replace(/^Input (buffer|file) /, 'it ')
    .replace(/[\s:.]+$/, '');
  // The libraries' own words help only where they are words.
  const because = /^[A-Za-z][A-Za-z ,'-]{8,60}$/.test(reason) ? ` (${reason})` : '';
  return new LensError(
    'input',
    'input/damaged-picture',
    `${subject(name)} is damaged or cut off and cannot be decoded as ${format.toUpperCase()}${because}.`,
    {
      hint: 'Open it in an image editor and save it again, or fetch it again.',
      cause,
    },
  );
}

const UNNAMED = 'The picture';

function subject(name: string): string {
  return name === UNNAMED ? name : `"${name}"`;
}

function refuse(name: string, code: string, what: string, hint?: string): LensError {
  return new LensError('input', `input/${code}`, `${subject(name)} ${what}.`, hint === undefined ? {} : { hint });
}

function megapixels(pixels: number): string {
  const value = pixels / 1e6;
  return `${value < 10 ? value.toPrecision(2) : Math.round(value)} megapixels`;
}
