import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { promisify } from 'node:util';

const MEGABYTE = 2 ** 20;

/**
 * Weights and activations come and go in blocks of megabytes, and every page of one that is new to the process costs a
 * fault. `hugetlb=1` asks for pages of 2 MB, five hundred times fewer. By default glibc raises its threshold with each
 * large block that is freed, and keeps all the blocks below it: fixed, it gives the large ones back to the system, and
 * keeps what it has of the small ones for the next.
 */
const SETTINGS = ['hugetlb=1', `mmap_threshold=${8 * MEGABYTE}`, `trim_threshold=${64 * MEGABYTE}`];

/**
 * Environment that fits glibc's allocator to models, for a process that runs them. It has to be there when the process
 * starts. Other systems and allocators do not look at it; a setting of the user's own comes later and holds.
 */
export function runnerMemory(environment: NodeJS.ProcessEnv): { GLIBC_TUNABLES: string } {
  const own = environment['GLIBC_TUNABLES'];
  const ours = SETTINGS.map((setting) => `glibc.malloc.${setting}`);
  return { GLIBC_TUNABLES: [...ours, ...(own === undefined || own === '' ? [] : [own])].join(':') };
}

const GB = 1e9;

/**
 * Bytes that a process of models may hold: what one run may take (the setting, or a quarter of the machine's memory between
 * 2 and 16 GB), and half of the machine beside it for weights and sessions, but never all that there is.
 *
 * @param said the setting in GB; 0: by itself
 */
export function mostBytes(said: number, total: number = os.totalmem()): number {
  const run = said > 0 ? said * GB : Math.min(16 * GB, Math.max(2 * GB, total / 4));
  return Math.max(2 * GB, Math.min(run + total / 2, 0.9 * total));
}

/** Bytes that a process holds in memory, asked of the system: it need not answer itself. `undefined` where nobody can say. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  if (process.platform === 'win32') return undefined;
  // In kilobytes on every machine; the shorter `statm` counts pages, whose size Node does not tell.
  const said =
    process.platform === 'linux'
      ? /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
      : (await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])).stdout.trim();
  const kilobytes = Number(said);
  return Number.isFinite(kilobytes) ? kilobytes * 1024 : undefined;
}

export function gigabytes(bytes: number): string {
  return `${(bytes / GB).toPrecision(2)} GB`;
}
