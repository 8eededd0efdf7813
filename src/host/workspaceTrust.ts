import { realpathSync } from 'node:fs';
import path from 'node:path';
import { LensError } from '../base/errors.js';
import type { Client } from '../protocol/channel.js';
import type { RunnerApi } from '../protocol/runner.js';
import { runsModel } from '../protocol/traits.js';

/**
 * A client that runs the models of a workspace only where its user trusts it: a model file is a program for a native
 * runtime. The shipped models are run everywhere. Which operations run a model is said by their traits; one that has none
 * is refused as well.
 *
 * @param shipped folder of the extension
 */
export function trustedOnly(client: Client<RunnerApi>, shipped: string, trusted: () => boolean): Client<RunnerApi> {
  return new Proxy(client, {
    get(target, name, receiver) {
      const operation: unknown = Reflect.get(target, name, receiver);
      if (typeof name !== 'string' || typeof operation !== 'function') return operation;
      return (request: unknown, options: unknown): unknown =>
        trusted() || !runsModel(name, request) || modelsOf(request).every((model) => isShipped(model, shipped))
          ? (operation as (request: unknown, options: unknown) => unknown)(request, options)
          : Promise.reject(
              new LensError(
                'usage',
                'workspace/untrusted',
                'Models of a workspace that is not trusted are listed, but not run.',
                {
                  hint: 'Trust this workspace to run them.',
                },
              ),
            );
    },
  });
}

/** Whether a file came with the extension: it lies in its folder, whatever path and links lead to both. */
export function isShipped(file: string | undefined, shipped: string): boolean {
  if (file === undefined) return false;
  const way = path.relative(real(shipped), real(file));
  return way !== '' && way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}

/** The model that a request is about, and the one that it is held against. */
function modelsOf(request: unknown): readonly (string | undefined)[] {
  if (typeof request !== 'object' || request === null) return [undefined];
  const model = 'model' in request && typeof request.model === 'string' ? request.model : undefined;
  return 'other' in request ? [model, ...modelsOf(request.other)] : [model];
}

/** Links followed, as far as there is such a file. */
function real(file: string): string {
  try {
    return realpathSync.native(file);
  } catch {
    return path.resolve(file);
  }
}
