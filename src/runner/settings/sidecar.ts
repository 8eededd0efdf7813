import path from 'node:path';
import { changedSidecar, formatSidecar, parseSidecar, readModelSidecar, sidecarPath } from '../../input/sidecar.js';
import { Consulted } from '../../input/files.js';
import { FileReach } from '../../input/reach.js';
import type { Reach } from '../../base/reach.js';
import type { SettingsChange } from '../../result/settings.js';

/** The sidecar of a model with other settings: what it says of labels and outputs stays. Nothing is written. */
export async function sidecarWith(
  model: string,
  change: SettingsChange,
  reach?: Reach,
): Promise<{ file: string; text: string }> {
  const there = await readModelSidecar(model, new Consulted(new FileReach(model, reach)));
  const file = there?.path ?? sidecarPath(path.resolve(model));
  // Held to the rules of what is read, so that what is written can be.
  const checked = parseSidecar(JSON.stringify({ input: short(change) }), path.basename(file));
  return { file, text: formatSidecar(changedSidecar(there?.content ?? {}, checked.input ?? {})) };
}

/** One number for all channels where they are alike. */
function short(change: SettingsChange): SettingsChange {
  const one = (values: readonly number[]): readonly number[] =>
    values.every((v) => v === values[0]) ? values.slice(0, 1) : values;
  const { mean, std } = change;
  return {
    ...change,
    ...(mean === undefined ? {} : { mean: one(mean) }),
    ...(std === undefined ? {} : { std: one(std) }),
  };
}
