import { stat } from 'node:fs/promises';
import type * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import { filePath, type FilePath } from '../../base/place.js';
import { Newest } from '../../base/newest.js';
import type { Client } from '../../protocol/channel.js';
import type { RunnerApi } from '../../protocol/runner.js';
import type { Outline } from '../../result/inspection.js';

/** What the runner said about a file: its outline, or why there is none. */
export type OutlineAnswer = { readonly outline: Outline } | { readonly error: LensError };

interface Entry {
  readonly version: string;
  readonly answer: Promise<OutlineAnswer>;
}

/** Whole outlines are kept for this many models; a thousand layers are about a megabyte. */
const KEPT = 64;
const AT_ONCE = 2;

/** Outlines of model files, asked of the runner and kept for as long as size and time of the file stay the same. */
export class Outlines {
  private readonly entries = new Newest<string, Entry>(KEPT);
  private readonly waiting: (() => void)[] = [];
  private active = 0;

  constructor(private readonly runner: () => Promise<Client<RunnerApi>>) {}

  /**
   * The outline of a file as it is now. A file that is refused (corrupt, half written) is an answer and is remembered like
   * one; trouble with the runner is thrown, and asked again next time.
   */
  async get(uri: vscode.Uri): Promise<OutlineAnswer> {
    const key = uri.toString();
    const version = await versionOf(uri.fsPath);
    const known = this.entries.get(key);
    if (known?.version === version) return known.answer;
    const entry: Entry = { version, answer: this.ask(filePath(uri.fsPath)) };
    this.entries.set(key, entry);
    entry.answer.catch(() => this.entries.delete(key, entry));
    return entry.answer;
  }

  private async ask(model: FilePath): Promise<OutlineAnswer> {
    if (this.active >= AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.active++;
    try {
      return { outline: await (await this.runner()).outline({ model }) };
    } catch (error) {
      if (error instanceof LensError && error.kind !== 'runtime') return { error };
      throw error;
    } finally {
      this.active--;
      this.waiting.shift()?.();
    }
  }
}

async function versionOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size } = await stat(path);
    return `${mtimeMs}/${size}`;
  } catch {
    return 'gone'; // the runner says so in a sentence
  }
}
