import { asSentence } from './shorter.js';

/**
 * Expected errors, apart from bugs. An expected error carries a sentence a person can act on; anything else that is
 * thrown is a bug and keeps its stack. Cancellation is branded and is never shown as an error.
 */

/** Who has to act: `usage` and `input` the caller, `unsupported` nobody (the model cannot be served), `runtime` the machine. */
export type ErrorKind = 'usage' | 'input' | 'unsupported' | 'runtime';

/** One refused operator, as `inspect` and the panels list it. */
export interface RefusedOperator {
  readonly op: string;
  readonly node: string;
  readonly layer?: string;
  readonly reason: string;
}

export interface LensErrorOptions {
  /** What to do about it, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** The operators that stop a model (kind `unsupported`). */
  readonly refused?: readonly RefusedOperator[];
  /** The output of the model that it is about, where somebody can say what that is. */
  readonly output?: string;
  /** The files that it is about, where somebody can decide about them. Absolute paths. */
  readonly files?: readonly string[];
}

/** An error that was foreseen: one sentence on one line, whatever it quotes. `code` is stable and machine-readable, `<room>/<what>`, e.g. `checkpoint/truncated`. */
export class LensError extends Error {
  readonly hint?: string;
  readonly refused?: readonly RefusedOperator[];
  readonly files?: readonly string[];
  readonly output?: string;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    options: LensErrorOptions = {},
  ) {
    super(asSentence(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LensError';
    if (options.hint !== undefined) this.hint = asSentence(options.hint);
    if (options.refused !== undefined)
      this.refused = options.refused.map((each) => ({ ...each, reason: asSentence(each.reason) }));
    if (options.files !== undefined) this.files = options.files;
    if (options.output !== undefined) this.output = options.output;
  }
}

/** Thrown by work that was asked to stop. Never shown to a person as an error. */
export class CancelledError extends Error {
  readonly cancelled = true;
  constructor(message = 'Cancelled') {
    super(message);
    this.name = 'CancelledError';
  }
}

/** True for our own cancellation and for the platform's `AbortError`. */
export function isCancelled(error: unknown): boolean {
  return error instanceof CancelledError || (error instanceof Error && error.name === 'AbortError');
}

/** Throws {@link CancelledError} once `signal` has been aborted. */
export function throwIfCancelled(signal?: AbortSignal): void {
  if (signal?.aborted) throw new CancelledError();
}

/** An error as plain data: what crosses a process or webview boundary. */
export interface ErrorData {
  readonly kind: ErrorKind | 'cancelled' | 'bug';
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly refused?: readonly RefusedOperator[];
  readonly files?: readonly string[];
  readonly output?: string;
  readonly stack?: string;
  readonly cause?: ErrorData;
}

/** Any thrown thing as data, its chain of causes kept. */
export function toErrorData(error: unknown): ErrorData {
  if (isCancelled(error)) return { kind: 'cancelled', code: 'cancelled', message: 'Cancelled' };
  if (!(error instanceof Error)) return { kind: 'bug', code: 'bug', message: String(error) };
  const cause = error.cause === undefined ? undefined : toErrorData(error.cause);
  if (error instanceof LensError) {
    return {
      kind: error.kind,
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.refused === undefined ? {} : { refused: error.refused }),
      ...(error.files === undefined ? {} : { files: error.files }),
      ...(error.output === undefined ? {} : { output: error.output }),
      ...(cause === undefined ? {} : { cause }),
    };
  }
  return {
    kind: 'bug',
    code: 'bug',
    message: error.message || error.name,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** The inverse of {@link toErrorData}. */
export function fromErrorData(data: ErrorData): Error {
  const cause = data.cause === undefined ? undefined : fromErrorData(data.cause);
  if (data.kind === 'cancelled') return new CancelledError();
  if (data.kind === 'bug') {
    const error = new Error(data.message, cause === undefined ? undefined : { cause });
    if (data.stack !== undefined) error.stack = data.stack;
    return error;
  }
  return new LensError(data.kind, data.code, data.message, {
    ...(data.hint === undefined ? {} : { hint: data.hint }),
    ...(data.refused === undefined ? {} : { refused: data.refused }),
    ...(data.files === undefined ? {} : { files: data.files }),
    ...(data.output === undefined ? {} : { output: data.output }),
    ...(cause === undefined ? {} : { cause }),
  });
}
