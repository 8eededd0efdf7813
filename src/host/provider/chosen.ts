import { realpathSync } from 'node:fs';
import path from 'node:path';
import { goneTarget, homeEnvironment, makeHome } from './home.js';

/** What a person chose to run models with, as it is kept. */
export interface CudaChoice {
  /** The version of ONNX Runtime for which it was chosen. */
  readonly runtime: string;
  /** The folder of the provider, and how a person knows it. */
  readonly folder: string;
  readonly of: string;
  readonly cuda?: string;
  /** Links by name, all but the runtime's own. */
  readonly links: readonly (readonly [name: string, target: string])[];
}

/** The runner's own ONNX Runtime. */
export interface RunnerRuntime {
  readonly version: string;
  /** Its libonnxruntime.so.1. */
  readonly library: string;
}

/** The environment that starts a runner with a choice, or why it is not started so. */
export type CudaStart =
  { readonly environment: Readonly<Record<string, string>> } | { readonly refused: string; readonly mend: boolean };

/**
 * @param device index or UUID; empty: whatever the system shows first
 * @param mayLoad whether a file may be loaded: it is asked for each file with all links followed
 */
export function startWith(
  choice: CudaChoice,
  given: {
    readonly runtime: RunnerRuntime;
    readonly storage: string;
    readonly device: string;
    readonly environment: NodeJS.ProcessEnv;
    readonly mayLoad: (file: string) => boolean;
  },
): CudaStart {
  const { runtime, storage, device, environment } = given;
  if (choice.runtime !== runtime.version)
    return {
      refused: `it is of ONNX Runtime ${choice.runtime}, and models now run with ${runtime.version}`,
      mend: true,
    };
  const links = new Map([['libonnxruntime.so.1', runtime.library], ...choice.links]);
  const gone = goneTarget(links);
  if (gone !== undefined) return { refused: `${gone} is not there any more`, mend: true };
  const forbidden = choice.links.find(([, target]) => !given.mayLoad(target) || !given.mayLoad(realpathSync(target)));
  if (forbidden !== undefined)
    return { refused: `${forbidden[1]} lies in this workspace, which is not trusted`, mend: false };
  const home = makeHome(storage, links);
  return {
    environment: {
      ...homeEnvironment(home, environment),
      ...(device === '' ? {} : { CUDA_VISIBLE_DEVICES: device }),
    },
  };
}

/** Whether a file lies in a folder, as the paths are written. */
export function liesIn(file: string, folder: string): boolean {
  const way = path.relative(folder, file);
  return way === '' || (way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way));
}

/** A kept choice, if it is one: what an older version kept may have another form. */
export function asChoice(kept: unknown): CudaChoice | undefined {
  if (typeof kept !== 'object' || kept === null) return undefined;
  const { runtime, folder, of, links } = kept as Partial<CudaChoice>;
  const whole = [runtime, folder, of].every((each) => typeof each === 'string') && Array.isArray(links);
  return whole && links.every((link) => Array.isArray(link) && link.length === 2) ? (kept as CudaChoice) : undefined;
}
