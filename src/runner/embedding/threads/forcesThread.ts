import { parentPort, workerData } from 'node:worker_threads';
import { forces, type Field } from '../../../numeric/tsne/forces.js';
import { shareAfter, type Shared } from './shares.js';

/** One thread of a team: takes shares until none is left, each time it is told to. */
const { field, taken } = workerData as Shared;
parentPort?.on('message', (theta: number) => {
  work(field, taken, theta);
  parentPort?.postMessage(undefined);
});

function work(all: Field, counter: Int32Array, theta: number): void {
  for (let s = shareAfter(counter); s < all.sums.length; s = shareAfter(counter)) forces(all, s, s + 1, theta);
}
