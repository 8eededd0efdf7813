import type * as vscode from 'vscode';
import { given } from '../../base/given.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { AboutModel, AnswerOf, ProgressOf, RequestOf } from '../../protocol/runner.js';
import { TRAITS } from '../../protocol/traits.js';
import { nameOf } from '../names.js';
import type { HostServices } from '../services.js';

/** Reads a file with patience while it may be half written. */
export type Reading = <T>(read: () => Promise<T>, signal: AbortSignal) => Promise<T>;

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
  const { title } = TRAITS[name];
  if (title === undefined) return run(call.signal, () => undefined);
  return services.status.work(
    `${title} ${nameOf(model)}`,
    (signal, report) => run(signal, ({ fraction, message }) => report({ message, ...given({ fraction }) })),
    call.signal,
  );
}
