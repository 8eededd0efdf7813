import { fork, type ChildProcess } from 'node:child_process';
import { json, type Io } from './io.js';

/**
 * The processes around the command line. ONNX Runtime runs on the thread that hears signals, so that a run of a minute would
 * hear nothing for a minute, and native code that aborts takes its process along. So the work is done in a child: this process
 * hears, waits, and can always end.
 */

/** Interrupted by the user, as shells have it: 128 + SIGINT. */
export const INTERRUPTED = 130;
const TERMINATED = 143;

/** As where the model cannot be served. */
const FAILED = 3;

/** Time for a piece of work to end by itself, so that no file is left half written. */
const GRACE_MS = 1000;

/** Marks the child. */
const CHILD = 'ONNX_LENS_CHILD';
const CANCEL = 'cancel';

type Main = (argv: readonly string[], io: Io) => Promise<number>;

/** Runs the command line of this process: by itself where no model is named, else in a child. */
export async function start(main: Main, script: string): Promise<void> {
  const argv = process.argv.slice(2);
  if (process.env[CHILD] === '1' && process.send !== undefined) return work(main, argv);
  const namesModel = argv.filter((word) => !word.startsWith('-')).length > 1;
  if (!namesModel) process.exitCode = await main(argv, ioOf(new AbortController().signal));
  else await watch(fork(script, argv, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: childEnvironment() }));
}

function childEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, [CHILD]: '1' };
}

/** The child's side: cancelled by a message, since a Ctrl-C in a terminal reaches both processes. */
async function work(main: Main, argv: readonly string[]): Promise<void> {
  delete process.env[CHILD];
  const abort = new AbortController();
  process.on('SIGINT', () => undefined);
  process.on('message', (message) => message === CANCEL && abort.abort());
  process.on('disconnect', () => process.exit(INTERRUPTED));
  // Nobody is waited for.
  process.channel?.unref();
  process.exitCode = await main(argv, ioOf(abort.signal));
}

function ioOf(signal: AbortSignal): Io {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 2));
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    terminal: process.stderr.isTTY === true,
    signal,
  };
}

/** Waits for the child. The first Ctrl-C asks it to stop and ends it where it does not; the second does not wait. */
async function watch(child: ChildProcess): Promise<void> {
  let ending: number | undefined;
  let killed = false;
  const kill = (): void => {
    killed = true;
    child.kill('SIGKILL');
  };
  process.on('SIGINT', () => {
    if (ending !== undefined) return kill();
    ending = INTERRUPTED;
    if (child.connected) child.send(CANCEL, () => undefined);
    setTimeout(kill, GRACE_MS).unref();
  });
  process.on('SIGTERM', () => {
    ending = TERMINATED;
    kill();
  });
  process.exitCode = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      process.stderr.write(`error: The process that runs the model could not be started: ${error.message}\n`);
      resolve(FAILED);
    });
    child.on('exit', (code, signal) => {
      if (ending !== undefined && (killed || code === null)) {
        if (ending === INTERRUPTED) process.stderr.write('Interrupted.\n');
        resolve(ending);
      } else if (code !== null) resolve(code);
      else resolve(died(signal ?? 'no reason'));
    });
  });
}

/** Native code that aborts, or a system without memory, ends the process that runs the model. */
function died(signal: string): number {
  const message = `The process that runs the model was ended by the system (${signal}).`;
  const hint = 'Native code has failed, or there was no memory left: use smaller inputs, or close other programs.';
  if (process.argv.includes('--json'))
    process.stdout.write(json({ schema: 'onnx-lens/error/1', code: 'runner/died', message, hint }));
  process.stderr.write(`error: ${message} ${hint}\n`);
  return FAILED;
}
