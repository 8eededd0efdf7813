import path from 'node:path';
import * as vscode from 'vscode';
import { LensError } from '../base/errors.js';
import type { Client } from '../protocol/channel.js';
import type { ModelRequest } from '../protocol/request.js';
import type { RunnerApi } from '../protocol/runner.js';

/** Operations that hand a model to native code. The others read its structure with our own parser. */
const NATIVE: ReadonlySet<string> = new Set<keyof RunnerApi>([
  'explain',
  'predict',
  'inspect',
  'labels',
  'measure',
  'activations',
  'graphActivations',
  'topPictures',
  'sanity',
  'exportGradient',
]);

/**
 * A client that runs the models of a workspace only where its user trusts it: a model file is a program for a native
 * runtime. The shipped models are run everywhere.
 */
export function trustedOnly(client: Client<RunnerApi>, shipped: string): Client<RunnerApi> {
  return new Proxy(client, {
    get(target, name, receiver) {
      const operation: unknown = Reflect.get(target, name, receiver);
      if (typeof name !== 'string' || !NATIVE.has(name) || typeof operation !== 'function') return operation;
      return (request: ModelRequest, options: unknown): unknown =>
        vscode.workspace.isTrusted || request.model.startsWith(shipped + path.sep)
          ? (operation as (request: ModelRequest, options: unknown) => unknown)(request, options)
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
