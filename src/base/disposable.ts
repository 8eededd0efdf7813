/** Something that must be given back exactly once. */
export interface Disposable {
  dispose(): void | Promise<void>;
}

/** Collects disposables. One that is registered after disposal is disposed at once, so a late arrival cannot leak. */
export class DisposableStore implements Disposable {
  private readonly items = new Set<Disposable>();
  private closed = false;

  get isDisposed(): boolean {
    return this.closed;
  }

  add<T extends Disposable>(item: T): T {
    if (this.closed) void item.dispose();
    else this.items.add(item);
    return item;
  }

  /** Disposes everything, last registered first. One that fails does not keep the others alive. */
  async dispose(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const items = [...this.items].reverse();
    this.items.clear();
    const failures: unknown[] = [];
    for (const item of items) {
      try {
        await item.dispose();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
