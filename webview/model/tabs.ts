import { tab as activations } from './activations/tab.js';
import { tab as attention } from './attention/tab.js';
import type { TabDefinition } from './editor.js';
import { tab as graph } from './graph/tab.js';
import { tab as overview } from './overview/overview.js';
import { tab as training } from './training/tab.js';
import { tab as weights } from './weights/tab.js';

/** The tabs of the editor, in their order. */
export const TABS: readonly TabDefinition[] = [overview, weights, activations, attention, graph, training];

/** A tab by its id; the first one where another version has kept one that is not there. */
export function tabOf(id: string): TabDefinition {
  return TABS.find((tab) => tab.id === id) ?? TABS[0]!;
}
