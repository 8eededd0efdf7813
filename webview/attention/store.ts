import { isCancelled, toErrorData, type ErrorData } from '../../src/base/errors.js';
import { Newest } from '../../src/base/newest.js';
import type { AttentionLayer, AttentionMatrices } from '../../src/result/attention.js';

/** Bytes of matrices that a page holds, and of one question: larger answers block the page while they arrive. */
const [HELD, AT_ONCE] = [256_000_000, 96_000_000];

/** Numbers about a layer's matrices, which are small and stay. */
export type Numbers = Omit<AttentionMatrices, 'weights'>;

/** @returns bytes of a layer's matrices */
export function bytesOf({ windows, heads, queries, keys }: AttentionLayer): number {
  return 4 * windows * heads * queries * keys;
}

export interface Limits {
  readonly held: number;
  readonly atOnce: number;
}

/**
 * The matrices of one picture, fetched where they are wanted: all in one run where they have room, else some layers at a
 * time, and the least recently seen go. Without a DOM.
 */
export class MatrixStore {
  /** What went wrong with the last question. */
  error: ErrorData | undefined;
  private readonly kept: Newest<string, AttentionMatrices>;
  private readonly numbersOf = new Map<string, Numbers>();
  private readonly abort = new AbortController();
  private wanted: readonly string[] = [];
  private asking = false;

  constructor(
    readonly layers: readonly AttentionLayer[],
    private readonly fetch: (names: readonly string[], signal: AbortSignal) => Promise<readonly AttentionMatrices[]>,
    private readonly changed: () => void,
    private readonly limits: Limits = { held: HELD, atOnce: AT_ONCE },
  ) {
    this.kept = new Newest(limits.held, ({ weights }) => weights.data.byteLength);
  }

  /** Whether all of them are held at a time. */
  get whole(): boolean {
    return this.layers.reduce((sum, layer) => sum + bytesOf(layer), 0) <= this.limits.held;
  }

  get working(): boolean {
    return this.asking;
  }

  /** How many layers are known by their numbers. */
  get known(): number {
    return this.numbersOf.size;
  }

  at(layer: string): AttentionMatrices | undefined {
    return this.kept.get(layer);
  }

  numbers(layer: string): Numbers | undefined {
    return this.numbersOf.get(layer);
  }

  /** A layer that is too large to be held at all. */
  tooLarge(layer: AttentionLayer): boolean {
    return bytesOf(layer) > this.limits.held;
  }

  /** What is to be seen, the most wanted first. Fetches what of it is missing, and what has room beside it. */
  need(names: readonly string[]): void {
    this.wanted = names;
    if (!this.asking && this.error === undefined) void this.ask();
  }

  /** Every layer's numbers, also where the matrices have no room: page by page. */
  needNumbers(): void {
    this.need([...this.wanted, ...this.layers.map(({ name }) => name).filter((name) => !this.numbersOf.has(name))]);
  }

  /** Asks again what could not be answered. */
  retry(): void {
    this.error = undefined;
    this.need(this.wanted);
  }

  dispose(): void {
    this.abort.abort();
    this.kept.clear();
  }

  private async ask(): Promise<void> {
    this.asking = true;
    try {
      for (let page = this.page(); page.length > 0 && !this.abort.signal.aborted; page = this.page()) {
        this.changed();
        const answers = await this.fetch(page, this.abort.signal);
        if (this.abort.signal.aborted) return;
        // The most wanted are kept last: they are the last to go.
        for (const each of [...answers].reverse()) {
          const { weights: _large, ...numbers } = each;
          this.numbersOf.set(each.layer, numbers);
          this.kept.set(each.layer, each);
        }
        const missing = page.find((name) => !answers.some(({ layer }) => layer === name));
        if (missing !== undefined) throw new Error(`The layer "${missing}" was not answered`);
      }
    } catch (error) {
      if (!isCancelled(error)) this.error = toErrorData(error);
    } finally {
      this.asking = false;
      if (!this.abort.signal.aborted) this.changed();
    }
  }

  /** What to ask next: what is wanted and missing, and its neighbours as far as all of it has room. */
  private page(): readonly string[] {
    // What is wanted and there is not what goes to make room.
    for (const name of [...this.wanted].reverse()) this.kept.get(name);
    const byName = new Map(this.layers.map((layer) => [layer.name, layer]));
    const missing = (name: string): boolean => {
      const layer = byName.get(name);
      return layer !== undefined && !this.tooLarge(layer) && !this.kept.has(name);
    };
    // Of a whole that has no room, what was seen and has gone since is not asked again only for its numbers.
    const wanted = this.wanted.filter((name, i) => missing(name) && (this.fits(i) || !this.numbersOf.has(name)));
    const [first] = wanted;
    if (first === undefined) return [];
    const at = this.layers.findIndex(({ name }) => name === first);
    const around = [...this.layers.slice(at), ...this.layers.slice(0, at)].map(({ name }) => name);
    const page: string[] = [];
    let bytes = 0;
    for (const name of new Set([...wanted, ...(this.whole ? around : [])])) {
      if (!missing(name)) continue;
      const more = bytesOf(byName.get(name)!);
      if (page.length > 0 && bytes + more > this.limits.atOnce) break;
      bytes += more;
      page.push(name);
    }
    return page;
  }

  /** Whether the first so many that are wanted have room together. */
  private fits(index: number): boolean {
    let bytes = 0;
    for (const name of this.wanted.slice(0, index + 1)) {
      const layer = this.layers.find((each) => each.name === name);
      bytes += layer === undefined ? 0 : bytesOf(layer);
    }
    return bytes <= this.limits.held;
  }
}
