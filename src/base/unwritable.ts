import { LensError } from './errors.js';

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOSPC: ['there is no space left on the disk', 'Free some space, or write it elsewhere.'],
  EDQUOT: ['your quota of the disk is used up', 'Free some space, or write it elsewhere.'],
  EROFS: ['that disk is read-only', 'Write it elsewhere.'],
  EACCES: ['you may not write there', 'Change the rights of the folder, or write it elsewhere.'],
  EPERM: ['you may not write there', 'Change the rights of the folder, or write it elsewhere.'],
  ENOENT: ['its folder does not exist and cannot be made', 'Write it elsewhere.'],
  ENOTDIR: ['part of its path is a file, not a folder', 'Write it elsewhere.'],
  EEXIST: ['part of its path is a file, not a folder', 'Write it elsewhere.'],
  EISDIR: ['there is a folder of that name', 'Give it another name.'],
  ENAMETOOLONG: ['its name is too long', 'Give it a shorter name.'],
};

/** What is said where a file could not be written: why, and what to do about it. */
export function unwritable(file: string, cause: unknown): LensError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const [reason, hint] = REASONS[code] ?? [cause instanceof Error ? cause.message.split(/[,\n]/)[0]! : String(cause)];
  return new LensError('usage', 'file/unwritable', `"${file}" cannot be written: ${reason}.`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}
