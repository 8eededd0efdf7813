/** Gives out names that nobody uses yet. */
export class Names {
  private readonly used: Set<string>;
  private readonly counters = new Map<string, number>();

  constructor(used: Iterable<string> = []) {
    this.used = new Set(used);
  }

  /** The wish itself when it is free, else the wish with a number. The name counts as used from now on. */
  make(wish: string): string {
    let name = wish;
    if (this.used.has(name)) {
      let n = this.counters.get(wish) ?? 1;
      do name = `${wish}_${n++}`;
      while (this.used.has(name));
      this.counters.set(wish, n);
    }
    this.used.add(name);
    return name;
  }

  has(name: string): boolean {
    return this.used.has(name);
  }

  add(name: string): void {
    this.used.add(name);
  }
}
