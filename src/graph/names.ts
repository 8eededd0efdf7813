/** Gives out names that nobody uses yet. */
export class Names {
  private known: Set<string> | undefined;
  private readonly counters = new Map<string, number>();

  /**
   * @param taken names in use; as a function, it is asked when the first name is given out: most graphs need none, and
   * collecting all there are takes as long as parsing them
   */
  constructor(private readonly taken: Iterable<string> | (() => Iterable<string>) = []) {}

  private get used(): Set<string> {
    this.known ??= new Set(typeof this.taken === 'function' ? this.taken() : this.taken);
    return this.known;
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

/** Stands in the names of nodes that are written in place of another, between its name and their own. */
export const WRITTEN_OUT = 'expanded';

/** The name of the node that one was written in place of; its own where it was not. */
export function originOf(name: string): string {
  const at = name.indexOf(`/${WRITTEN_OUT}/`);
  return at < 0 ? name : name.slice(0, at);
}
