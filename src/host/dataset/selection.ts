import * as vscode from 'vscode';

/** Examples that were selected. */
export interface SelectedExamples {
  readonly place: vscode.Uri;
  readonly names: readonly string[];
  /** Who selected them: not told again. */
  readonly by: object;
}

const KEY = 'selectedExamples';
/** So many names of so many places are there again after a reload: the editor reads them whenever the extension starts. */
const NAMES = 2000;
const PLACES = 8;

/** One place's selection, as it is stored. */
interface Stored {
  readonly place: string;
  readonly names: readonly string[];
}

/**
 * The examples that are selected of each place: one selection for all panels that show the same pictures, whatever model
 * looks at them.
 */
export class ExampleSelection implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<SelectedExamples>();
  private readonly names = new Map<string, readonly string[]>();
  readonly onDidChange = this.changed.event;

  constructor(private readonly memory: Pick<vscode.Memento, 'get' | 'update'>) {
    for (const { place, names } of this.stored()) this.names.set(place, names);
  }

  /** What is selected of a place. */
  of(place: vscode.Uri): readonly string[] {
    return this.names.get(place.toString()) ?? [];
  }

  select(selected: SelectedExamples): void {
    const key = selected.place.toString();
    this.names.delete(key);
    this.names.set(key, selected.names);
    const newest = [...this.names].reverse().slice(0, PLACES);
    const small = newest.filter(([, names]) => names.length > 0 && names.length <= NAMES);
    void this.memory.update(KEY, small.map(([place, names]): Stored => ({ place, names })).reverse());
    this.changed.fire(selected);
  }

  dispose(): void {
    this.changed.dispose();
  }

  /** It may have been written by another version. */
  private stored(): readonly Stored[] {
    const stored = this.memory.get<unknown>(KEY);
    if (!Array.isArray(stored)) return [];
    return stored.filter(
      (entry: Partial<Stored> | null): entry is Stored =>
        typeof entry?.place === 'string' &&
        Array.isArray(entry.names) &&
        entry.names.every((name) => typeof name === 'string'),
    );
  }
}
