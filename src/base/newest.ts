/**
 * A map that keeps what was used last: the least recently used entries go once there are too many. Without `sizeOf` each
 * entry counts 1; with it, `limit` is in the same unit (bytes, say). The newest entry always stays, however large.
 */
export class Newest<K, V> {
  /** In order of use, least recent first. */
  private readonly entries = new Map<K, V>();
  private used = 0;

  constructor(
    private readonly limit: number,
    private readonly sizeOf: (value: V) => number = () => 1,
  ) {}

  /** How many entries there are. */
  get size(): number {
    return this.entries.size;
  }

  /** Sum of the entries' sizes. */
  get total(): number {
    return this.used;
  }

  has(key: K): boolean {
    return this.entries.has(key);
  }

  /** The value, which counts as used now. */
  get(key: K): V | undefined {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  /** The value, without a use: its age stays. */
  peek(key: K): V | undefined {
    return this.entries.get(key);
  }

  set(key: K, value: V): void {
    this.delete(key);
    this.entries.set(key, value);
    this.used += this.sizeOf(value);
    for (const oldest of this.entries.keys()) {
      if (this.used <= this.limit || this.entries.size <= 1) return;
      this.delete(oldest);
    }
  }

  /** Forgets a key; with `value`, only where it still holds that one (a promise that has failed, say). */
  delete(key: K, value?: V): boolean {
    const found = this.entries.get(key);
    if (found === undefined || (value !== undefined && found !== value)) return false;
    this.entries.delete(key);
    this.used -= this.sizeOf(found);
    return true;
  }

  clear(): void {
    this.entries.clear();
    this.used = 0;
  }

  /** Least recently used first. */
  keys(): MapIterator<K> {
    return this.entries.keys();
  }

  /** Least recently used first. */
  values(): MapIterator<V> {
    return this.entries.values();
  }
}
