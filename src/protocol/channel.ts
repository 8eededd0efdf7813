import { CancelledError, fromErrorData, LensError, toErrorData, type ErrorData } from '../base/errors.js';

/**
 * One typed channel for both hops: extension host and runner process (`fork` with advanced serialisation), webview and
 * extension host (`postMessage`). Every request settles: by a reply, an error, cancellation, or the other side's death.
 */

/** What a handler gets beside its request. */
export interface Call<P> {
  readonly signal: AbortSignal;
  progress(report: P): void;
}

/** An operation of an interface: one request, one reply, any number of progress reports before it. */
export type Operation<Q, R, P = never> = (request: Q, call: Call<P>) => Promise<R>;

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- the constraint of a mapped type; no value passes through it */
type AnyOperation = (request: any, call: Call<any>) => Promise<any>;

export interface CallOptions<P> {
  readonly signal?: AbortSignal;
  readonly onProgress?: (report: P) => void;
  /** The other side has finished with the call, or is gone; a cancelled call is still worked on until then. */
  readonly onAnswered?: () => void;
}

/** The caller's side of an interface of operations. */
export type Client<Api> = {
  readonly [K in keyof Api]: Api[K] extends (request: infer Q, call: Call<infer P>) => Promise<infer R>
    ? (request: Q, options?: CallOptions<P>) => Promise<R>
    : never;
};

/** The serving side: every operation, or it does not compile. */
export type Handlers<Api> = { readonly [K in keyof Api]: Api[K] extends AnyOperation ? Api[K] : never };

/** A way to the other side. Messages are structured-cloneable: typed arrays, never JSON numbers. */
export interface Port {
  post(message: unknown): void;
  /** Called once by the channel. */
  listen(onMessage: (message: unknown) => void, onClose: (reason?: Error) => void): void;
}

type Message =
  | { readonly lens: 'call'; readonly id: number; readonly name: string; readonly request: unknown }
  | { readonly lens: 'cancel'; readonly id: number }
  | { readonly lens: 'progress'; readonly id: number; readonly report: unknown }
  | { readonly lens: 'reply'; readonly id: number; readonly result: unknown }
  | { readonly lens: 'error'; readonly id: number; readonly error: ErrorData };

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
  progress(report: unknown): void;
}

const nothing = (): void => {};

/** Both directions over one port: calls out through `client`, calls in to `handlers`. */
export class Channel<Out, In = object> {
  private next = 1;
  private closed: Error | undefined;
  private readonly pending = new Map<number, Pending>();
  private readonly running = new Map<number, AbortController>();
  /** What waits for the end of a call on the other side, by call; longer than the caller where that one cancels. */
  private readonly unanswered = new Map<number, () => void>();
  readonly client: Client<Out>;

  constructor(
    private readonly port: Port,
    private readonly handlers: Handlers<In>,
  ) {
    this.client = new Proxy({} as Client<Out>, {
      // A channel must never look like a promise to `await`.
      get: (_target, name) =>
        name === 'then' || typeof name !== 'string'
          ? undefined
          : (request: unknown, options?: CallOptions<unknown>) => this.call(name, request, options),
    });
    port.listen(
      (message) => this.receive(message),
      (reason) => this.close(reason),
    );
  }

  /** Requests under way, ours and theirs. */
  get busy(): number {
    return this.pending.size + this.running.size;
  }

  /** Ends the channel: what is pending fails with `reason`, what runs is aborted. */
  close(reason: Error = new LensError('runtime', 'channel/closed', 'The other side has gone away.')): void {
    if (this.closed !== undefined) return;
    this.closed = reason;
    for (const pending of this.pending.values()) pending.reject(reason);
    this.pending.clear();
    for (const answered of this.unanswered.values()) answered();
    this.unanswered.clear();
    for (const running of this.running.values()) running.abort();
    this.running.clear();
  }

  private call(name: string, request: unknown, options: CallOptions<unknown> = {}): Promise<unknown> {
    if (this.closed !== undefined) return Promise.reject(this.closed);
    const { signal, onProgress, onAnswered = nothing } = options;
    if (signal?.aborted) return Promise.reject(new CancelledError());
    const id = this.next++;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        // The caller is free at once; the other side is told, and whatever it still sends is dropped.
        this.pending.delete(id);
        this.post({ lens: 'cancel', id });
        reject(new CancelledError());
      };
      const done = (): void => {
        this.pending.delete(id);
        signal?.removeEventListener('abort', onAbort);
      };
      this.pending.set(id, {
        resolve: (value) => (done(), resolve(value)),
        reject: (error) => (done(), reject(error)),
        progress: (report) => onProgress?.(report),
      });
      this.unanswered.set(id, onAnswered);
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        this.port.post({ lens: 'call', id, name, request } satisfies Message);
      } catch (error) {
        this.answered(id);
        this.pending.get(id)?.reject(error as Error);
      }
    });
  }

  private receive(raw: unknown): void {
    const message = raw as Message | undefined;
    if (typeof message !== 'object' || message === null || !('lens' in message)) return;
    switch (message.lens) {
      case 'call':
        void this.serve(message.id, message.name, message.request);
        break;
      case 'cancel':
        this.running.get(message.id)?.abort();
        break;
      case 'progress':
        this.pending.get(message.id)?.progress(message.report);
        break;
      case 'reply':
        this.answered(message.id);
        this.pending.get(message.id)?.resolve(message.result);
        break;
      case 'error':
        this.answered(message.id);
        this.pending.get(message.id)?.reject(fromErrorData(message.error));
        break;
    }
  }

  private answered(id: number): void {
    const onAnswered = this.unanswered.get(id);
    this.unanswered.delete(id);
    onAnswered?.();
  }

  private async serve(id: number, name: string, request: unknown): Promise<void> {
    const abort = new AbortController();
    this.running.set(id, abort);
    try {
      const handler = Object.hasOwn(this.handlers, name)
        ? (this.handlers as Record<string, AnyOperation>)[name]
        : undefined;
      if (handler === undefined) throw new Error(`No operation "${name}" is served here`);
      const progress = (report: unknown): void => {
        if (this.running.get(id) === abort && !abort.signal.aborted) this.post({ lens: 'progress', id, report });
      };
      const result: unknown = await handler(request, { signal: abort.signal, progress });
      // Not through `this.post`: a result that cannot be cloned is the caller's error, not the port's end.
      if (this.closed === undefined) this.port.post({ lens: 'reply', id, result } satisfies Message);
    } catch (error) {
      this.post({ lens: 'error', id, error: toErrorData(error) });
    } finally {
      this.running.delete(id);
    }
  }

  private post(message: Message): void {
    if (this.closed !== undefined) return;
    try {
      this.port.post(message);
    } catch (error) {
      this.close(error as Error);
    }
  }
}
