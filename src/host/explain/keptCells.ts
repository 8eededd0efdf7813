import type { Explanation } from '../../result/explanation.js';

/** Bytes of arrays that are kept. */
const MOST = 64_000_000;

/** Explanations of single cells, the newest up to a size: a hidden tab that comes back need not compute them again. */
export class KeptCells {
  private readonly kept = new Map<string, Explanation>();
  private bytes = 0;

  constructor(private readonly most = MOST) {}

  get(key: string): Explanation | undefined {
    const found = this.kept.get(key);
    if (found === undefined) return undefined;
    this.kept.delete(key);
    this.kept.set(key, found);
    return found;
  }

  set(key: string, explanation: Explanation): void {
    this.remove(key);
    this.kept.set(key, explanation);
    this.bytes += sizeOf(explanation);
    for (const oldest of this.kept.keys()) {
      if (this.bytes <= this.most) return;
      this.remove(oldest);
    }
  }

  clear(): void {
    this.kept.clear();
    this.bytes = 0;
  }

  private remove(key: string): void {
    const found = this.kept.get(key);
    if (found === undefined) return;
    this.kept.delete(key);
    this.bytes -= sizeOf(found);
  }
}

const sizeOf = ({ picture, attribution }: Explanation): number =>
  picture.data.byteLength + 4 * attribution.values.data.length;
