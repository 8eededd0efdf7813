import * as vscode from 'vscode';
import { Disposables, type Disposable } from '../../base/disposable.js';
import type { HostServices } from '../services.js';
import { registerSerializer, webviewOptions } from './webview.js';

interface Shown {
  readonly panel: vscode.WebviewPanel;
}

/** A kind of panels that commands open. */
export interface PanelKind<P extends Shown, Topic> {
  /** As package.json's `onWebviewPanel:` names it. */
  readonly viewType: string;
  /** Of the tab, until the panel says its own. */
  readonly title: string;
  create(panel: vscode.WebviewPanel, topic: Topic): P;
  /** Shows the topic in an open panel where it belongs there; `false`: this is not the place. */
  reuse(panel: P, topic: Topic): boolean;
  /** What a page's state was about. It may have been written by another version, and is not trusted to be right. */
  topicOf(state: unknown): Topic | undefined;
}

/** The panels of one kind in the window: reused, beside the editor, and back after a reload. */
export class Panels<P extends Shown, Topic> implements Disposable {
  private readonly panels = new Set<P>();
  private readonly disposables = new Disposables();

  constructor(
    private readonly services: HostServices,
    private readonly kind: PanelKind<P, Topic>,
  ) {
    this.disposables.onDispose(() => {
      for (const { panel } of this.panels) panel.dispose();
    });
    this.disposables.add(
      registerSerializer(kind.viewType, services.kept, (panel, state) => {
        const topic = kind.topicOf(state);
        if (topic !== undefined) this.adopt(panel, topic);
        return topic !== undefined;
      }),
    );
  }

  /** The panels that are open, oldest first. */
  get open(): readonly P[] {
    return [...this.panels];
  }

  /**
   * Shows a topic beside the editor; the cursor stays where it is.
   *
   * @param viewColumn by default where our panels are already; else the window is split again for each
   */
  show(topic: Topic, viewColumn = this.open.at(-1)?.panel.viewColumn ?? vscode.ViewColumn.Beside): void {
    if (this.open.some((panel) => this.kind.reuse(panel, topic))) return;
    const { viewType, title } = this.kind;
    const options = webviewOptions(this.services.extension);
    this.adopt(vscode.window.createWebviewPanel(viewType, title, { viewColumn, preserveFocus: true }, options), topic);
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private adopt(panel: vscode.WebviewPanel, topic: Topic): void {
    const adopted = this.kind.create(panel, topic);
    this.panels.add(adopted);
    panel.onDidDispose(() => this.panels.delete(adopted));
  }
}
