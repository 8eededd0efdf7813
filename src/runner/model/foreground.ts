import { setImmediate } from 'node:timers/promises';
import { CancelledError, throwIfCancelled } from '../../base/errors.js';

/** Work that a person waits for, and work behind it that stands back while there is any. */
export class Foreground {
  private running = 0;
  private waiting: (() => void)[] = [];

  /** Runs work that is waited for. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.running++;
    try {
      return await work();
    } finally {
      this.running--;
      if (this.running === 0) for (const go of this.waiting.splice(0)) go();
    }
  }

  /** Settles when nobody waits for anything; background work asks between its runs. */
  async idle(signal: AbortSignal): Promise<void> {
    // Requests that have arrived are heard first.
    await setImmediate();
    throwIfCancelled(signal);
    while (this.running > 0) {
      await new Promise<void>((resolve, reject) => {
        const cancel = (): void => reject(new CancelledError());
        signal.addEventListener('abort', cancel, { once: true });
        this.waiting.push(() => {
          signal.removeEventListener('abort', cancel);
          resolve();
        });
      });
    }
  }
}
