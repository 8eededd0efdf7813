import type { SessionProducts } from '../session/products.js';
import type { DatasetRoom } from './dataset/room.js';
import type { Foreground } from './model/foreground.js';
import type { ModelCache } from './model/cache.js';
import type { ModelFiles } from './model/files.js';

/** What the chapters' handlers share. What only one chapter keeps is its own. */
export interface Rooms {
  /** Models that are open, to be questioned. */
  readonly models: ModelCache;
  /** Models as their files describe them: no session, no weights. */
  readonly files: ModelFiles;
  /** Products of matrices, for what is asked of many points. */
  readonly products: SessionProducts;
  /** Whether a person waits for something: background work stands back meanwhile. */
  readonly foreground: Foreground;
  /** Data sets, and what is kept of them. */
  readonly datasets: DatasetRoom;
}
