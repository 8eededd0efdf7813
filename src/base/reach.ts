import type { FilePath } from './place.js';

/**
 * How far the files of a model may reach: a settings file names labels and values, a link leads anywhere. What lies outside
 * is read only where a person has said so. All paths are absolute.
 */
export interface Reach {
  /** Folders of the workspace. */
  readonly roots: readonly FilePath[];
  /** Files outside that may be read. */
  readonly allowed: readonly FilePath[];
  /** Files outside that are left alone. */
  readonly left: readonly FilePath[];
  /** Whether somebody may be asked about others; where not, nothing outside is read. */
  readonly trusted: boolean;
}

/** Code of the error that asks for permission; its `files` are what it is about. */
export const OUTSIDE = 'files/outside';

const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\.|:|$)/i;

/**
 * Why a path that stands in a file of a model names nothing that is read, on any system alike: a share of another machine
 * learns who looks at it, and Windows takes some names for devices. `undefined` for a path.
 */
export function whyNoPlace(said: string): string | undefined {
  if (said.trim() === '') return 'it is empty';
  if (said.includes('\0')) return 'it holds a NUL character';
  if (/^[\\/]{2}/.test(said)) return 'it is not on this machine';
  if (/^[a-z][\w+.-]+:[\\/]{2}/i.test(said)) return 'it is an address, not a path';
  if (/^[a-z]:(?![\\/])/i.test(said)) return "it is taken from a drive's own current folder";
  const parts = said.replace(/^[a-z]:/i, '').split(/[\\/]/);
  if (parts.some((part) => DEVICE.test(part))) return 'it is a device';
  return parts.at(-1)!.includes(':') ? 'it is a stream within a file' : undefined;
}
