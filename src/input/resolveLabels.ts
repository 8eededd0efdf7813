import path from 'node:path';
import { LensError } from '../base/errors.js';
import { OUTSIDE, whyNoPlace } from '../base/reach.js';
import type { Reading } from './conventions/convention.js';
import type { Consulted } from './files.js';
import { parseLabelText, tableOf } from './labelText.js';
import { fitLabels, numberedLabels, type Labels, type LabelTable } from './labels.js';
import type { Origin } from './settings.js';
import type { LoadedSidecar } from './sidecar.js';

/** The name of a file with a name for each class, or the names themselves. */
export type SaidLabels = string | readonly string[];

/** Names that are tried before all others. */
export interface TriedLabels {
  readonly labels: SaidLabels;
  readonly origin: Origin;
  /** From which the name of a file is read. */
  readonly folder: string;
}

/**
 * The first names whose number fits the model: the sidecar's, then those of the readings. A list that does not fit names no
 * class, since nobody can know which of its names are off by one; it is said. Without any, classes are numbered.
 */
export async function resolveLabels(
  sidecar: LoadedSidecar | undefined,
  readings: readonly Reading[],
  classes: number | undefined,
  warnings: string[],
  consulted: Consulted,
  tried?: TriedLabels,
): Promise<Labels> {
  const own = tried === undefined ? await sidecarLabels(sidecar, consulted) : await requireLabels(tried, consulted);
  const offered = own === undefined ? [] : [{ labels: own.table, origin: own.origin }];
  for (const { labels, origin } of [...offered, ...readings]) {
    if (labels === undefined) continue;
    const fitted = fitLabels(labels, classes);
    if (fitted !== undefined) return { ...fitted, origin };
    warnings.push(`${origin.detail} has ${labels.names.length} names for ${classes} classes: they are not used.`);
  }
  return numberedLabels(classes);
}

async function sidecarLabels(
  sidecar: LoadedSidecar | undefined,
  consulted: Consulted,
): Promise<{ table: LabelTable; origin: Labels['origin'] } | undefined> {
  const labels = sidecar?.content.labels;
  if (sidecar === undefined || labels === undefined) return undefined;
  const name = path.basename(sidecar.path);
  if (typeof labels !== 'string') {
    const table = Array.isArray(labels) ? { names: labels } : tableOf(labels);
    if (table === undefined || table.names.length === 0) return undefined;
    return { table, origin: { kind: 'sidecar', detail: `labels in ${name}` } };
  }
  const odd = whyNoPlace(labels);
  if (odd !== undefined)
    throw new LensError('input', 'sidecar/labels', `${name} names a place for its labels that is not read: ${odd}.`, {
      hint: 'Copy the list of names beside the settings file.',
    });
  const found = await labelFile(path.dirname(sidecar.path), labels, consulted);
  if ('kept' in found) return undefined;
  if ('why' in found)
    throw new LensError('input', 'sidecar/labels', `${name} names "${labels}" for its labels, but ${found.why}.`, {
      hint: FROM,
    });
  return { table: found.table, origin: { kind: 'sidecar', detail: `${labels}, named in ${name}` } };
}

const FROM = 'The path is taken from the folder of the settings file.';

/**
 * Names that somebody is just saying.
 *
 * @throws LensError `sidecar/labels` for a file that is not there, holds no names or lies outside the workspace: while
 * somebody is typing nobody is asked about it
 */
export async function requireLabels(
  { labels, origin, folder }: TriedLabels,
  consulted: Consulted,
): Promise<{ table: LabelTable; origin: Origin }> {
  if (typeof labels !== 'string') return { table: { names: labels }, origin };
  const refuse = (why: string, hint: string): LensError =>
    new LensError('input', 'sidecar/labels', `"${labels}" cannot be read for labels: ${why}.`, { hint });
  const copy = 'Copy the list of names beside the model.';
  const odd = whyNoPlace(labels);
  if (odd !== undefined) throw refuse(odd, copy);
  const found = await labelFile(folder, labels, consulted).catch((error: unknown) => {
    if (error instanceof LensError && error.code === OUTSIDE) return { kept: true } as const;
    throw error;
  });
  if ('kept' in found) throw refuse('it lies outside the workspace', copy);
  if ('why' in found) throw refuse(found.why, FROM);
  return { table: found.table, origin };
}

async function labelFile(
  folder: string,
  name: string,
  consulted: Consulted,
): Promise<{ readonly table: LabelTable } | { readonly why: string } | { readonly kept: true }> {
  const found = await consulted.read(path.resolve(folder, name), true);
  if ('kept' in found) return found;
  if ('absent' in found) return { why: 'there is no such file' };
  if ('unreadable' in found) return { why: `that ${found.unreadable}` };
  const table = parseLabelText(found.text);
  return table === undefined ? { why: 'no names are in it' } : { table };
}
