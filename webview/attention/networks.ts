import type { AttentionAsked } from '../../src/protocol/attentionPanel.js';
import type { AttentionLayer, AttentionMatrices, SilencedHead } from '../../src/result/attention.js';
import { MatrixStore, type Limits } from './store.js';

/** What is asked of a network beside the model as it is. */
export type Variant = Pick<AttentionAsked, 'random' | 'silenced'>;

type Fetch = (
  layers: readonly string[],
  variant: Variant,
  signal: AbortSignal,
) => Promise<readonly AttentionMatrices[]>;

/** What is cut, as people know it: the layer by its row. */
export function nameOfCut({ layer, head }: SilencedHead, layers: readonly AttentionLayer[]): string {
  const row = layers.findIndex(({ name }) => name === layer);
  return head === undefined ? `layer ${row}` : `head ${head} of layer ${row}`;
}

/** The model as it is, with random weights, and without a head: which is shown, and the matrices of each. */
export class Networks {
  /** A key is held, or a button pressed: the network with random weights is shown. */
  held = false;
  toggled = false;
  /** A head that counts for nothing, to see what the others do without it. */
  cut: SilencedHead | undefined;
  private readonly stores = new Map<string, MatrixStore>();

  constructor(
    private readonly fetch: Fetch,
    private readonly arrived: () => void,
    private readonly limits?: Limits,
  ) {}

  get random(): boolean {
    return this.held || this.toggled;
  }

  /** What is asked of the one that is shown. */
  get variant(): Variant {
    const { cut, random } = this;
    return random ? { random } : cut === undefined ? {} : { silenced: [cut] };
  }

  /** The matrices of the one that is shown. */
  get store(): MatrixStore | undefined {
    return this.stores.get(JSON.stringify(this.variant));
  }

  /** Opens the matrices of the one that is shown. Of those without a head only that one is held. */
  open(layers: readonly AttentionLayer[]): void {
    if (this.store !== undefined) return;
    for (const [name, before] of this.stores) {
      if (!name.includes('silenced')) continue;
      before.dispose();
      this.stores.delete(name);
    }
    const { variant } = this;
    const fetch = (names: readonly string[], signal: AbortSignal): ReturnType<Fetch> =>
      this.fetch(names, variant, signal);
    this.stores.set(JSON.stringify(variant), new MatrixStore(layers, fetch, this.arrived, this.limits));
  }

  clear(): void {
    for (const store of this.stores.values()) store.dispose();
    this.stores.clear();
  }
}
