import type { Operation } from './channel.js';

/**
 * What a page keeps of itself over a hidden tab and a reloaded window. The editor stores a page's state with the tab, but
 * writes it down only now and then and when the window is left in order: a page that is reloaded in a hurry comes back as
 * it was minutes ago, or without a state. The extension host therefore keeps it as well, and the newer of the two counts.
 */
export interface KeptEntry {
  /** Names the panel for as long as its tab lives, over reloads. */
  readonly panel: string;
  /** When it was so, in milliseconds since 1970; 0 where the page had nothing to keep yet. */
  readonly at: number;
  /** Small plain data; `null` where there is nothing yet. */
  readonly state: unknown;
}

/** What the extension host does for every page. */
export interface KeepApi {
  keep: Operation<KeptEntry, void>;
  /** What was kept last of a panel. */
  kept: Operation<{ readonly panel: string }, KeptEntry | undefined>;
}

/** Whether a stored value is an entry; it may come from another version. What `state` holds is for its panel to judge. */
export function isKeptEntry(value: unknown): value is KeptEntry {
  const entry = value as Partial<KeptEntry> | null | undefined;
  return (
    typeof entry === 'object' &&
    entry !== null &&
    typeof entry.panel === 'string' &&
    entry.panel !== '' &&
    entry.panel.length <= 100 &&
    Number.isFinite(entry.at) &&
    'state' in entry
  );
}

/** The entries that there are, newest first. */
export function newestFirst(...entries: readonly (KeptEntry | undefined)[]): readonly KeptEntry[] {
  return entries.filter((entry) => entry !== undefined).sort((a, b) => b.at - a.at);
}
