import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LensError } from '../../base/errors.js';
import { Newest } from '../../base/newest.js';
import { Journal } from '../../job/journal.js';
import { Contents, type KnownHash } from './contents.js';
import { unitKey, type KeptUnits } from './keptInJob.js';
import type { KeptReadings } from './reading.js';
import { decodeRows, encodeRows, type KeptRow } from './rows.js';

/** Bytes of predictions and features on the disk; what was looked at longest ago goes first. */
const MOST_BYTES = 4e9;
/** Numbers of files that were read last: the next inputs mostly lie in the same. */
const HELD = 1 << 23;
/** Files whose hashes are known. */
const MOST_KNOWN = 500_000;
/** A file that was read is not marked as used again for so long. */
const USED_MS = 60 * 60_000;

/**
 * Predictions and features on the disk, by what they are of: a model with its settings, a value of it, and the content of a
 * picture, wherever that lies. Bounded: what was used longest ago is forgotten. Several processes may share it.
 */
export class ReadingStore {
  private known: Promise<Map<string, KnownHash>> | undefined;
  private knownBefore = 0;
  private written = false;
  private readonly marked = new Map<string, number>();

  constructor(
    private readonly folder: string,
    private readonly most = MOST_BYTES,
  ) {}

  /** For one request: what tells its inputs apart. */
  async contents(): Promise<Contents> {
    return new Contents(await (this.known ??= this.readKnown()));
  }

  /** @param failed called with the reason when something could not be written; the work goes on without */
  kept(context: string, failed: (error: LensError) => void): KeptReadings {
    const columns = new Map<string, Column>();
    const of = (column: string): Column => {
      const known = columns.get(column);
      if (known !== undefined) return known;
      const name = createHash('sha256').update(column).digest('hex').slice(0, 16);
      const made = new Column(new Journal(path.join(this.folder, 'readings', context.slice(0, 32), name)), (file) =>
        this.mark(file),
      );
      columns.set(column, made);
      return made;
    };
    const keeping = this.whileThereIsRoom(failed);
    return {
      find: (column, ids) => of(column).find(ids),
      keep: (column, ids, rows, fresh) => keeping(() => of(column).keep(ids, rows, fresh)),
    };
  }

  /** Pieces of work of any kind, by keys of all that they depend on. */
  units(failed: (error: LensError) => void): KeptUnits {
    const journal = new Journal(path.join(this.folder, 'units'));
    const keeping = this.whileThereIsRoom(failed);
    return {
      read: async (key) => {
        const payload = await journal.read(key);
        if (payload !== undefined) await this.mark(journal.fileOf(key));
        return payload;
      },
      write: (key, payload) => keeping(() => journal.write(key, payload)),
    };
  }

  /** Writes until that fails, which is said once. */
  private whileThereIsRoom(failed: (error: LensError) => void): (write: () => Promise<void>) => Promise<void> {
    let full = false;
    return async (write) => {
      if (full) return;
      try {
        await write();
        this.written = true;
      } catch (error) {
        if (!(error instanceof LensError)) throw error;
        full = true;
        failed(error);
      }
    };
  }

  /** Called after a request: hashes of files are kept, and room is made. Failures cost time later, nothing else. */
  async settle(): Promise<void> {
    try {
      await this.writeKnown();
      if (this.written) await this.makeRoom();
      this.written = false;
    } catch {
      // As said.
    }
  }

  /** Removes everything, pictures of rows included. */
  async empty(): Promise<{ bytes: number }> {
    const bytes = (await filesBelow(this.folder)).reduce((sum, f) => sum + f.bytes, 0);
    await rm(this.folder, { recursive: true, force: true });
    this.known = undefined;
    this.marked.clear();
    return { bytes };
  }

  private async mark(file: string): Promise<void> {
    const now = Date.now();
    if (now - (this.marked.get(file) ?? 0) < USED_MS) return;
    this.marked.set(file, now);
    await utimes(file, now / 1000, now / 1000).catch(() => undefined);
  }

  private async makeRoom(): Promise<void> {
    const files = (await filesBelow(this.folder)).filter((f) => f.file.endsWith('.unit'));
    let total = files.reduce((sum, f) => sum + f.bytes, 0);
    for (const { file, bytes } of files.sort((a, b) => a.used - b.used)) {
      if (total <= this.most) return;
      await rm(file, { force: true }).catch(() => undefined);
      total -= bytes;
    }
  }

  private get knownFile(): string {
    return path.join(this.folder, 'files.json');
  }

  private async readKnown(): Promise<Map<string, KnownHash>> {
    try {
      const said = JSON.parse(await readFile(this.knownFile, 'utf8')) as [string, string, string][];
      const known = new Map(said.map(([file, stamp, hash]) => [file, { stamp, hash }]));
      this.knownBefore = known.size;
      return known;
    } catch {
      return new Map();
    }
  }

  private async writeKnown(): Promise<void> {
    const known = await this.known;
    if (known === undefined || known.size === this.knownBefore) return;
    for (const file of known.keys()) {
      if (known.size <= MOST_KNOWN) break;
      known.delete(file);
    }
    const half = `${this.knownFile}.${randomUUID()}.half`;
    try {
      await mkdir(this.folder, { recursive: true });
      await writeFile(half, JSON.stringify([...known].map(([file, { stamp, hash }]) => [file, stamp, hash])));
      await rename(half, this.knownFile);
      this.knownBefore = known.size;
    } finally {
      await rm(half, { force: true });
    }
  }
}

/** One value of one model with its settings. */
class Column {
  private readonly held = new Newest<string, readonly (KeptRow | undefined)[]>(HELD, (rows) =>
    rows.reduce((sum, r) => sum + (r !== undefined && 'row' in r ? r.row.length : 16), 0),
  );
  private index: Promise<Map<string, readonly [key: string, at: number]>> | undefined;

  constructor(
    private readonly journal: Journal,
    private readonly used: (file: string) => Promise<void>,
  ) {}

  async find(ids: readonly (string | undefined)[]): Promise<readonly (KeptRow | undefined)[]> {
    // Mostly the same inputs in the same order are asked for as before.
    const whole = await this.rows(keyOf(ids));
    if (whole?.length === ids.length && whole.every((r, i) => r !== undefined || ids[i] === undefined)) return whole;
    const index = await (this.index ??= this.readIndex());
    const found: (KeptRow | undefined)[] = [];
    for (const id of ids) {
      const place = id === undefined ? undefined : index.get(id);
      found.push(place === undefined ? undefined : (await this.rows(place[0]))?.[place[1]]);
    }
    return found;
  }

  async keep(
    ids: readonly (string | undefined)[],
    rows: readonly (KeptRow | undefined)[],
    fresh: readonly number[],
  ): Promise<void> {
    const kept = fresh.filter((i) => ids[i] !== undefined && rows[i] !== undefined);
    if (kept.length === 0) return;
    const own = kept.map((i) => ids[i]!);
    const key = keyOf(own);
    await this.journal.write(key, encodeRows(kept.map((i) => rows[i])), { ids: own });
    const index = await (this.index ??= this.readIndex());
    own.forEach((id, at) => index.set(id, [key, at]));
  }

  private async rows(key: string): Promise<readonly (KeptRow | undefined)[] | undefined> {
    const held = this.held.get(key);
    if (held !== undefined) return held;
    const payload = await this.journal.read(key);
    const rows = payload === undefined ? undefined : decodeRows(payload);
    if (rows === undefined) return undefined;
    this.held.set(key, rows);
    await this.used(this.journal.fileOf(key));
    return rows;
  }

  private async readIndex(): Promise<Map<string, readonly [string, number]>> {
    const index = new Map<string, readonly [string, number]>();
    for (const key of await this.journal.keys()) {
      const about = await this.journal.about(key);
      const ids = typeof about === 'object' && about !== null && 'ids' in about ? about.ids : undefined;
      if (Array.isArray(ids)) ids.forEach((id, at) => index.set(String(id), [key, at]));
    }
    return index;
  }
}

function keyOf(ids: readonly (string | undefined)[]): string {
  return unitKey(ids.map((id) => id ?? null));
}

interface Kept {
  readonly file: string;
  readonly bytes: number;
  readonly used: number;
}

async function filesBelow(folder: string): Promise<Kept[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: Kept[] = [];
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(file)));
    const about = entry.isFile() ? await stat(file).catch(() => undefined) : undefined;
    if (about !== undefined) found.push({ file, bytes: about.size, used: about.mtimeMs });
  }
  return found;
}
