// One of the processes of `npm run test:unit`: runs the files that it is given, one after the other, and answers their counts.
import Mocha from 'mocha';
import path from 'node:path';
import { countsOf } from '../../.build/counts.mjs';
import { FIRST } from './build.mjs';

const [out] = process.argv.slice(2);
process.setSourceMapsEnabled?.(true);
const { createRequire } = await import('node:module');
createRequire(import.meta.url)(path.join(out, FIRST));

listenAlone();

/** Each run of Mocha listens, and hands on to the others what is none of its own: two would do so for ever. */
function listenAlone() {
  for (const event of ['unhandledRejection', 'uncaughtException']) process.removeAllListeners(event);
  process.on('unhandledRejection', (error) => console.log('    nobody took this error:', error));
}

process.on('message', async ({ file, color }) => {
  // Long enough for the slowest on a machine that is busy with other things.
  const mocha = new Mocha({ ui: 'bdd', timeout: 180_000, slow: 2_000, color });
  mocha.addFile(path.join(out, file));
  const counts = await countsOf(mocha);
  listenAlone();
  process.send({ counts, bytes: process.memoryUsage().rss });
});
