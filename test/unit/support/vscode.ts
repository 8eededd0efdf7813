import Module from 'node:module';

/** As much of the editor's API as the host's own logic needs: to be imported before what is tested. */

export class Uri {
  constructor(
    readonly scheme: string,
    readonly path: string,
  ) {}

  static parse(text: string): Uri {
    const [, scheme = 'file', path = text] = /^([a-z][\w+.-]+):(?:\/\/[^/]*)?(.*)$/i.exec(text) ?? [];
    return new Uri(scheme, path);
  }

  static file(path: string): Uri {
    return new Uri('file', path);
  }

  static joinPath({ scheme, path }: Uri, ...parts: readonly string[]): Uri {
    return new Uri(scheme, [path, ...parts].join('/'));
  }

  get fsPath(): string {
    return this.path;
  }

  toString(): string {
    return `${this.scheme}://${this.path}`;
  }
}

/** What a person does when asked: a test puts its own answers here. */
export const window: Record<string, (...args: readonly unknown[]) => Promise<unknown>> = {};

export const workspace = {
  isTrusted: true,
  asRelativePath: ({ path }: Uri): string => path,
  fs: { isWritableFileSystem: () => true } as Record<string, unknown>,
};

const QuickPickItemKind = { Separator: -1, Default: 0 };

/** Tells all who listen, in their order. */
class EventEmitter<T> {
  private readonly listeners = new Set<(event: T) => void>();
  readonly event = (listener: (event: T) => void): { dispose(): void } => {
    this.listeners.add(listener);
    return { dispose: () => void this.listeners.delete(listener) };
  };

  fire(event: T): void {
    for (const listener of this.listeners) listener(event);
  }

  dispose(): void {
    this.listeners.clear();
  }
}

// What `require` calls; Node gives it no other name.
const LOAD = '_load';
const loader = Module as unknown as Record<typeof LOAD, (request: string, ...others: readonly unknown[]) => unknown>;
const load = loader[LOAD];
loader[LOAD] = (request, ...others) =>
  request === 'vscode'
    ? { Uri, EventEmitter, QuickPickItemKind, window, workspace }
    : load.call(loader, request, ...others);
