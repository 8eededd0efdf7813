import type { Traits } from './operation.js';
import { OPERATIONS, type RunnerApi } from './runner.js';

/** A description of every operation. */
export type RunnerTraits = { readonly [K in keyof RunnerApi]: Traits<Parameters<RunnerApi[K]>[0]> };

/**
 * The one description of the runner's operations, from their chapters. Workspace trust, the client with its watchdog, the
 * status bar and the service itself read it; what does not stand here is served to nobody whose workspace is not trusted.
 */
export const TRAITS: RunnerTraits = OPERATIONS;

/** The description of an operation by its name; `undefined` for one that is not described. */
export function traitsOf(name: string): Traits<never> | undefined {
  return Object.hasOwn(TRAITS, name) ? TRAITS[name as keyof RunnerApi] : undefined;
}

/** Whether a request hands a model to native code. One whose operation is not described may. */
export function runsModel(name: string, request: unknown): boolean {
  const { runs = 'always' } = traitsOf(name) ?? {};
  return typeof runs === 'function' ? runs(request as never) : runs === 'always';
}
