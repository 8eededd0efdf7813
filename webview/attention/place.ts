import type { Client } from '../../src/protocol/channel.js';
import type { AttentionParts } from '../../src/protocol/attentionPanel.js';
import type { AttentionLayer } from '../../src/result/attention.js';
import type { AttentionView, HeadName } from './kept.js';

/** Where the parts stand: what was chosen is kept there. */
export interface AttentionPlace {
  readonly host: Client<AttentionParts>;
  readonly view: AttentionView;
  /** Name of the colour map for magnitudes. */
  readonly colorMap: string;
  update(change: Partial<AttentionView>): void;
  /** All of it anew: what is left out is as at the beginning. */
  replace(view: AttentionView): void;
}

/** A layer and head of the grid. */
export interface Chosen {
  readonly layer: AttentionLayer;
  /** Of the layer in the grid. */
  readonly row: number;
  readonly head: HeadName;
}

/** The one that was chosen, where it is there; else the mean of the last layer whose tokens have places. */
export function chosenOf(layers: readonly AttentionLayer[], kept: AttentionView['chosen']): Chosen | undefined {
  const row = kept === undefined ? -1 : layers.findIndex(({ name }) => name === kept.layer);
  const layer = layers[row];
  if (kept !== undefined && layer !== undefined)
    return { layer, row, head: typeof kept.head === 'number' && kept.head >= layer.heads ? 'mean' : kept.head };
  const last = layers.findLastIndex(({ to, from }) => to !== undefined && from !== undefined);
  const at = last < 0 ? layers.length - 1 : last;
  return at < 0 ? undefined : { layer: layers[at]!, row: at, head: 'mean' };
}
