import * as vscode from 'vscode';
import { Disposables } from '../../base/disposable.js';
import type { LayerWeights } from '../../result/weights.js';
import { PlainTooltip, plainLens } from '../plain.js';
import { nameOf } from '../names.js';
import { formatCount } from '../format.js';
import type { HostServices } from '../services.js';
import type { LayerSelection } from '../workspace/selection.js';
import { CodeIndex, type CodeCandidate, type CodeMatch } from './codeIndex.js';
import { encodePng } from './png.js';

const PYTHON: vscode.DocumentSelector = [{ language: 'python', scheme: 'file' }];
/** Rows and columns of a weight that a tooltip shows. */
const SHOWN = 64;

/** What the lens's commands are given: the models that a place is about, and the layers of each. */
export type LensTarget = readonly { readonly model: vscode.Uri; readonly layers: readonly string[] }[];

/** Links from training code to what it has made, and a look at a layer's filters under the pointer. */
export class PythonLenses implements vscode.CodeLensProvider, vscode.HoverProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly disposables = new Disposables();
  readonly onDidChangeCodeLenses = this.changed.event;

  private readonly index: CodeIndex;

  constructor(private readonly services: HostServices) {
    const { models, selection, outlines } = services;
    this.index = new CodeIndex(models, outlines);
    this.disposables.addAll(
      this.changed,
      vscode.languages.registerCodeLensProvider(PYTHON, this),
      vscode.languages.registerHoverProvider(PYTHON, this),
      models.onDidChange(() => this.changed.fire()),
      models.onDidChangeFile(() => this.changed.fire()),
      selection.onDidChange(() => this.changed.fire()),
    );
  }

  dispose(): void {
    this.disposables.dispose();
  }

  async provideCodeLenses(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<vscode.CodeLens[]> {
    try {
      return (await this.index.matches(document, token)).flatMap((match) => lensesOf(match, this.services.selection));
    } catch (error) {
      // A lens that is missing is no reason to interrupt whoever types.
      this.services.log.warn(`Lenses of ${document.uri.fsPath}: ${String(error)}`);
      return [];
    }
  }

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.Hover | undefined> {
    // Most words are no attributes: nothing is asked for them.
    const word = document.getWordRangeAtPosition(position);
    if (
      word === undefined ||
      !document.getText(new vscode.Range(word.start.line, 0, word.start.line, word.start.character)).endsWith('self.')
    )
      return undefined;
    const name = document.getText(word);
    const matches = await this.index.matches(document, token).catch(() => []);
    // The attribute is known on the line that makes it, and wherever the class uses it.
    const match =
      matches.find((m) => m.attribute === name && m.range.start.line === position.line) ??
      matches.find((m) => m.attribute === name);
    const candidate = match?.candidates.find(({ layers }) => layers.some((each) => each.weights.length > 0));
    const holding = candidate?.layers.filter((each) => each.weights.length > 0) ?? [];
    // Of several the one that is selected in the window.
    const chosen = candidate === undefined ? undefined : this.services.selection.of(candidate.model);
    const layer = holding.find((each) => each.name === chosen) ?? holding[0];
    if (candidate === undefined || layer === undefined || token.isCancellationRequested) return undefined;
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    try {
      const page = { rowFrom: 0, rowCount: SHOWN, columnFrom: 0, columnCount: SHOWN };
      const answer = await (
        await this.services.runner()
      ).weights({ ...this.services.request(candidate.model), layer: layer.name, page }, { signal: abort.signal });
      return new vscode.Hover(await hoverText(candidate, layer.name, answer), word);
    } catch {
      return undefined; // the editor of the model says what is wrong with it
    }
  }
}

function lensesOf(match: CodeMatch, selection: LayerSelection): vscode.CodeLens[] {
  const { range, candidates, attribute } = match;
  const [{ model, layers, stale }] = candidates;
  const target: LensTarget = candidates.map((each) => ({
    model: each.model,
    layers: each.layers.map((layer) => layer.name),
  }));
  const file = nameOf(model);
  const count = candidates.reduce((sum, each) => sum + each.layers.length, 0);
  const what = layers.length === 0 ? file : count === 1 ? layers[0]!.name : `${count} layers`;
  // The layer that is selected in the window, where this line has made it.
  const selected = candidates
    .flatMap((each) => each.layers.filter(({ name }) => name === selection.of(each.model)))
    .find((layer) => count > 1 || layer.name !== attribute);
  const older = stale ? `${file} is older than this file: its lines may have moved` : '';
  const where = candidates.map((each) => vscode.workspace.asRelativePath(each.model)).join(', ');
  const tooltip = [`In ${where}`, older].filter(Boolean).join('. ');
  const lens = (title: string, command: string, hint: string): vscode.CodeLens =>
    plainLens(range, { title, command, tooltip: hint, arguments: [target] });
  const shown = `${what}${selected === undefined || count === 1 ? '' : ` (${selected.name} selected)`}`;
  return [
    lens(`Inspect ${shown}${stale ? ' (older)' : ''}`, 'onnxLens.inspectCode', tooltip),
    lens(
      'Explain',
      'onnxLens.explainCode',
      `Explain a picture ${layers.length === 0 ? 'with' : 'at this layer of'} ${file}`,
    ),
    lens('Compare', 'onnxLens.compareCode', 'See it beside another checkpoint, or beside random weights'),
    lens('Visualize', 'onnxLens.visualizeCode', 'Make a picture of what it wants to see'),
  ];
}

async function hoverText(
  { model, layers, stale }: CodeCandidate,
  layer: string,
  weights: LayerWeights,
): Promise<vscode.MarkdownString> {
  const text = new PlainTooltip();
  const { shown, statistics: s } = weights;
  const file = nameOf(model);
  text.line(
    `${layer} · ${weights.op} · ${shown.dims.join('×')}${shown.label === undefined ? '' : ` · ${shown.label}`}\n`,
  );
  const dark = vscode.window.activeColorTheme.kind !== vscode.ColorThemeKind.Light;
  // The colour maps are not loaded before a picture is drawn: every window waits for what an extension loads.
  const { filterPicture } = await import('./filterPicture.js');
  const picture = filterPicture(weights, dark ? 37 : 243);
  if (picture !== undefined) text.picture('First filters', encodePng(picture));
  if (s !== undefined) {
    const dead = s.dead.reduce((sum, each) => sum + each, 0);
    const number = (value: number): string => value.toPrecision(3);
    const parts = [
      `mean ${number(s.mean)}, deviation ${number(s.std)}`,
      `from ${number(s.min)} to ${number(s.max)}`,
      `${(100 * s.sparsity).toFixed(1)} % zero`,
      dead > 0 ? `${dead} of ${s.dead.length} filters dead` : '',
      s.nan + s.infinite > 0 ? `${formatCount(s.nan + s.infinite)} not finite` : '',
    ];
    text.line(parts.filter(Boolean).join(' · '));
  }
  const more = layers.length > 1 ? `, one of ${layers.length} layers that it made` : '';
  text.paragraph(`${file}${more}${stale ? ', older than this code' : ''}`);
  return text.markdown;
}
