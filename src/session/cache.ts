import type { Session } from './session.js';

interface Entry {
  readonly opening: Promise<Session>;
  readonly bytes: number;
  users: number;
}

/**
 * Open sessions by key, the least recently used disposed first once their estimated bytes exceed a limit. A session in
 * use is never disposed under its user.
 */
export class SessionCache {
  /** In order of use, least recent first. */
  private readonly entries = new Map<string, Entry>();
  private closing = false;

  constructor(private readonly limitBytes: number) {}

  get size(): number {
    return this.entries.size;
  }

  get bytes(): number {
    let sum = 0;
    for (const entry of this.entries.values()) sum += entry.bytes;
    return sum;
  }

  /**
   * Runs `work` with the session of `key`, opening it first if need be. A session that could not be opened is forgotten.
   *
   * @param bytes estimate of the native memory it holds
   */
  async use<T>(
    key: string,
    bytes: number,
    open: () => Promise<Session>,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    if (this.closing) throw new Error('The cache has been disposed');
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = { opening: open(), bytes, users: 0 };
      entry.opening.catch(() => {
        if (this.entries.get(key) === entry) this.entries.delete(key);
      });
    } else this.entries.delete(key);
    this.entries.set(key, entry);
    entry.users++;
    try {
      this.trim();
      return await work(await entry.opening);
    } finally {
      entry.users--;
      this.trim();
    }
  }

  /** Disposes what nobody uses now; the rest goes when its users are done. */
  async clear(): Promise<void> {
    const idle = [...this.entries].filter(([, entry]) => entry.users === 0);
    for (const [key] of idle) this.entries.delete(key);
    await Promise.all(idle.map(([, entry]) => close(entry)));
  }

  async dispose(): Promise<void> {
    this.closing = true;
    await this.clear();
  }

  private trim(): void {
    let bytes = this.bytes;
    for (const [key, entry] of this.entries) {
      if (!this.closing && (bytes <= this.limitBytes || this.entries.size <= 1)) break;
      if (entry.users > 0) continue;
      this.entries.delete(key);
      bytes -= entry.bytes;
      void close(entry);
    }
  }
}

async function close(entry: Entry): Promise<void> {
  try {
    await (await entry.opening).dispose();
  } catch {
    // It never opened: whoever asked for it has been told.
  }
}
