import type * as vscode from 'vscode';
import type { Address, FilePath } from '../../base/place.js';
import type { Call, Handlers } from '../../protocol/channel.js';
import type { Passed } from '../../protocol/passed.js';
import type { AboutModel, AnswerOf, ProgressOf, RequestOf } from '../../protocol/runner.js';
import { fileAt, pathOf } from '../names.js';
import { askAbout, type Reading } from '../runner/asking.js';
import type { HostServices } from '../services.js';

/**
 * Handlers of a page that hand operations on to the runner, about one model.
 *
 * @param names the operations, as the interface's `Passed<…>` lists them
 * @param reading how the model's file is read; by default without waiting for one that is being written
 */
export function passed<K extends AboutModel>(
  services: HostServices,
  model: vscode.Uri,
  names: readonly K[],
  reading: Reading = (read) => read(),
): Handlers<Passed<K>> {
  const handler =
    (name: K) =>
    (request: object, call: Call<ProgressOf<K>>): Promise<AnswerOf<K>> =>
      askAbout(services, model, name, onDisk(request) as RequestOf<K>, call, reading);
  return Object.fromEntries(names.map((name) => [name, handler(name)])) as unknown as Handlers<Passed<K>>;
}

/** Files of a page's request, `input` and `inputs`, by their paths instead of their addresses. */
export function onDisk<Q extends object>(request: Q): OnDisk<Q> {
  const { input, inputs } = request as { readonly input?: Address; readonly inputs?: readonly Address[] };
  return {
    ...request,
    ...(input === undefined ? {} : { input: pathAt(input) }),
    ...(inputs === undefined ? {} : { inputs: inputs.map(pathAt) }),
  } as OnDisk<Q>;
}

type OnDisk<Q> = {
  [F in keyof Q]: F extends 'input' ? FilePath : F extends 'inputs' ? readonly FilePath[] : Q[F];
};

/** @throws LensError where the file is not on this machine's disk */
const pathAt = (address: Address): FilePath => pathOf(fileAt(address));
