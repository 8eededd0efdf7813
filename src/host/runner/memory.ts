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
