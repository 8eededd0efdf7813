import * as vscode from 'vscode';
import type { Notify } from '../services.js';

/** Registers commands by the part of their id after `onnxLens.`. Whatever they throw is shown once, here. */
export function registerCommands(
  notify: Notify,
  commands: Readonly<Record<string, (...args: readonly unknown[]) => unknown>>,
): vscode.Disposable {
  const registrations = Object.entries(commands).map(([name, run]) =>
    vscode.commands.registerCommand(`onnxLens.${name}`, async (...args: unknown[]) => {
      try {
        return await run(...args);
      } catch (error) {
        notify(error);
        return undefined;
      }
    }),
  );
  return vscode.Disposable.from(...registrations);
}

/** The files a menu was opened on: it hands over the clicked one and, in the explorer, the whole selection. */
export function selectedFiles(args: readonly unknown[]): vscode.Uri[] {
  const [clicked, selection] = args;
  if (Array.isArray(selection) && selection.length > 0) return selection.filter((each) => each instanceof vscode.Uri);
  return clicked instanceof vscode.Uri ? [clicked] : [];
}
