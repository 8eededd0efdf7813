import * as vscode from 'vscode';
import type { CheckId } from '../../base/checks.js';
import { Disposables } from '../../base/disposable.js';
import { isCancelled, LensError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { CHECKS, checkOf, type CheckResult } from '../../result/check.js';
import { filesStamps, untilStill } from '../disk/settle.js';
import { nameOf } from '../names.js';
import { logError } from '../notify.js';
import { plain, plainDiagnostic, plainRow, plainTestMessage } from '../plain.js';
import type { HostServices } from '../services.js';
import { sidecarPath } from '../workspace/sidecar.js';
import { contextOf, differenceOf, failureText } from './checkWords.js';
import { locationOf, SIDECAR, sidecarOf } from './sidecars.js';

/** A model of the tree, and which of its checks are meant: all where none is named. */
interface Asked {
  readonly item: vscode.TestItem;
  readonly model: vscode.Uri;
  readonly only: Set<CheckId> | undefined;
}

/** What a row of the tree stands for. */
export interface CheckSubject {
  readonly model: vscode.Uri;
  readonly check?: CheckId;
}

/**
 * Checks of models in the Test Explorer: folder of the workspace → model → checks. Nothing is searched before the tree is
 * looked at, and a model's checks are listed when it is opened there, or its settings file in an editor.
 */
export class CheckTests implements vscode.Disposable {
  readonly controller = vscode.tests.createTestController('onnxLens.checks', 'ONNX Lens');
  private readonly problems = vscode.languages.createDiagnosticCollection('onnxLens.checks');
  private readonly subjects = new WeakMap<vscode.TestItem, CheckSubject>();
  private readonly items = new Map<string, vscode.TestItem>();
  /** The newest result of each check, by model. */
  private readonly results = new Map<string, Map<CheckId, CheckResult>>();
  /** Where the problems of a model were written. */
  private readonly written = new Map<string, vscode.Uri>();
  private readonly disposables = new Disposables();
  private listed = false;

  constructor(private readonly services: HostServices) {
    const { controller } = this;
    controller.resolveHandler = (item) => (item === undefined ? this.list() : this.open(item));
    controller.refreshHandler = () => this.list();
    const profile = controller.createRunProfile(
      'Check',
      vscode.TestRunProfileKind.Run,
      async (request, token) => {
        if (request.continuous === true) this.keepChecking(request, token);
        else await this.run(request, token);
      },
      true,
    );
    profile.supportsContinuousRun = true;
    this.disposables.addAll(
      controller,
      this.problems,
      services.models.onDidChange(() => this.listed && void this.list()),
      vscode.workspace.onDidOpenTextDocument((document) => void this.follow(document)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => void this.follow(document)),
    );
  }

  dispose(): void {
    this.disposables.dispose();
  }

  /** What a row stands for; `undefined` for a folder. */
  subjectOf(item: vscode.TestItem): CheckSubject | undefined {
    return this.subjects.get(item);
  }

  resultOf(model: vscode.Uri, check: CheckId): CheckResult | undefined {
    return this.results.get(model.toString())?.get(check);
  }

  /** Checks some models as a run of the Test Explorer. @throws what kept the first one from being checked */
  async check(models: readonly vscode.Uri[]): Promise<void> {
    await this.list();
    const items = models.map((model) => this.itemOf(model));
    for (const item of items) if (item.parent === undefined) this.controller.items.add(item);
    if (items[0] !== undefined) await this.reveal(items[0]);
    const source = new vscode.CancellationTokenSource();
    try {
      const error = await this.run(new vscode.TestRunRequest(items), source.token);
      if (error !== undefined) throw error;
    } finally {
      source.dispose();
    }
  }

  /** Opens the tree at the checks of a model: what is asked for from elsewhere is looked for there. */
  private async reveal(item: vscode.TestItem): Promise<void> {
    await this.open(item);
    const [first] = this.chosen(item, undefined);
    // A window that does not know the command shows the tree as it is.
    await vscode.commands.executeCommand('vscode.revealTestInExplorer', first ?? item).then(undefined, () => undefined);
  }

  /** The models of the workspace below its folders. */
  private async list(): Promise<void> {
    this.listed = true;
    await this.services.models.ready();
    const models = this.services.models.list().map(({ uri }) => uri);
    const there = new Set(models.map(String));
    for (const [key, item] of this.items) {
      if (there.has(key)) continue;
      this.forget(key);
      item.parent?.children.delete(item.id);
      this.controller.items.delete(item.id);
    }
    const folders = vscode.workspace.workspaceFolders ?? [];
    this.controller.items.replace(
      folders.flatMap((folder) => {
        const own = models.filter(
          (uri) => vscode.workspace.getWorkspaceFolder(uri)?.uri.toString() === folder.uri.toString(),
        );
        if (own.length === 0) return [];
        const id = folder.uri.toString();
        const item =
          this.controller.items.get(id) ?? this.controller.createTestItem(id, plainRow(folder.name), folder.uri);
        item.children.replace(own.map((uri) => this.itemOf(uri)));
        return [item];
      }),
    );
  }

  private forget(key: string): void {
    this.items.delete(key);
    this.results.delete(key);
    const written = this.written.get(key);
    if (written !== undefined) this.problems.delete(written);
    this.written.delete(key);
  }

  private itemOf(model: vscode.Uri): vscode.TestItem {
    const key = model.toString();
    const known = this.items.get(key);
    if (known !== undefined) return known;
    const item = this.controller.createTestItem(key, plainRow(vscode.workspace.asRelativePath(model, false)), model);
    item.canResolveChildren = true;
    this.items.set(key, item);
    this.subjects.set(item, { model });
    return item;
  }

  /** Lists a model's checks, each at its line of the settings file. */
  private async open(item: vscode.TestItem): Promise<void> {
    const subject = this.subjects.get(item);
    if (subject === undefined || subject.check !== undefined) return;
    const { model } = subject;
    const sidecar = await sidecarOf(model);
    item.children.replace(
      CHECKS.map(({ id, title, reads }, i) => {
        const { uri, range } = locationOf(model, sidecar, `checks.${id}`);
        const key = `${model.toString()}#${id}`;
        const before = item.children.get(key);
        // A row keeps its file for life; a line it may change.
        const child =
          before?.uri?.toString() === uri.toString() ? before : this.controller.createTestItem(key, title, uri);
        if (sidecar !== undefined) child.range = range;
        child.description = reads;
        child.sortText = String(i).padStart(3, '0');
        this.subjects.set(child, { model, check: id });
        return child;
      }),
    );
  }

  /** Marks stay at their lines while a settings file is read and written in an editor. */
  private async follow({ uri }: vscode.TextDocument): Promise<void> {
    if (!SIDECAR.test(uri.path)) return;
    if (!this.listed) await this.list();
    for (const [key, item] of this.items) {
      const subject = this.subjects.get(item);
      if (subject === undefined || sidecarPath(subject.model.path) !== uri.path) continue;
      await this.open(item);
      await this.writeProblems(key, subject.model);
    }
  }

  /** Checks a model again whenever its checkpoint or its settings file is written. */
  private keepChecking(request: vscode.TestRunRequest, token: vscode.CancellationToken): void {
    const again = async (model: vscode.Uri): Promise<void> => {
      const meant = (await this.asked(request)).filter((each) => each.model.toString() === model.toString());
      if (meant.length === 0 || token.isCancellationRequested) return;
      const abort = new AbortController();
      const ending = token.onCancellationRequested(() => abort.abort());
      try {
        // Training writes in pieces.
        await untilStill(() => filesStamps([model.fsPath]), abort.signal);
        const include = meant.flatMap(({ item, only }) => (only === undefined ? [item] : this.chosen(item, only)));
        await this.run(new vscode.TestRunRequest(include, undefined, request.profile, true), token);
      } catch (error) {
        logError(this.services.log, error, 'Continuous checks');
      } finally {
        ending.dispose();
      }
    };
    const listeners = vscode.Disposable.from(
      this.services.models.onDidChangeFile((model) => void again(model)),
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        if (!SIDECAR.test(uri.path)) return;
        for (const { uri: model } of this.services.models.list())
          if (sidecarPath(model.path) === uri.path) void again(model);
      }),
    );
    this.disposables.add(listeners);
    token.onCancellationRequested(() => listeners.dispose());
  }

  /** The models of a request with the checks that are meant; what it leaves out is left out. */
  private async asked({ include, exclude = [] }: vscode.TestRunRequest): Promise<readonly Asked[]> {
    if (include === undefined) await this.list();
    const found = new Map<vscode.TestItem, Asked>();
    const visit = async (item: vscode.TestItem): Promise<void> => {
      if (exclude.includes(item)) return;
      const subject = this.subjects.get(item);
      if (subject === undefined) {
        for (const [, child] of item.children) await visit(child);
      } else if (subject.check !== undefined) {
        const parent = this.itemOf(subject.model);
        const before = found.get(parent);
        if (before !== undefined && before.only === undefined) return;
        const only = new Set([...(before?.only ?? []), subject.check]);
        found.set(parent, { item: parent, model: subject.model, only });
      } else {
        await this.open(item);
        const left = CHECKS.map(({ id }) => id).filter(
          (id) => !this.chosen(item, new Set([id])).some((row) => exclude.includes(row)),
        );
        if (left.length > 0)
          found.set(item, {
            item,
            model: subject.model,
            only: left.length < CHECKS.length ? new Set(left) : undefined,
          });
      }
    };
    const roots = include ?? [...this.controller.items].map(([, item]) => item);
    for (const item of roots) await visit(item);
    return [...found.values()];
  }

  /** The rows of some checks of a model; of all where none is named. */
  private chosen(item: vscode.TestItem, only: ReadonlySet<CheckId> | undefined): vscode.TestItem[] {
    return [...item.children].flatMap(([, child]) => {
      const check = this.subjects.get(child)?.check;
      return check !== undefined && (only === undefined || only.has(check)) ? [child] : [];
    });
  }

  /** One run; answers what kept the first model from being checked. */
  private async run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<unknown> {
    const run = this.controller.createTestRun(request);
    const abort = new AbortController();
    const cancel = (): void => abort.abort();
    const listeners = vscode.Disposable.from(
      token.onCancellationRequested(cancel),
      run.token.onCancellationRequested(cancel),
    );
    let first: unknown;
    try {
      const all = await this.asked(request);
      for (const { item, only } of all) for (const row of this.chosen(item, only)) run.enqueued(row);
      for (const asked of all) {
        if (abort.signal.aborted) break;
        try {
          await this.checkOne(run, asked, abort.signal);
        } catch (error) {
          // A click on the status bar ends everything that was asked for.
          if (isCancelled(error)) break;
          first ??= error;
          logError(this.services.log, error, `Checking ${nameOf(asked.model)}`);
          const said =
            error instanceof LensError ? `${error.message} ${error.hint ?? ''}`.trim() : `Unexpected: ${String(error)}`;
          for (const row of this.chosen(asked.item, asked.only)) run.errored(row, plainTestMessage(said));
        }
      }
    } finally {
      listeners.dispose();
      run.end();
    }
    return first;
  }

  private async checkOne(run: vscode.TestRun, { item, model, only }: Asked, signal: AbortSignal): Promise<void> {
    const { services } = this;
    const sidecar = await sidecarOf(model);
    const told = new Set<CheckId>();
    const rowOf = (id: CheckId): vscode.TestItem | undefined => this.chosen(item, new Set([id]))[0];
    const tell = (result: CheckResult): void => {
      const row = rowOf(result.id);
      if (row === undefined || told.has(result.id)) return;
      told.add(result.id);
      this.keep(model, result);
      const { status, sentence, milliseconds, setting = `checks.${result.id}` } = result;
      if (status === 'fail') {
        const message = plainTestMessage(failureText(result), differenceOf(result));
        message.location = locationOf(model, sidecar, setting);
        message.contextValue = contextOf(result);
        run.failed(row, message, milliseconds);
        return;
      }
      if (status === 'pass') run.passed(row, milliseconds);
      else run.skipped(row);
      run.appendOutput(
        `${plain(`${checkOf(result.id).title}: ${sentence}`).replace(/\r?\n/g, '\r\n')}\r\n`,
        undefined,
        row,
      );
    };
    const answer = await services.status.work(
      `checking ${nameOf(model)}`,
      async (inner, progress) =>
        (await services.runner()).check(
          { ...services.request(model), ...given({ only: only === undefined ? undefined : [...only] }) },
          {
            signal: inner,
            onProgress: (report) => {
              progress(report);
              if (report.result !== undefined) tell(report.result);
              else if (report.check !== undefined && !told.has(report.check)) {
                const row = rowOf(report.check);
                if (row !== undefined) run.started(row);
              }
            },
          },
        ),
      signal,
    );
    answer.checks.forEach(tell);
    const known = answer.cached > 0 ? `, ${answer.cached} of them known` : '';
    run.appendOutput(`${plainRow(`${nameOf(model)}: ${answer.checks.length} checks${known}`)}\r\n`);
    await this.writeProblems(model.toString(), model);
  }

  private keep(model: vscode.Uri, result: CheckResult): void {
    const key = model.toString();
    const known = this.results.get(key) ?? new Map<CheckId, CheckResult>();
    this.results.set(key, known.set(result.id, result));
  }

  /** What fails stands at its line; what has passed since is gone. */
  private async writeProblems(key: string, model: vscode.Uri): Promise<void> {
    const results = this.results.get(key);
    if (results === undefined) return;
    const sidecar = await sidecarOf(model);
    const uri = sidecar?.uri ?? model;
    const before = this.written.get(key);
    if (before !== undefined && before.toString() !== uri.toString()) this.problems.delete(before);
    this.written.set(key, uri);
    this.problems.set(
      uri,
      [...results.values()]
        .filter(({ status }) => status === 'fail')
        .map(({ id, sentence, setting = `checks.${id}` }) =>
          plainDiagnostic(
            locationOf(model, sidecar, setting).range,
            `${checkOf(id).title}: ${sentence}`,
            vscode.DiagnosticSeverity.Warning,
          ),
        ),
    );
  }
}
