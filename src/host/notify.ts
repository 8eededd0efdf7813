import * as vscode from 'vscode';
import { isCancelled, LensError } from '../base/errors.js';
import { showError, showWarning } from './plain.js';
import { noticeOf, type Notice } from './notice.js';

/** Writes an error with its causes: what ONNX Runtime itself said stands there in full. A cancellation is none. */
export function logError(log: Pick<vscode.LogOutputChannel, 'error'>, error: unknown, what?: string): void {
  if (isCancelled(error)) return;
  let before = what === undefined ? '' : `${what}: `;
  if (!(error instanceof Error)) return log.error(`${before}${String(error)}`);
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    log.error(before + (each instanceof LensError ? `${each.code}: ${each.message}` : (each.stack ?? each.message)));
    before = '  caused by ';
  }
}

/** Shows errors and writes them to the log, with their causes. */
export class Notifier implements vscode.Disposable {
  private readonly shown = new vscode.EventEmitter<Notice>();
  /** Every notice that is shown. */
  readonly onDidShow = this.shown.event;

  constructor(private readonly log: vscode.LogOutputChannel) {}

  readonly notify = (error: unknown): void => {
    const notice = noticeOf(error);
    if (notice === undefined) return;
    logError(this.log, error);
    const titles = notice.actions.map((action) => action.title);
    const answer =
      notice.severity === 'error' ? showError(notice.text, ...titles) : showWarning(notice.text, ...titles);
    this.shown.fire(notice);
    void answer.then((title) => {
      const action = notice.actions.find((each) => each.title === title);
      if (action !== undefined) void vscode.commands.executeCommand(action.command, ...(action.args ?? []));
    });
  };

  dispose(): void {
    this.shown.dispose();
  }
}
