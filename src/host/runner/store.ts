import { STORE } from '../../protocol/dataset.js';

/** Environment that tells a runner where predictions and features of data sets are kept. */
export function storeIn(folder: string): Readonly<Record<string, string>> {
  return { [STORE]: folder };
}
