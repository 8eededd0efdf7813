import { asSentence } from '../../base/shorter.js';
import path from 'node:path';
import { numberedLabels, type Labels } from '../../input/labels.js';
import { sidecarPath } from '../../input/sidecar.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import { valueName } from '../../method/activations/prediction.js';
import { classLayoutOf } from '../../method/target/index.js';
import type { OutputReading } from '../../method/output/index.js';
import type { OutputSummary } from '../../result/output.js';
import type { OpenModel } from '../model/open.js';

/** What is said of a model's outputs beside every answer. */

export function summariesOf(outputs: readonly OutputReading[], chosen: OutputReading | undefined): OutputSummary[] {
  return outputs.map((o) => ({
    name: o.name,
    kind: o.kind,
    chosen: o === chosen,
    reason: asSentence(o.reason),
    ...(o.guessed ? { guessed: true } : {}),
  }));
}

/** Values that get a name each. */
const MOST_NUMBERED = 4096;
const NUMBERED = { kind: 'default', detail: 'values are numbered' } as const;

/** Names of the classes of the chosen output, and how many there are; undefined where it holds none. */
export function outputLabels(
  model: OpenModel,
  subject: ModelSubject,
): { readonly labels: Labels; readonly classes: number | undefined; readonly notes: readonly string[] } {
  const { labels } = model.resolved;
  const { output } = subject;
  if ((output.kind === 'regression' || output.kind === 'embedding') && subject.classes <= MOST_NUMBERED) {
    const names = Array.from({ length: subject.classes }, (_, i) => valueName(subject, i));
    return { labels: { names, origin: NUMBERED }, classes: undefined, notes: [] };
  }
  if (output.labels !== undefined) {
    const origin = { kind: 'metadata' as const, detail: "the model's ZipMap" };
    return { labels: { names: output.labels, origin }, classes: output.labels.length, notes: [] };
  }
  const classes = classLayoutOf(subject)?.classes ?? (subject.classifier ? subject.classes : undefined);
  if (classes === undefined || labels.origin.kind === 'default') return { labels, classes, notes: [] };
  const { length } = labels.names;
  const alone = output.layout !== undefined && 'binary' in output.layout && output.layout.binary === true;
  if (length === classes || (alone && length === 1)) return { labels, classes, notes: [] };
  return {
    labels: numberedLabels(0),
    classes,
    notes: [
      `${labels.origin.detail} has ${length} names, but "${output.name}" has ${classes} classes: they are not used.`,
    ],
  };
}

/** What a person should know of how the outputs are read: guesses, what is not known, and what else there is. */
export function outputNotes(model: OpenModel, subject: ModelSubject): string[] {
  const { output, outputs } = subject;
  const { name, kind, reason } = output;
  const sidecar = path.basename(sidecarPath(model.file.path));
  const wayOut = (to: string): string => `"outputs": { ${JSON.stringify(name)}: { "kind": "${to}" } } in ${sidecar}`;
  const notes: string[] = [];
  if (kind === 'unknown')
    notes.push(
      `The output "${name}" is not a list of classes; choose how to read it, e.g. with ${wayOut('regression')}. ${reason}`,
    );
  else if (output.guessed)
    notes.push(
      `The output "${name}" is taken for ${PLURAL[kind]}. ${reason} If that is wrong, say so with ${wayOut(kind === 'classes' ? 'regression' : 'classes')}.`,
    );
  const others = outputs.filter((o) => o !== output && o.partOf !== name);
  if (others.length > 0)
    notes.push(
      `"${name}" (${kind}) is taken of ${outputs.length} outputs; there ${others.length === 1 ? 'is' : 'are'} also ${listed(others.map((o) => `"${o.name}" (${o.kind})`))}.`,
    );
  return notes;
}

const PLURAL: Record<OutputReading['kind'], string> = {
  classes: 'scores of classes',
  'multi-label': 'scores of labels',
  regression: 'regressed numbers',
  embedding: 'an embedding',
  segmentation: 'a map of classes',
  dense: 'a dense map',
  sequence: 'a sequence of classes',
  detection: 'boxes of a detector',
  unknown: 'unknown',
};

/** More outputs than this are only counted. */
const MOST_NAMED = 6;

function listed(names: readonly string[]): string {
  return names.length <= MOST_NAMED
    ? names.join(', ')
    : `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`;
}
