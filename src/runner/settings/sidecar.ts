import path from 'node:path';
import { canonical } from '../../base/canonical.js';
import { LensError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import { Consulted } from '../../input/files.js';
import { FileReach } from '../../input/reach.js';
import { requireLabels } from '../../input/resolveLabels.js';
import {
  changedSidecar,
  formatSidecar,
  parseSidecar,
  readModelSidecar,
  sidecarPath,
  type Sidecar,
} from '../../input/sidecar.js';
import type { SidecarRequest, SidecarText } from '../../protocol/settings.js';
import type { SettingsChange } from '../../result/settings.js';

/** The sidecar of a model with other settings, and what is said of its outputs: the rest of it stays. Nothing is written. */
export async function sidecarWith({ model, change, outputs, attention, reach }: SidecarRequest): Promise<SidecarText> {
  const consulted = new Consulted(new FileReach(model, reach));
  const there = await readModelSidecar(model, consulted);
  // What is not read is not written over, either: a link there may lead to any file.
  const [left] = there === undefined ? consulted.notes : [];
  if (left !== undefined) throw new LensError('usage', 'settings/left', `The settings cannot be saved. ${left}`);
  const file = there?.path ?? sidecarPath(path.resolve(model));
  // Held to the rules of what is read, so that what is written can be.
  const { labels, ...settings } = change;
  const said = Object.keys(settings).length === 0 ? {} : { input: short(settings) };
  const checked = parseSidecar(JSON.stringify({ ...said, labels, outputs, attention }), path.basename(file));
  if (labels !== undefined)
    await requireLabels({ labels, folder: path.dirname(file), origin: { kind: 'user', detail: '' } }, consulted);
  const before = there?.content ?? {};
  const changed = {
    ...(checked.input === undefined ? before : changedSidecar(before, checked.input)),
    ...given({ labels: checked.labels, attention: checked.attention }),
  };
  const all = { ...changed.outputs, ...checked.outputs };
  return {
    file: filePath(file),
    text: formatSidecar({ ...changed, ...(Object.keys(all).length === 0 ? {} : { outputs: all }) }),
    replaces: [
      ...replacedBy(before.input ?? {}, checked.input ?? {}),
      ...(labels === undefined || before.labels === undefined || canonical(before.labels) === canonical(labels)
        ? []
        : ['labels']),
    ],
  };
}

type Input = NonNullable<Sidecar['input']>;

/** What a person wrote and would be something else: what was found says so as its evidence, and gives way. */
function replacedBy(before: Input, { evidence: _evidence, ...now }: Input): readonly string[] {
  const found: Readonly<Record<string, unknown>> = before.evidence ?? {};
  const said: Readonly<Record<string, unknown>> = before;
  return Object.entries(now)
    .filter(([name, value]) => name in said && !(name in found) && canonical(said[name]) !== canonical(value))
    .map(([name]) => name);
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
