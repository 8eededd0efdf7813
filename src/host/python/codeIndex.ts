import * as vscode from 'vscode';
import type { LayerDescription } from '../../result/inspection.js';
import { seriesOf } from '../workspace/series.js';
import type { Outlines } from '../workspace/outlines.js';
import { nameOf } from '../names.js';
import { distance } from '../paths.js';
import type { Models } from '../services.js';
import { findSource } from '../workspace/sourceLine.js';
import { attributesOf } from './layerMatch.js';
import { moduleCode, type ModuleAttribute, type ModuleCode } from './moduleCode.js';
import { exportCalls, mayHoldModels, modelNames } from './pythonCode.js';
import { couldBe } from './pythonText.js';

/** So many models, the nearest to the file, are asked whether they came from it; of one training so many. */
const MOST_MODELS = 12;
const MOST_OF_SERIES = 4;

/** Longer files are data rather than code: they are not read. */
const MOST_LETTERS = 2_000_000;

/** What of a model a place in the code is about. */
export interface CodeCandidate {
  readonly model: vscode.Uri;
  /** Layers that the place has made; empty: the model as a whole. */
  readonly layers: readonly LayerDescription[];
  /** The file was changed after the model was written. */
  readonly stale: boolean;
}

/** A place in a Python file, and what it belongs to: the nearest model first, of a training the newest checkpoint. */
export interface CodeMatch {
  readonly range: vscode.Range;
  readonly candidates: readonly [CodeCandidate, ...CodeCandidate[]];
  /** Where it is an attribute: its name. */
  readonly attribute?: string;
}

/** Which places of Python files belong to which layers of the workspace's models. */
export class CodeIndex {
  private parsed: { readonly of: string; readonly code: ModuleCode } | undefined;

  constructor(
    private readonly models: Models,
    private readonly outlines: Outlines,
  ) {}

  /** The places of a file. Asks the runner for outlines, and for nothing else. */
  async matches(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<readonly CodeMatch[]> {
    const text = document.getText();
    if (text.length > MOST_LETTERS || !mayHoldModels(text)) return [];
    await this.models.ready();
    const families = this.families(document.uri);
    if (families.length === 0) return [];
    const named = this.namedModels(document, text);
    const code = this.codeOf(document, text);
    const lines = code.attributes.length === 0 ? [] : await this.ofLayers(document, code, families, named, token);
    return [...lines, ...named];
  }

  private codeOf(document: vscode.TextDocument, text: string): ModuleCode {
    const of = `${document.uri.toString()} ${document.version}`;
    if (this.parsed?.of !== of) this.parsed = { of, code: moduleCode(text) };
    return this.parsed.code;
  }

  /** Attributes of the file, matched with the layers of the models that came from it. */
  private async ofLayers(
    document: vscode.TextDocument,
    code: ModuleCode,
    families: readonly (readonly vscode.Uri[])[],
    named: readonly CodeMatch[],
    token: vscode.CancellationToken,
  ): Promise<CodeMatch[]> {
    const found = new Map<ModuleAttribute, CodeCandidate[]>();
    for (const family of families) {
      let before: string | undefined;
      for (const model of family) {
        if (token.isCancellationRequested) return [];
        const answer = await this.outlines.get(model).catch(() => undefined);
        if (answer === undefined || 'error' in answer) continue;
        const { layers } = answer.outline;
        // An earlier checkpoint of the same network says nothing new.
        const names = layers.map((layer) => layer.name).join('\n');
        if (names === before) continue;
        const own = await this.cameFrom(document.uri, model, layers);
        const isNamed = named.some(({ candidates }) => candidates[0].model.toString() === model.toString());
        if (own === undefined && !isNamed) continue;
        before = names;
        const file = nameOf(document.uri).replace(/\.py$/, '');
        const options = { file, anywhere: own !== undefined };
        const made = new Map<ModuleAttribute, LayerDescription[]>();
        for (const layer of layers)
          for (const attribute of attributesOf(layer, code, options))
            made.set(attribute, [...(made.get(attribute) ?? []), layer]);
        for (const [attribute, theirs] of made) {
          const candidate = { model, layers: theirs, stale: own?.stale ?? false };
          found.set(attribute, [...(found.get(attribute) ?? []), candidate]);
        }
      }
    }
    return [...found].map(([{ line, start, end, name }, candidates]) => ({
      range: new vscode.Range(line, start, line, end),
      candidates: candidates as unknown as CodeMatch['candidates'],
      attribute: name,
    }));
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
    const names = modelNames(text);
    const calls = exportCalls(text, names);
    // The name is what a call exports: one lens for both.
    const exported = new Set(calls.map(({ name }) => name));
    const places = [...calls, ...names.filter((name) => !exported.has(name))];
    const models = new Map<string, vscode.Uri | undefined>();
    return places.flatMap(({ file, line, start, end }) => {
      // Of the checkpoints that a loop writes the newest.
      if (!models.has(file)) models.set(file, this.families(document.uri, file)[0]?.[0]);
      const model = models.get(file);
      return model === undefined
        ? []
        : [{ range: new vscode.Range(line, start, line, end), candidates: [{ model, layers: [], stale: false }] }];
    });
  }

  /** The nearest models; checkpoints of one training together, the newest first. */
  private families(file: vscode.Uri, name?: string): readonly (readonly vscode.Uri[])[] {
    const nearest = this.nearest(file, name);
    const families: vscode.Uri[][] = [];
    const taken = new Set<string>();
    for (const uri of nearest) {
      if (taken.has(uri.toString())) continue;
      const folder = vscode.Uri.joinPath(uri, '..').toString();
      const beside = nearest.filter((each) => vscode.Uri.joinPath(each, '..').toString() === folder);
      const byName = new Map(beside.map((each) => [nameOf(each), each]));
      const series = seriesOf(nameOf(uri), [...byName.keys()]).flatMap(({ name }) => byName.get(name) ?? []);
      for (const each of series) taken.add(each.toString());
      families.push(series.reverse().slice(0, MOST_OF_SERIES));
      if (families.length === MOST_MODELS) break;
    }
    return families;
  }

  /** @param name of the file; what stands in braces is filled in by running the code */
  private nearest(file: vscode.Uri, name?: string): vscode.Uri[] {
    return this.models
      .list()
      .map(({ uri }) => uri)
      .filter((uri) => name === undefined || couldBe(name, nameOf(uri)))
      .sort((a, b) => distance(a.path, file.path) - distance(b.path, file.path) || (a.path < b.path ? -1 : 1));
  }
}
