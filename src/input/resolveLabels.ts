import path from 'node:path';
import { LensError } from '../base/errors.js';
import type { Reading } from './conventions/convention.js';
import { readSmallText } from './files.js';
import { parseLabelText, tableOf } from './labelText.js';
import { fitLabels, forceLabels, numberedLabels, type Labels, type LabelTable } from './labels.js';
import type { LoadedSidecar } from './sidecar.js';

/**
 * The first names whose number fits the model. Names from the sidecar are kept even where it does not: the user said so;
 * the mismatch is a warning. Without any, classes are numbered.
 */
export async function resolveLabels(
  sidecar: LoadedSidecar | undefined,
  readings: readonly Reading[],
  classes: number | undefined,
  warnings: string[],
): Promise<Labels> {
  const own = await sidecarLabels(sidecar);
  if (own !== undefined) {
    const fitted = fitLabels(own.table, classes);
    if (fitted === undefined)
      warnings.push(`${own.origin.detail} has ${own.table.names.length} names for ${classes} classes.`);
    return { ...(fitted ?? forceLabels(own.table, classes!)), origin: own.origin };
  }
  for (const { labels, origin } of readings) {
    if (labels === undefined) continue;
    const fitted = fitLabels(labels, classes);
    if (fitted !== undefined) return { ...fitted, origin };
    warnings.push(`${origin.detail} has ${labels.names.length} names for ${classes} classes; they were ignored.`);
  }
  return numberedLabels(classes);
}

async function sidecarLabels(
  sidecar: LoadedSidecar | undefined,
): Promise<{ table: LabelTable; origin: Labels['origin'] } | undefined> {
  const labels = sidecar?.content.labels;
  if (sidecar === undefined || labels === undefined) return undefined;
  const name = path.basename(sidecar.path);
  if (typeof labels !== 'string') {
    const table = Array.isArray(labels) ? { names: labels } : tableOf(labels);
    if (table === undefined || table.names.length === 0) return undefined;
    return { table, origin: { kind: 'sidecar', detail: `labels in ${name}` } };
  }
  const text = await readSmallText(path.resolve(path.dirname(sidecar.path), labels));
  const table = text === undefined ? undefined : parseLabelText(text);
  if (table === undefined) {
    throw new LensError(
      'input',
      'sidecar/labels',
      `${name} names "${labels}" for its labels, but ${text === undefined ? 'there is no such file' : 'no names are in it'}.`,
      {
        hint: 'The path is taken from the folder of the settings file.',
      },
    );
  }
  return { table, origin: { kind: 'sidecar', detail: `${labels}, named in ${name}` } };
}
