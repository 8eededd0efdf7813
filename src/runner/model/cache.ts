import path from 'node:path';
import { given } from '../../base/given.js';
import type { ModelRequest } from '../../protocol/request.js';
import type { Sessions } from '../../session/session.js';
import type { ModelFiles } from './files.js';
import type { ModelFile } from './file.js';
import { OpenModel } from './open.js';

interface Entry {
  readonly model: string;
  readonly file: ModelFile;
  readonly opening: Promise<OpenModel>;
  users: number;
  lastUse: number;
  /** Taken out of the cache: closed by its last user. */
  dropped: boolean;
}

/** What a request may read. */
interface Reads {
  readonly inputs?: readonly string[];
  readonly input?: unknown;
}

function readBy({ inputs = [], input }: Reads): readonly string[] {
  return typeof input === 'string' ? [input, ...inputs] : inputs;
}

export interface ModelCacheOptions {
  /** A model that nobody asked for so long gives its sessions back; 0 keeps them. */
  readonly idleMs: number;
  /** Open models at a time, the one in use not counted. */
  readonly most: number;
  readonly memoryShare?: number;
}

/** Open models by path and settings. A model is opened anew when its file, or one that its settings come from, has
 * changed on disk. */
export class ModelCache {
  private readonly entries = new Map<string, Entry>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly files: ModelFiles,
    private readonly sessions: Sessions,
    private readonly options: ModelCacheOptions,
  ) {}

  /** Paths of the models that are open. */
  get models(): readonly string[] {
    return [...new Set([...this.entries.values()].map((e) => e.model))];
  }

  /** Runs `work` with the model, which stays open meanwhile. */
  async use<T>(request: ModelRequest & Reads, work: (model: OpenModel) => Promise<T>): Promise<T> {
    const entry = await this.entryOf(request);
    entry.users++;
    try {
      return await work(await (await entry.opening).sizedFor(readBy(request)));
    } finally {
      entry.users--;
      entry.lastUse = Date.now();
      if (entry.dropped && entry.users === 0) void close(entry);
      this.tidy();
    }
  }

  /** Closes a model, whatever its settings. One that is in use is closed when its users are done. */
  async release(model: string): Promise<void> {
    const wanted = path.resolve(model);
    this.files.forget(model);
    await Promise.all(
      [...this.entries].filter(([, e]) => path.resolve(e.model) === wanted).map(([key]) => this.drop(key)),
    );
  }

  async dispose(): Promise<void> {
    clearTimeout(this.timer);
    await Promise.all([...this.entries.keys()].map((key) => this.drop(key)));
  }

  private async entryOf(request: ModelRequest): Promise<Entry> {
    const { model, provider, threads, memoryLimit } = request;
    const { config, output, otherInputs, settings, outputs, reach, randomWeights } = request;
    const options = {
      session: given({ provider, threads, memoryLimit }),
      ...given({ config, output, otherInputs, settings, outputs, reach, randomWeights }),
    };
    const key = JSON.stringify([path.resolve(model), options]);
    const file = await this.files.read(model);
    const known = this.entries.get(key);
    const holds = known?.file === file && (await isCurrent(known));
    // Another request may have opened it anew meanwhile.
    if (this.entries.get(key) !== known) return this.entryOf(request);
    if (known !== undefined) {
      this.entries.delete(key);
      if (holds) {
        this.entries.set(key, known);
        return known;
      }
      known.dropped = true;
      if (known.users === 0) void close(known);
    }
    const opening = OpenModel.open(file, this.sessions, {
      ...options,
      ...given({ memoryShare: this.options.memoryShare }),
    });
    const entry: Entry = { model, file, opening, users: 0, lastUse: Date.now(), dropped: false };
    opening.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    this.entries.set(key, entry);
    return entry;
  }

  /** Closes what has been idle for long and what is more than allowed, and looks again later. */
  private tidy(): void {
    const { idleMs, most } = this.options;
    const idle = [...this.entries].filter(([, e]) => e.users === 0);
    const late = idle.filter(([, e]) => idleMs > 0 && Date.now() - e.lastUse >= idleMs);
    const surplus = idle.slice(0, Math.max(0, idle.length - most));
    for (const [key] of new Map([...late, ...surplus])) void this.drop(key);
    clearTimeout(this.timer);
    this.timer = undefined;
    if (idleMs > 0 && this.entries.size > 0) {
      this.timer = setTimeout(() => this.tidy(), idleMs);
      this.timer.unref();
    }
  }

  private async drop(key: string): Promise<void> {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    entry.dropped = true;
    if (entry.users === 0) await close(entry);
  }
}

/** Whether all files that its settings come from are as they were; one that could not be opened is opened anew. */
async function isCurrent({ opening }: Entry): Promise<boolean> {
  const model = await opening.catch(() => undefined);
  return model !== undefined && (await model.resolved.consulted.unchanged());
}

async function close(entry: Entry): Promise<void> {
  const model = await entry.opening.catch(() => undefined);
  await model?.dispose();
}
