import { given } from '../../base/given.js';
import type { CompareModelsRequest } from '../../protocol/comparison.js';
import type { Side } from '../../result/comparison.js';
import type { DatasetRoom } from '../dataset/room.js';
import { Contents } from '../reading/contents.js';
import { contextOf } from '../reading/context.js';
import { JobUnits, keptInJob, type KeptUnits } from '../reading/keptInJob.js';
import type { KeptReadings } from '../reading/reading.js';
import type { OpenSide } from './side.js';

/** What is there of a comparison already, and where more is kept: in a job's folder, in the store, or nowhere. */
export interface KeptComparison {
  readonly contents: Contents;
  /** What tells either model with its settings from others; empty where nothing is kept. */
  readonly contexts: readonly string[];
  readonly readings: Readonly<Partial<Record<Side, KeptReadings>>>;
  /** What both models make of the same pictures. A job that is put together must have all of it. */
  readonly units?: KeptUnits;
  /** What cannot be known before all of that is there: a job that is put together makes what is missing. */
  readonly later?: KeptUnits;
  /** Which units are this process's own. */
  mine(unit: number): boolean;
  notes(): readonly string[];
  settle(): Promise<void>;
}

export async function keptComparison(
  sides: Readonly<Record<Side, OpenSide>>,
  request: CompareModelsRequest,
  room: DatasetRoom,
): Promise<KeptComparison> {
  const { a, b } = sides;
  if (request.job !== undefined) {
    const units = new JobUnits(request.job);
    const contexts = [
      await contextOf(a.model, a.subject, request),
      await contextOf(b.model, b.subject, request.other),
    ] as const;
    return {
      contents: new Contents(),
      contexts,
      readings: { a: keptInJob(units, contexts[0]), b: keptInJob(units, contexts[1]) },
      units,
      later: { read: (key) => units.journal.read(key), write: (key, payload) => units.write(key, payload) },
      mine: (unit) => units.mine(unit),
      notes: () => [],
      settle: () => Promise.resolve(),
    };
  }
  const [first, second] = [
    await room.keptFor(a.model, a.subject, request),
    await room.keptFor(b.model, b.subject, request.other),
  ];
  return {
    contents: first.contents,
    contexts: [first.context, second.context],
    readings: given({ a: first.kept, b: second.kept }),
    ...given({ units: first.units, later: first.units }),
    mine: () => true,
    notes: () => [...new Set([...first.notes(), ...second.notes()])],
    settle: () => first.settle(),
  };
}
