/**
 * What is made from other things, made again only where one of them is another. It stays the same object meanwhile, so
 * that elements that get it do not draw anew.
 */
export class Remade<T> {
  private from: readonly unknown[] | undefined;
  private made!: T;

  /** @param from all that `make` reads; compared one by one, by identity */
  get(from: readonly unknown[], make: () => T): T {
    const before = this.from;
    if (before?.length !== from.length || from.some((each, i) => !Object.is(each, before[i]))) {
      this.made = make();
      this.from = from;
    }
    return this.made;
  }
}
