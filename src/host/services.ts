import type * as vscode from 'vscode';
import type { Client } from '../protocol/channel.js';
import type { ModelRequest } from '../protocol/request.js';
import type { RunnerApi } from '../protocol/runner.js';
import type { Answers } from './explain/answers.js';
import type { KeptStates } from './panel/keptStates.js';
import type { LastUsed } from './workspace/lastUsed.js';
import type { Outlines } from './workspace/outlines.js';
import type { LayerSelection } from './workspace/selection.js';
import type { Settings } from './settings.js';

/** What the parts of the host share. Created once, by the composition root. */
export interface HostServices {
  /** Where the extension lies. */
  readonly extension: vscode.Uri;
  /**
   * The runner's operations. The process starts with the first call and is replaced when it dies; the client stays the
   * same. A call whose signal is aborted is rejected at once; a runner that does not stop in time is ended.
   */
  runner(): Promise<Client<RunnerApi>>;
  readonly settings: Settings;
  readonly log: vscode.LogOutputChannel;
  readonly status: Status;
  readonly models: Models;
  readonly outlines: Outlines;
  readonly selection: LayerSelection;
  readonly lastUsed: LastUsed;
  /** What the pages of our panels keep of themselves. */
  readonly kept: KeptStates;
  /** The explanations that are known, whichever panel asked. */
  readonly answers: Answers;
  /** A request about a model, with the provider and the threads that the settings ask for. */
  request(model: vscode.Uri): ModelRequest;
  /** Shows an error to the person who caused the work: see {@link Notify}. */
  readonly notify: Notify;
}

/** Says an error in one sentence with the button that helps. Silent for cancellation; a bug is called unexpected. */
export type Notify = (error: unknown) => void;

/** A file found in the workspace; nothing of it has been read. */
export interface ModelFile {
  readonly uri: vscode.Uri;
}

/** The models of the workspace, kept up to date while files come and go. */
export interface Models {
  /** Every `.onnx` of the workspace, by path. Empty until the first scan ends. */
  list(): readonly ModelFile[];
  /** Resolves when a scan has ended; starts the first one. */
  ready(): Promise<void>;
  /** The model used last in this workspace, as long as it exists. */
  readonly lastUsed: vscode.Uri | undefined;
  /** Remembers a model as the one used last. */
  use(model: vscode.Uri): void;
  /** The list has changed. */
  readonly onDidChange: vscode.Event<void>;
  /** A model's bytes have changed on disk. */
  readonly onDidChangeFile: vscode.Event<vscode.Uri>;
}

/** How far work has come: 0 to 1 where that is known, and what is being done. */
export interface WorkReport {
  readonly fraction?: number;
  readonly message?: string;
}

/** The status-bar item. */
export interface Status {
  /** Says what really ran. */
  report(
    provider: string,
    refused: readonly { readonly provider: string; readonly reason: string }[],
    milliseconds?: number,
  ): void;
  /**
   * Shows work with a spinner and its progress; a click cancels it. Settles as `run` does.
   *
   * @param cancel aborted from outside, e.g. by a panel's own Cancel button
   */
  work<T>(
    title: string,
    run: (signal: AbortSignal, progress: (report: WorkReport) => void) => Promise<T>,
    cancel?: AbortSignal,
  ): Promise<T>;
}
