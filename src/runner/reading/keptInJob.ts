import { createHash } from 'node:crypto';
import path from 'node:path';
import { LensError } from '../../base/errors.js';
import { Journal } from '../../job/journal.js';
import { isMine } from '../../job/shard.js';
import type { JobPlace } from '../../protocol/request.js';
import type { KeptReadings } from './reading.js';
import { decodeRows, encodeRows } from './rows.js';

/** Pieces of work by their keys, wherever they are kept. */
export interface KeptUnits {
  read(key: string): Promise<Uint8Array | undefined>;
  write(key: string, payload: Uint8Array): Promise<void>;
}

/** The units of one job, as the requests of the runner name it. */
export class JobUnits implements KeptUnits {
  readonly journal: Journal;

  constructor(readonly job: JobPlace) {
    this.journal = new Journal(path.join(job.folder, 'units'));
  }

  mine(unit: number): boolean {
    return isMine(unit, this.job.shard);
  }

  /**
   * What a unit of the job holds.
   *
   * @throws LensError `job/missing` where the job is only put together and the unit is not done
   */
  async read(key: string): Promise<Uint8Array | undefined> {
    const payload = await this.journal.read(key);
    if (payload === undefined && this.job.merge === true) {
      throw new LensError('usage', 'job/missing', `The job in "${this.job.folder}" is not done: units are missing.`, {
        hint: 'Run the shares that were not finished again, with the same --job; then merge.',
      });
    }
    return payload;
  }

  write(key: string, payload: Uint8Array): Promise<void> {
    return this.journal.write(key, payload);
  }
}

/** The key of a unit: of everything that its answer depends on. */
export function unitKey(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Readings as units of a job: a unit is all its inputs, so that its numbers are those of a run without interruption. */
export function keptInJob(units: JobUnits, context: string): KeptReadings {
  const keyOf = (column: string, ids: readonly (string | undefined)[]): string =>
    unitKey(
      'rows',
      context,
      column,
      ids.map((id) => id ?? null),
    );
  return {
    async find(column, ids) {
      if (ids.every((id) => id === undefined)) return ids.map(() => undefined);
      const payload = await units.read(keyOf(column, ids));
      const rows = payload === undefined ? undefined : decodeRows(payload);
      return rows?.length === ids.length ? rows : ids.map(() => undefined);
    },
    async keep(column, ids, rows) {
      if (ids.some((id) => id !== undefined)) await units.journal.write(keyOf(column, ids), encodeRows(rows));
    },
  };
}
