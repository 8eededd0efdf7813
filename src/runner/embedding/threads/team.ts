import os from 'node:os';
import { Worker } from 'node:worker_threads';
import type { TsneTeam } from '../../../method/embedding/embed.js';
import { forces, type Field } from '../../../numeric/tsne/forces.js';
import { shareAfter, type Shared } from './shares.js';

/** The text of the bundled thread; the build writes it. */
declare const FORCES_THREAD: string | undefined;

/** For fewer points the threads would wait for one another longer than they work. */
const WORTH = 2000;
/** More threads than this wait for the tree, which one of them builds. */
const MOST_THREADS = 8;

/** Threads for t-SNE on so many points; none where they would be of no use. */
export function teamFor(points: number, threads = os.availableParallelism()): TsneTeam | undefined {
  const script = typeof FORCES_THREAD === 'string' ? FORCES_THREAD : undefined;
  if (script === undefined || points < WORTH || threads < 2) return undefined;
  return threadTeam(Math.min(MOST_THREADS, threads), script);
}

/**
 * A team of this thread and `threads - 1` others, which start with the first forces that are asked for. Which of them takes
 * which share changes no byte of the result. Should one die, this thread does the work of all.
 *
 * @param script text of the bundled thread
 */
export function threadTeam(threads: number, script: string): TsneTeam {
  const others: Worker[] = [];
  const taken = new Int32Array(new SharedArrayBuffer(4));
  let lost = false;
  let begun: Field | undefined;
  const start = (field: Field): void => {
    begun = field;
    for (let i = 1; i < threads; i++) {
      const worker = new Worker(script, { eval: true, workerData: { field, taken } satisfies Shared });
      worker.on('error', () => (lost = true));
      worker.unref();
      others.push(worker);
    }
  };
  return {
    allocate: (bytes) => new SharedArrayBuffer(bytes),
    async forces(all, theta) {
      if (begun === undefined) start(all);
      if (lost || begun !== all) return forces(all, 0, all.sums.length, theta);
      Atomics.store(taken, 0, 0);
      const settled = others.map(replyOf);
      for (const worker of others) worker.postMessage(theta);
      for (let s = shareAfter(taken); s < all.sums.length; s = shareAfter(taken)) forces(all, s, s + 1, theta);
      const replied = await Promise.all(settled);
      // A share that a dead thread had begun is nobody's.
      if (!replied.every(Boolean)) {
        lost = true;
        forces(all, 0, all.sums.length, theta);
      }
    },
    async dispose() {
      lost = true;
      await Promise.all(others.splice(0).map((worker) => worker.terminate()));
    },
  };
}

/** True when the thread has answered, false when it has died. */
function replyOf(worker: Worker): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (answered: boolean) => (): void => {
      worker.off('message', answer).off('exit', die);
      worker.unref();
      resolve(answered);
    };
    const [answer, die] = [settle(true), settle(false)];
    worker.once('message', answer).once('exit', die);
    // Keeps the process up for as long as an answer is due.
    worker.ref();
  });
}
