import { main } from '../../../src/cli/main.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process, as with stderr in a file. */
export async function runCli(...argv: string[]): Promise<Ran> {
  let [out, err] = ['', ''];
  const { signal } = new AbortController();
  const code = await main(argv, { out: (t) => void (out += t), err: (t) => void (err += t), terminal: false, signal });
  return { code, out, err };
}
