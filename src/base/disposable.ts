/** Something that must be let go; the editor's own disposables are of this shape. */
export interface Disposable {
  dispose(): unknown;
}

/**
 * Owns what it is given, and lets go of it once, the last first. What comes after the end is disposed at once: a listener
 * that is registered late, after an `await` say, would otherwise stay for ever.
 */
export class Disposables implements Disposable {
  private owned: Disposable[] = [];
  private ended = false;

  get isDisposed(): boolean {
    return this.ended;
  }

  /** Takes something over, and hands it back. */
  add<T extends Disposable>(disposable: T): T {
    if (this.ended) disposable.dispose();
    else this.owned.push(disposable);
    return disposable;
  }

  /** Takes several over: listeners, say. */
  addAll(...disposables: readonly Disposable[]): void {
    for (const each of disposables) this.add(each);
  }

  /** Runs `end` when this is disposed. */
  onDispose(end: () => void): void {
    this.add({ dispose: end });
  }

  dispose(): void {
    this.ended = true;
    for (const each of this.owned.splice(0).reverse()) each.dispose();
  }
}
