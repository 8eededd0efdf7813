import { LensError } from '../base/errors.js';

/** One share of the units of a job: those whose number leaves `index` when divided by `count`. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/**
 * The share that `I/N` means. Both ways of counting are understood, from 1 to N and from 0 to N - 1: either way N shares
 * are all units, each once.
 */
export function parseShard(text: string): Shard {
  const found = /^(\d{1,9})\/(\d{1,9})$/.exec(text.trim());
  const [index, count] = [Number(found?.[1]), Number(found?.[2])];
  if (found === null || count < 1 || index > count) {
    throw new LensError('usage', 'job/shard', `"${text}" is no share of a job.`, {
      hint: 'Write I/N, e.g. 1/4 to 4/4 for four shares.',
    });
  }
  return { index: index % count, count };
}

/** The share that a cluster gives this process: an array job of Slurm, or an indexed job of Kubernetes. */
export function shardOfCluster(environment: Readonly<Record<string, string | undefined>>): Shard | undefined {
  const number = (name: string): number | undefined => {
    const text = environment[name];
    return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  };
  const [task, tasks] = [number('SLURM_ARRAY_TASK_ID'), number('SLURM_ARRAY_TASK_COUNT')];
  if (task !== undefined && tasks !== undefined && tasks > 0) {
    const [first, step] = [number('SLURM_ARRAY_TASK_MIN'), number('SLURM_ARRAY_TASK_STEP') ?? 1];
    const place = first === undefined || task < first ? task : Math.floor((task - first) / Math.max(1, step));
    return { index: place % tasks, count: tasks };
  }
  const [index, count] = [number('JOB_COMPLETION_INDEX'), number('JOB_COMPLETION_COUNT')];
  return index === undefined || count === undefined || count < 1 ? undefined : { index: index % count, count };
}

export function isMine(unit: number, shard: Shard | undefined): boolean {
  return shard === undefined || unit % shard.count === shard.index;
}
