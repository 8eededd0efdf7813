import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../../base/errors.js';
import type { EmbedContext } from '../../method/embedding/embed.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';

/** Says how far work is, and lets a cancellation in, which arrives as a message. */
export function pausing({ signal, progress }: Call<WorkProgress>): EmbedContext['pause'] {
  return async (share, message) => {
    progress({ fraction: Math.min(1, share), message });
    await setImmediate();
    throwIfCancelled(signal);
  };
}
