import type * as vscode from 'vscode';
import { isKeptEntry, newestFirst, type KeptEntry } from '../../protocol/kept.js';

const KEY = 'keptPanels';
/** Panels whose state is kept, the one that changed last first. */
const PANELS = 40;
/** Characters of JSON, of one state and of all: the editor reads them whenever the extension starts. */
const [ONE, ALL] = [200_000, 500_000];

/**
 * The states of our pages, written down as soon as they change. Which tabs come back is up to the editor, as with any
 * tab: one that it had not stored yet stays away, and its entry is pruned in time. An entry outlives its tab, because a
 * closed tab can be reopened.
 */
export class KeptStates {
  constructor(private readonly memory: Pick<vscode.Memento, 'get' | 'update'>) {}

  /** What was kept of a panel. */
  of(panel: string): KeptEntry | undefined {
    return this.entries().find((entry) => entry.panel === panel);
  }

  /** The newest state of a panel, given what the editor stored with its tab. */
  newest(stored: unknown): unknown {
    if (!isKeptEntry(stored)) return undefined;
    return newestFirst(this.of(stored.panel), stored)[0]?.state;
  }

  /** Keeps a state in place of the one before. One that is too large, or older than what is there, is left out. */
  async keep(entry: unknown): Promise<void> {
    if (!isKeptEntry(entry) || JSON.stringify(entry).length > ONE) return;
    const { panel, at, state } = entry;
    if ((this.of(panel)?.at ?? 0) > at) return;
    const entries = [{ panel, at, state }, ...this.entries().filter((each) => each.panel !== panel)].slice(0, PANELS);
    let room = ALL;
    await this.memory.update(
      KEY,
      entries.filter((each) => (room -= JSON.stringify(each).length) >= 0),
    );
  }

  private entries(): readonly KeptEntry[] {
    const stored = this.memory.get<unknown>(KEY);
    return Array.isArray(stored) ? stored.filter(isKeptEntry) : [];
  }
}
