import * as vscode from 'vscode';
import type { LayerSelection } from '../model/selection.js';
import type { HostServices } from '../services.js';
import { registerSerializer, webviewOptions } from '../panel/webview.js';
import { ExplainPanel } from './explainPanel.js';

const VIEW_TYPE = 'onnxLens.explain';

export interface ShowRequest {
  /** Pictures and `.npy` files; none: the panel asks for one. */
  readonly images: readonly vscode.Uri[];
  readonly model: vscode.Uri;
  readonly layer?: string;
}

/** The explain panels of the window: one for each model, reused unless it is pinned. */
export class ExplainPanels implements vscode.Disposable {
  private readonly panels = new Set<ExplainPanel>();

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly services: HostServices,
    private readonly selection: LayerSelection,
  ) {}

  /** The panels that are open, oldest first. */
  get open(): readonly ExplainPanel[] {
    return [...this.panels];
  }

  /** Explains pictures beside the editor; the cursor stays where it is. */
  async show({ images, model, layer }: ShowRequest): Promise<void> {
    const reused = this.open.find((panel) => !panel.pinned && panel.model.toString() === model.toString());
    if (reused !== undefined) {
      reused.show(images, layer);
      return;
    }
    // Where our panels are already; else the window is split again for each.
    const panel = vscode.window.createWebviewPanel(
      VIEW_TYPE,
      'Explain',
      { viewColumn: this.open.at(-1)?.panel.viewColumn ?? vscode.ViewColumn.Beside, preserveFocus: true },
      webviewOptions(this.context.extensionUri),
    );
    this.adopt(panel, model, images, layer === undefined ? {} : { layer });
  }

  /** Opens panels again after the window was reloaded. */
  registerSerializer(): vscode.Disposable {
    return registerSerializer(VIEW_TYPE, this.services.kept, (panel, state) => {
      const subject = subjectOf(state);
      if (subject === undefined) return false;
      this.adopt(panel, subject.model, subject.pictures, subject);
      return true;
    });
  }

  dispose(): void {
    for (const panel of this.panels) panel.panel.dispose();
  }

  private adopt(
    panel: vscode.WebviewPanel,
    model: vscode.Uri,
    pictures: readonly vscode.Uri[],
    kept: { readonly pinned?: boolean; readonly layer?: string },
  ): void {
    const { extensionUri } = this.context;
    const explain = new ExplainPanel(panel, model, pictures, this.services, extensionUri, this.selection, kept);
    this.panels.add(explain);
    panel.onDidDispose(() => this.panels.delete(explain));
  }
}

interface KeptTopic {
  readonly model: vscode.Uri;
  readonly pictures: readonly vscode.Uri[];
  readonly pinned?: boolean;
  readonly layer?: string;
}

/** What a page kept: it may have been written by another version, and is not trusted to be right. */
function subjectOf(state: unknown): KeptTopic | undefined {
  const subject = (state as { readonly subject?: Record<string, unknown> } | null | undefined)?.subject;
  const uriOf = (file: unknown): vscode.Uri | undefined => {
    const uri = (file as { readonly uri?: unknown } | undefined)?.uri;
    return typeof uri === 'string' && /^[a-z][\w+.-]*:/i.test(uri) ? vscode.Uri.parse(uri) : undefined;
  };
  const model = uriOf(subject?.['model']);
  const list = subject?.['pictures'];
  if (model === undefined || !Array.isArray(list)) return undefined;
  const pictures = list.map(uriOf).filter((uri) => uri !== undefined);
  const { pinned, layer } = subject ?? {};
  return {
    model,
    pictures,
    ...(typeof pinned === 'boolean' ? { pinned } : {}),
    ...(typeof layer === 'string' ? { layer } : {}),
  };
}
