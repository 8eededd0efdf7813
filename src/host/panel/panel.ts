import * as vscode from 'vscode';
import { Disposables, type Disposable } from '../../base/disposable.js';
import { isCancelled, LensError } from '../../base/errors.js';
import type { Client, Handlers } from '../../protocol/channel.js';
import type { HostServices } from '../services.js';
import { logError } from '../notify.js';
import { webviewChannel, webviewHtml, webviewOptions } from './webview.js';

/** What a panel shows. */
export interface Page {
  /** The bundle, e.g. `explain` for `dist/webview/explain.js` and `explain.css`. */
  readonly bundle: string;
  /** Of the document, for who hears it. The tab's own title is the panel's. */
  readonly title: string;
  /** Picture of the tab, e.g. `lens` for `media/lens-light.svg` and `lens-dark.svg`; custom editors have their file's. */
  readonly icon?: string;
}

/**
 * The base of every panel, whether a command opened it or it edits a file: owns the page, the channel to it, and whatever
 * else lives as long as the panel. A subclass calls {@link serve} at the end of its constructor.
 */
export abstract class Panel implements Disposable {
  /** What ends with the panel. */
  protected readonly disposables = new Disposables();
  private bundle = '';

  constructor(
    readonly panel: vscode.WebviewPanel,
    protected readonly services: HostServices,
  ) {
    panel.onDidDispose(() => this.dispose());
  }

  /** Lets go of everything; the tab itself is closed by `panel.dispose()`, or by the editor. */
  dispose(): void {
    this.disposables.dispose();
  }

  /** Loads the page and answers it from now on; the client's calls wait until it is there. */
  protected serve<PageApi, HostApi>({ bundle, title, icon }: Page, handlers: Handlers<HostApi>): Client<PageApi> {
    const { panel } = this;
    this.bundle = bundle;
    const { extension, kept } = this.services;
    const client = webviewChannel<PageApi, HostApi>(panel, kept, logged(handlers, this.services.log, bundle));
    panel.webview.options = webviewOptions(extension);
    const picture = (theme: string): vscode.Uri => vscode.Uri.joinPath(extension, 'media', `${icon}-${theme}.svg`);
    if (icon !== undefined) panel.iconPath = { light: picture('light'), dark: picture('dark') };
    panel.webview.html = webviewHtml(panel.webview, extension, bundle, title);
    return client;
  }

  /**
   * Says something to the page without waiting for it: `this.tell(this.page.show(topic))`. A page that is gone is no
   * error, for it asks for all of it when it is there again; any other one is a bug and stands in the log.
   */
  protected tell(said: Promise<unknown>): void {
    said.catch((error: unknown) => {
      if (isCancelled(error) || (error instanceof LensError && error.code === 'channel/closed')) return;
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.services.log.error(`The page "${this.bundle}": ${what}`);
    });
  }
}

type Handler = (request: never, call: never) => Promise<unknown>;

/** The same handlers; what one cannot answer stands in the log, with all that the page has no room for. */
export function logged<HostApi>(
  handlers: Handlers<HostApi>,
  log: Pick<vscode.LogOutputChannel, 'error'>,
  page: string,
): Handlers<HostApi> {
  const all = Object.entries<Handler>(handlers).map(([name, handler]): [string, Handler] => [
    name,
    async (request, call) => {
      try {
        return await handler(request, call);
      } catch (error) {
        logError(log, error, `The page "${page}" (${name})`);
        throw error;
      }
    },
  ]);
  return Object.fromEntries(all) as unknown as Handlers<HostApi>;
}
