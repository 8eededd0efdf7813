import * as vscode from 'vscode';
import type { LayerDescription } from '../../result/inspection.js';
import type { Outlines } from '../outlines.js';
import { distance } from '../paths.js';
import type { Models } from '../services.js';
import { findSource } from '../sourceLine.js';
import {
  exportCalls,
  layersOf,
  mayHoldModels,
  modelNames,
  moduleAttributes,
  type ExportCall,
  type ModelName,
  type ModuleAttribute,
} from './pythonCode.js';

/** So many models, the nearest to the file, are asked whether they came from it. */
const MOST_MODELS = 12;

/** A place in a Python file, and what of a model it belongs to. */
export interface CodeMatch {
  readonly range: vscode.Range;
  readonly model: vscode.Uri;
  /** Layers that the place has made; empty: the place is about the model as a whole. */
  readonly layers: readonly LayerDescription[];
  /** Where it is an attribute: its name. */
  readonly attribute?: string;
  /** The file was changed after the model was written. */
  readonly stale: boolean;
}

/** Which places of Python files belong to which layers of the workspace's models. */
export class CodeIndex {
  constructor(
    private readonly models: Models,
    private readonly outlines: Outlines,
  ) {}

  /** The places of a file, the most telling model for each. Asks the runner for outlines, and for nothing else. */
  async matches(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<readonly CodeMatch[]> {
    const text = document.getText();
    if (!mayHoldModels(text)) return [];
    await this.models.ready();
    const near = this.nearest(document.uri);
    if (near.length === 0) return [];
    const named = this.namedModels(document, text);
    const attributes = moduleAttributes(text);
    const lines = attributes.length === 0 ? [] : await this.ofLayers(document, attributes, near, named, token);
    return [...lines, ...named];
  }

  /** Attributes of the file, matched with the layers of the models that came from it. */
  private async ofLayers(
    document: vscode.TextDocument,
    attributes: readonly ModuleAttribute[],
    near: readonly vscode.Uri[],
    named: readonly CodeMatch[],
    token: vscode.CancellationToken,
  ): Promise<CodeMatch[]> {
    const found = new Map<number, CodeMatch>();
    for (const model of near) {
      if (token.isCancellationRequested) break;
      const answer = await this.outlines.get(model).catch(() => undefined);
      if (answer === undefined || 'error' in answer) continue;
      const { layers } = answer.outline;
      const own = await this.cameFrom(document.uri, model, layers);
      const isNamed = named.some((each) => each.model.toString() === model.toString());
      if (own === undefined && !isNamed) continue;
      for (const attribute of attributes) {
        const { line, start, end, name } = attribute;
        if (found.has(line)) continue;
        const made = layersOf(name, layers);
        if (made.length === 0) continue;
        const range = new vscode.Range(line, start, line, end);
        found.set(line, { range, model, layers: made, attribute: name, stale: own?.stale ?? false });
      }
    }
    return [...found.values()];
  }

  /** Whether the exporter wrote that layers of a model come from a file. */
  private async cameFrom(
    file: vscode.Uri,
    model: vscode.Uri,
    layers: readonly LayerDescription[],
  ): Promise<{ readonly stale: boolean } | undefined> {
    const paths = new Map(
      layers.flatMap(({ source }) => (source === undefined ? [] : [[source.path, source] as const])),
    );
    for (const source of paths.values()) {
      const found = await findSource(model, source);
      if (found?.uri.toString() === file.toString()) return { stale: found.stale };
    }
    return undefined;
  }

  /** Names of `.onnx` files in the text that are in the workspace. */
  private namedModels(document: vscode.TextDocument, text: string): CodeMatch[] {
    const calls = exportCalls(text);
    const places = [...calls, ...modelNames(text).filter((name) => !calls.some((call) => covers(call, name)))];
    return places.flatMap(({ file, line, start, end }) => {
      const model = this.nearest(document.uri, file)[0];
      return model === undefined
        ? []
        : [{ range: new vscode.Range(line, start, line, end), model, layers: [], stale: false }];
    });
  }

  private nearest(file: vscode.Uri, name?: string): vscode.Uri[] {
    return this.models
      .list()
      .map(({ uri }) => uri)
      .filter((uri) => name === undefined || uri.path.endsWith(`/${name}`))
      .sort((a, b) => distance(a.path, file.path) - distance(b.path, file.path) || (a.path < b.path ? -1 : 1))
      .slice(0, MOST_MODELS);
  }
}

/** The name is what a call exports: one lens for both. */
function covers(call: ExportCall, name: ModelName): boolean {
  return call.file === name.file && name.line >= call.line && name.line <= call.lastLine;
}
