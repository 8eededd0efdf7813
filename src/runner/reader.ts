import { parentPort } from 'node:worker_threads';
import { Channel } from '../protocol/channel.js';
import type { ReaderApi } from './input/beside.js';
import { preparePicture } from './input/prepare.js';

/** The thread beside the runner that reads pictures: serves {@link ReaderApi} to the thread that started it. */
const port = parentPort;
if (port !== null) {
  new Channel<object, ReaderApi>(
    {
      post: (message) => port.postMessage(message),
      listen: (onMessage) => port.on('message', onMessage),
    },
    { prepare: ({ source, plan }, { signal }) => preparePicture(source, plan, signal) },
  );
}
