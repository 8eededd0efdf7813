import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { Channel, type Client, type Handlers, type Port } from '../../protocol/channel.js';
import type { KeepApi } from '../../protocol/kept.js';
import type { KeptStates } from './keptStates.js';
import { owned } from './owned.js';

/** What every panel of ours needs on the host's side: its page, its messages, its way back after a reload. */

/** Where the bundled scripts and styles of the panels lie. */
export function webviewRoot(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, 'dist', 'webview');
}

export function webviewOptions(extension: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [webviewRoot(extension)] };
}

/**
 * The page of a panel: its bundle, and nothing else. The policy allows no inline script or style but those of this page,
 * no network, and pictures only from memory.
 *
 * @param name of the bundle, e.g. `explain` for `dist/webview/explain.js`
 */
export function webviewHtml(webview: vscode.Webview, extension: vscode.Uri, name: string, title: string): string {
  const nonce = randomBytes(18).toString('base64');
  const asset = (file: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(webviewRoot(extension), file)).toString();
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    `img-src blob:`,
    // Long computations of a page run beside it; their code is part of its own script.
    `worker-src blob:`,
  ].join('; ');
  // The toolkit asks for the nonce by this name.
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta property="csp-nonce" content="${nonce}" />
    <title>${escapeHtml(title)}</title>
    <link rel="stylesheet" href="${asset(`${name}.css`)}" />
  </head>
  <body>
    <script nonce="${nonce}" src="${asset(`${name}.js`)}"></script>
  </body>
</html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/**
 * The channel to a panel's page: closed with the panel. What is sent owns its memory. What the page keeps of itself is
 * served here, for all panels alike.
 */
export function webviewChannel<Page, Host>(
  panel: vscode.WebviewPanel,
  kept: KeptStates,
  handlers: Handlers<Host>,
): Client<Page> {
  const keeping: Handlers<KeepApi> = {
    keep: (entry) => kept.keep(entry),
    kept: async ({ panel: name }) => kept.of(name),
  };
  const port: Port = {
    post: (message) => void panel.webview.postMessage(owned(message)),
    listen: (onMessage, onClose) => {
      panel.webview.onDidReceiveMessage(onMessage);
      panel.onDidDispose(() => onClose());
    },
  };
  return new Channel<Page, Host & KeepApi>(port, { ...handlers, ...keeping } as Handlers<Host & KeepApi>).client;
}

/**
 * Panels of a type, opened again after the window was reloaded.
 *
 * @param adopt takes a panel with the state its page kept, or says `false`: then it is closed
 */
export function registerSerializer(
  viewType: string,
  kept: KeptStates,
  adopt: (panel: vscode.WebviewPanel, state: unknown) => boolean,
): vscode.Disposable {
  return vscode.window.registerWebviewPanelSerializer(viewType, {
    deserializeWebviewPanel: async (panel, state: unknown) => {
      if (!adopt(panel, kept.newest(state))) panel.dispose();
    },
  });
}
