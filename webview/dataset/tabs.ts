import { tab as classes } from './classes/tab.js';
import { tab as compare } from './compare/tab.js';
import { tab as gallery } from './gallery/tab.js';
import { tab as map } from './map/tab.js';
import { tab as methods } from './methods/tab.js';
import { tab as mistakes } from './mistakes/tab.js';
import type { TabDefinition } from './room.js';

/** The views of a data set, in their order. */
export const TABS: readonly TabDefinition[] = [map, mistakes, classes, gallery, compare, methods];

/** A tab by its id; the first one where another version has kept one that is not there. */
export function tabOf(id: string): TabDefinition {
  return TABS.find((tab) => tab.id === id) ?? TABS[0]!;
}
