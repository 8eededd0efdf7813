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

// What `require` calls; Node gives it no other name.
const LOAD = '_load';
const loader = Module as unknown as Record<typeof LOAD, (request: string, ...others: readonly unknown[]) => unknown>;
const load = loader[LOAD];
loader[LOAD] = (request, ...others) => (request === 'vscode' ? { Uri } : load.call(loader, request, ...others));
