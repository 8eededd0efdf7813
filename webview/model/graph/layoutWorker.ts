import { CancelledError, LensError } from '../../../src/base/errors.js';
import type { LayoutAnswer, LayoutRequest } from './layoutMessages.js';

/** Script of the worker, put here by the build: a webview may not load one from another origin. */
declare const GRAPH_WORKER: string;

/** Asks the worker for layouts, one at a time: a new question ends the worker that still thinks about the one before. */
export class LayoutWorker {
  private worker: Worker | undefined;
  private next = 1;
  private pending: { readonly id: number; settle(answer: LayoutAnswer | Error): void } | undefined;

  place(request: Omit<LayoutRequest, 'id'>, signal?: AbortSignal): Promise<LayoutAnswer> {
    if (this.pending !== undefined) this.stop();
    const id = this.next++;
    this.worker ??= this.start();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.stop();
      signal?.addEventListener('abort', onAbort, { once: true });
      this.pending = {
        id,
        settle: (answer) => {
          this.pending = undefined;
          signal?.removeEventListener('abort', onAbort);
          if (answer instanceof Error) reject(answer);
          else if (answer.error !== undefined)
            reject(new LensError('runtime', 'graph/layout', `The graph cannot be laid out: ${answer.error}.`));
          else resolve(answer);
        },
      };
      this.worker!.postMessage({ id, ...request } satisfies LayoutRequest);
    });
  }

  /** Ends the worker with whatever it does. */
  stop(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.pending?.settle(new CancelledError());
  }

  private start(): Worker {
    const address = URL.createObjectURL(new Blob([GRAPH_WORKER], { type: 'text/javascript' }));
    const worker = new Worker(address);
    URL.revokeObjectURL(address);
    worker.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => {
      if (data.id === this.pending?.id) this.pending.settle(data);
    };
    worker.onerror = (event) =>
      this.pending?.settle(new LensError('runtime', 'graph/layout', `The graph cannot be laid out: ${event.message}.`));
    return worker;
  }
}
