import type { Call } from '../../../src/protocol/channel.js';

/** A call of the runner's service, as it comes over a channel. */
export function call<P>(
  onProgress: (report: P) => void = () => undefined,
  signal = new AbortController().signal,
): Call<P> {
  return { signal, progress: onProgress };
}
