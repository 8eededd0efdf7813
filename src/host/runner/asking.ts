import type * as vscode from 'vscode';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { AboutModel, AnswerOf, ProgressOf, RequestOf } from '../../protocol/runner.js';
import { nameOf } from '../names.js';
import type { HostServices } from '../services.js';

/** Reads a file with patience while it may be half written. */
export type Reading = <T>(read: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** Work that is long enough to be shown in the status bar, and what it is called there. */
const LONG: Readonly<Partial<Record<AboutModel, string>>> = {
  measure: 'measuring',
  scanWeights: 'checking the weights of',
  activations: 'activations of',
  graphActivations: 'activations of',
  topPictures: 'searching pictures with',
  weightsPca: 'principal components of',
  explain: 'explaining with',
};

/** One operation of the runner about a model, with its progress in the status bar where it may take long. */
export async function askAbout<K extends AboutModel>(
  services: HostServices,
  model: vscode.Uri,
  name: K,
  request: RequestOf<K>,
  call: Call<ProgressOf<K>>,
  reading: Reading,
): Promise<AnswerOf<K>> {
  const client = await services.runner();
  const operation = client[name] as unknown as (request: unknown, options: unknown) => Promise<AnswerOf<K>>;
  const about = { ...services.request(model), ...request };
  const run = (signal: AbortSignal, report: (progress: WorkProgress) => void): Promise<AnswerOf<K>> => {
    const onProgress = (progress: ProgressOf<K>): void => {
      report(progress);
      call.progress(progress);
    };
    return reading(() => operation(about, { signal, onProgress }), signal);
  };
  const title = LONG[name];
  if (title === undefined) return run(call.signal, () => undefined);
  return services.status.work(
    `${title} ${nameOf(model)}`,
    (signal, report) =>
      run(signal, ({ fraction, message }) => report({ message, ...(fraction === undefined ? {} : { fraction }) })),
    call.signal,
  );
}
