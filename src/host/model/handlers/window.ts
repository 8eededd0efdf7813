import * as vscode from 'vscode';
import { findSource, openSource } from '../../workspace/sourceLine.js';
import type { Chapter, EditorRoom } from '../room.js';

/** What concerns the rest of the window: the selected layer, the code that made it, other panels. */
export function windowHandlers({
  services,
  document,
  editor,
  layer: layerOf,
}: EditorRoom): Chapter<
  'select' | 'source' | 'openSource' | 'explainAt' | 'visualizeAt' | 'createSidecar' | 'copy' | 'showLog'
> {
  const { uri } = document;
  return {
    select: async ({ layer }) => services.selection.select({ model: uri, layer, by: editor }),
    source: async ({ layer }) => {
      const { source } = layerOf(layer) ?? {};
      if (source === undefined) return undefined;
      const found = await findSource(uri, source);
      if (found === undefined) return undefined;
      const file = vscode.workspace.asRelativePath(found.uri);
      return { file, line: source.line, stale: found.stale, others: found.others };
    },
    openSource: async ({ layer }) => {
      const found = layerOf(layer);
      try {
        if (found !== undefined) await openSource(uri, found, vscode.ViewColumn.Beside);
      } catch (error) {
        services.notify(error);
      }
    },
    explainAt: async ({ layer }) =>
      void (await vscode.commands.executeCommand(
        'onnxLens.explainWith',
        layer === undefined ? uri : { kind: 'layer', model: uri, layer: { name: layer } },
      )),
    visualizeAt: async ({ layer, channel }) =>
      void (await vscode.commands.executeCommand(
        'onnxLens.visualizeChannel',
        { kind: 'layer', model: uri, layer: { name: layer } },
        channel,
      )),
    createSidecar: async () => void (await vscode.commands.executeCommand('onnxLens.createSidecar', uri)),
    copy: async ({ text }) => vscode.env.clipboard.writeText(text),
    showLog: async () => services.log.show(true),
  };
}
