import { given } from '../base/given.js';
import { Channel, type Port } from '../protocol/channel.js';
import { STORE } from '../protocol/dataset.js';
import type { RunnerApi } from '../protocol/runner.js';
import { RunnerService } from './service.js';

/**
 * The runner process: serves {@link RunnerApi} over the channel that `fork` made and ends with its parent. What cannot be
 * handled ends the process, so that the other side learns of it and starts a fresh one; nothing limps on.
 */
function main(): void {
  if (process.send === undefined) {
    process.stderr.write('This is the runner of ONNX Lens. It is started by the extension, not by hand.\n');
    process.exitCode = 2;
    return;
  }
  const service = new RunnerService(given({ storage: process.env[STORE] }));
  const end = (code: number): never => process.exit(code);
  const fatal =
    (kind: string) =>
    (error: unknown): void => {
      process.stderr.write(`${kind}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      end(1);
    };
  process.on('uncaughtException', fatal('Uncaught exception'));
  process.on('unhandledRejection', fatal('Unhandled rejection'));
  // The parent cancels by message; a Ctrl-C in its terminal is the parent's business.
  process.on('SIGINT', () => undefined);

  const port: Port = {
    post(message) {
      // A parent that has just gone is noticed by 'disconnect'.
      if (process.connected) process.send!(message, undefined, undefined, () => undefined);
    },
    listen(onMessage, onClose) {
      process.on('message', onMessage);
      process.on('disconnect', () => {
        onClose();
        end(0);
      });
    },
  };
  new Channel<object, RunnerApi>(port, service.operations);
}

main();
