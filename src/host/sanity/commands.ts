import path from 'node:path';
import * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import { checkOf, type CheckResult } from '../../result/check.js';
import { registerCommands, selectedFiles } from '../commands/register.js';
import type { DatasetPanels } from '../dataset/datasetPanels.js';
import type { ExplainPanels } from '../explain/explainPanels.js';
import { nameOf } from '../names.js';
import { plainRow } from '../plain.js';
import type { HostServices } from '../services.js';
import type { ModelElement } from '../tree/treeElements.js';
import { chooseModel } from '../workspace/modelChoice.js';
import { activeFile } from '../workspace/pictures.js';
import type { CheckTests } from './checkTests.js';
import { placeOf, sidecarOf } from './sidecars.js';
import { stripPage } from './stripPage.js';

/** Pictures that are explained at once. */
const EXPLAINED = 12;

/** The commands that check models, and those that open what is behind a failure. */
export function checkCommands(
  services: HostServices,
  tests: CheckTests,
  explain: ExplainPanels,
  datasets: DatasetPanels,
): vscode.Disposable {
  const { models } = services;

  const check = async (chosen: readonly vscode.Uri[]): Promise<void> => {
    await vscode.commands.executeCommand('workbench.view.testing.focus');
    await tests.check(chosen);
  };

  const checkModel = async (...args: readonly unknown[]): Promise<void> => {
    const files = selectedFiles(args).filter((uri) => /\.onnx$/i.test(uri.path));
    const element = args[0] as Partial<ModelElement> | undefined;
    const given = files.length > 0 ? files : element?.uri instanceof vscode.Uri ? [element.uri] : [];
    if (given.length > 0) return check(given);
    const model = await chooseModel({
      models,
      near: activeFile(),
      title: 'Check a Model',
      outlines: services.outlines,
    });
    if (model !== undefined) await check([model]);
  };

  const checkAll = async (): Promise<void> => {
    await models.ready();
    const all = models.list().map(({ uri }) => uri);
    if (all.length === 0)
      throw new LensError('input', 'check/none', 'There is no model in this workspace.', {
        hint: 'Open a folder with an .onnx file.',
      });
    await check(all);
  };

  /** The result behind a message; those of an earlier window are asked for again, which is known. */
  const behind = async (args: readonly unknown[]): Promise<{ model: vscode.Uri; result: CheckResult } | undefined> => {
    const test = (args[0] as { readonly test?: vscode.TestItem } | undefined)?.test;
    const subject = test === undefined ? undefined : tests.subjectOf(test);
    if (subject?.check === undefined) return undefined;
    const { model, check: id } = subject;
    const known = tests.resultOf(model, id);
    if (known !== undefined) return { model, result: known };
    const { checks } = await services.status.work(`checking ${nameOf(model)}`, async (signal, onProgress) =>
      (await services.runner()).check({ ...services.request(model), only: [id] }, { signal, onProgress }),
    );
    return checks[0] === undefined ? undefined : { model, result: checks[0] };
  };

  /** The pictures that the settings file names. */
  const picturesOf = async (model: vscode.Uri): Promise<vscode.Uri> => {
    const sidecar = await sidecarOf(model);
    const place = sidecar === undefined ? undefined : placeOf(sidecar);
    if (place !== undefined) return place;
    throw new LensError('input', 'check/place', `The settings file of ${nameOf(model)} names no pictures.`, {
      hint: 'Write "checks": { "data": "FOLDER" } there.',
    });
  };

  return registerCommands(services.notify, {
    checkModel,
    checkAll,
    openCheckStrip: async (...args) => {
      const found = await behind(args);
      if (found === undefined) return;
      const title = plainRow(`${checkOf(found.result.id).title}: ${nameOf(found.model)}`);
      const panel = vscode.window.createWebviewPanel('onnxLens.checkStrip', title, vscode.ViewColumn.Active, {
        enableScripts: false,
        localResourceRoots: [],
      });
      panel.webview.html = stripPage(title, found.result);
    },
    explainBehindCheck: async (...args) => {
      const found = await behind(args);
      if (found === undefined) return;
      const { model, result } = found;
      const place = await picturesOf(model);
      const images = (result.evidence.files ?? [])
        .slice(0, EXPLAINED)
        .map((file) => vscode.Uri.file(path.resolve(place.fsPath, file)));
      models.use(model);
      explain.show({ model, images });
    },
    openConfusion: async (...args) => {
      const found = await behind(args);
      if (found === undefined) return;
      models.use(found.model);
      datasets.show({ model: found.model, place: await picturesOf(found.model), tab: 'mistakes' });
    },
  });
}
