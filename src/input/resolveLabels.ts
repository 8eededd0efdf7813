import path from 'node:path';
import { LensError } from '../base/errors.js';
import { whyNoPlace } from '../base/reach.js';
import type { Reading } from './conventions/convention.js';
import type { Consulted } from './files.js';
import { parseLabelText, tableOf } from './labelText.js';
import { fitLabels, numberedLabels, type Labels, type LabelTable } from './labels.js';
import type { LoadedSidecar } from './sidecar.js';

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
): Promise<Labels> {
  const own = await sidecarLabels(sidecar, consulted);
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
  const found = await consulted.read(path.resolve(path.dirname(sidecar.path), labels), true);
  if ('kept' in found) return undefined;
  const table = 'text' in found ? parseLabelText(found.text) : undefined;
  if (table === undefined) {
    const why =
      'absent' in found ? 'there is no such file' : 'text' in found ? 'no names are in it' : `that ${found.unreadable}`;
    throw new LensError('input', 'sidecar/labels', `${name} names "${labels}" for its labels, but ${why}.`, {
      hint: 'The path is taken from the folder of the settings file.',
    });
  }
  return { table, origin: { kind: 'sidecar', detail: `${labels}, named in ${name}` } };
}
