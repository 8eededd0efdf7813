import * as vscode from 'vscode';
import { isCancelled } from '../../base/errors.js';
import { DiskWatch } from '../disk/diskWatch.js';
import { filesStamps, readWhenWhole, untilStill } from '../disk/settle.js';
import type { Reading } from '../runner/asking.js';

/**
 * The checkpoint that a layer is compared with, wherever it lies: read with patience while it may be half written, and
 * announced when it has been rewritten and has come to rest. One that goes is not: what was read of it is still shown.
 */
export class OtherWatch implements vscode.Disposable {
  private readonly watch = new DiskWatch(() => void this.changed());
  private readonly abort = new AbortController();
  private uri: vscode.Uri | undefined;
  private files: readonly string[] = [];

  /**
   * @param externalFiles the files beside a model that hold its weights
   * @param announce told the version that the file has now
   */
  constructor(
    private readonly externalFiles: (model: vscode.Uri) => Promise<readonly string[]>,
    private readonly announce: (model: vscode.Uri, version: string) => void,
  ) {}

  /** Reads another checkpoint, and watches it from then on in place of the one before. */
  readonly reading = (model: vscode.Uri): Reading => {
    this.follow(model);
    return (read, signal) => readWhenWhole(read, () => filesStamps(this.files), signal);
  };

  dispose(): void {
    this.abort.abort();
    this.watch.dispose();
  }

  private follow(model: vscode.Uri): void {
    if (this.uri?.toString() === model.toString()) return;
    this.uri = model;
    this.look([model.fsPath, `${model.fsPath}.data`]);
    this.externalFiles(model).then(
      (files) => {
        const more = files.filter((file) => !this.files.includes(file));
        if (this.uri === model && more.length > 0) this.look([...this.files, ...more]);
      },
      // What refuses to say so is said by the comparison itself.
      () => undefined,
    );
  }

  private look(files: readonly string[]): void {
    this.files = files;
    this.watch.watch(files.map((file) => vscode.Uri.file(file)));
  }

  private async changed(): Promise<void> {
    const { uri, files } = this;
    try {
      const stamps = await untilStill(() => filesStamps(files), this.abort.signal);
      if (uri !== undefined && uri === this.uri && stamps[0] !== undefined) this.announce(uri, JSON.stringify(stamps));
    } catch (error) {
      if (!isCancelled(error)) throw error;
    }
  }
}
