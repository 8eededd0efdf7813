import * as vscode from 'vscode';

/**
 * The only place where text reaches the editor's own surfaces. What comes from files is never markup there: notifications
 * make links of `[label](command:…)`, quick picks, lenses and the status bar make icons of `$(name)`, and a control
 * character or one that turns the direction of writing makes a name look like another. What is written here looks the same
 * and means nothing more. Panels are drawn from text nodes and need none of it.
 */

/** Seen by nobody, and no part of any markup. */
const JOINER = '\u2060';
/** Stands for what cannot be shown: controls, and what turns or hides letters. */
const HIDDEN = /(?![\t\n\r])\p{Cc}|[\u061c\u200b-\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]/gu;
/** Characters of one text; names in files may have megabytes. */
const MOST = 1200;

/** A text that the editor shows as it is; a long one is cut in its middle. */
export function plain(text: string, most = MOST): string {
  const short =
    text.length <= most
      ? text
      : `${text.slice(0, Math.ceil(most / 2))} … ${text.slice(text.length - Math.floor(most / 2))}`;
  return short.replace(HIDDEN, '\ufffd').replaceAll('](', `]${JOINER}(`).replaceAll('$(', `$${JOINER}(`);
}

/** Names in rows: shorter. */
const MOST_IN_ROW = 300;

export function plainRow(text: string): string {
  return plain(text.replace(/\s+/g, ' '), MOST_IN_ROW);
}

export function showError(text: string, ...titles: readonly string[]): Thenable<string | undefined> {
  return vscode.window.showErrorMessage(plain(text), ...titles);
}

export function showWarning(text: string, ...titles: readonly string[]): Thenable<string | undefined> {
  return vscode.window.showWarningMessage(plain(text), ...titles);
}

/** A question that waits for its answer; `undefined` where it is dismissed. */
export function askModal(text: string, detail: string, ...titles: readonly string[]): Thenable<string | undefined> {
  return vscode.window.showWarningMessage(plain(text), { modal: true, detail: plain(detail) }, ...titles);
}

export function showInformation(text: string, ...titles: readonly string[]): Thenable<string | undefined> {
  return vscode.window.showInformationMessage(plain(text), ...titles);
}

export function showBriefly(text: string, milliseconds: number): void {
  vscode.window.setStatusBarMessage(plainRow(text), milliseconds);
}

/** A row of a quick pick; its icon is ours and stands apart from its text. */
export type Row<T extends vscode.QuickPickItem> = T & { readonly icon?: string };

/** Rows as the editor takes them. */
export function plainRows<T extends vscode.QuickPickItem>(items: readonly Row<T>[]): T[] {
  return items.map((item) => ({
    ...item,
    label: `${item.icon === undefined ? '' : `$(${item.icon}) `}${plainRow(item.label)}`,
    ...(item.description === undefined ? {} : { description: plainRow(item.description) }),
    ...(item.detail === undefined ? {} : { detail: plainRow(item.detail) }),
  }));
}

/** A question with rows; answers the one that was given, not its copy. */
export async function pickRow<T extends vscode.QuickPickItem>(
  items: readonly Row<T>[],
  options: vscode.QuickPickOptions,
): Promise<T | undefined> {
  const rows = plainRows(items);
  const picked = await vscode.window.showQuickPick(rows, {
    ...options,
    ...(options.title === undefined ? {} : { title: plainRow(options.title) }),
  });
  return picked === undefined ? undefined : items[rows.indexOf(picked)];
}

/** Lines of text in a tooltip, and pictures that we made ourselves. Nothing in it is a link or HTML. */
export class PlainTooltip {
  readonly markdown = new vscode.MarkdownString();

  constructor() {
    this.markdown.isTrusted = false;
    this.markdown.supportHtml = false;
    this.markdown.supportThemeIcons = false;
  }

  line(text: string): this {
    this.markdown.appendText(plain(text)).appendMarkdown('  \n');
    return this;
  }

  paragraph(text: string): this {
    if (this.markdown.value !== '') this.markdown.appendMarkdown('\n\n');
    this.markdown.appendText(plain(text));
    return this;
  }

  /** @param png bytes of a picture */
  picture(alt: string, png: Uint8Array): this {
    this.markdown.appendMarkdown(`\n![${alt}](data:image/png;base64,${Buffer.from(png).toString('base64')})\n\n`);
    return this;
  }
}

/** A lens over a line of code. */
export function plainLens(range: vscode.Range, command: vscode.Command): vscode.CodeLens {
  return new vscode.CodeLens(range, { ...command, title: plainRow(command.title) });
}

/** Tables in it need more room than a sentence. */
const MOST_IN_MESSAGE = 8000;

/** A message of the Test Explorer; with two texts it shows them beside each other. */
export function plainTestMessage(
  text: string,
  difference?: { readonly expected: string; readonly actual: string },
): vscode.TestMessage {
  const said = plain(text, MOST_IN_MESSAGE);
  return difference === undefined
    ? new vscode.TestMessage(said)
    : vscode.TestMessage.diff(said, plain(difference.expected), plain(difference.actual));
}

/** A row of the Problems view and a mark under its line. */
export function plainDiagnostic(
  range: vscode.Range,
  text: string,
  severity: vscode.DiagnosticSeverity,
): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(range, plain(text), severity);
  diagnostic.source = 'ONNX Lens';
  return diagnostic;
}
