import * as vscode from 'vscode';
import type { CensusOperations } from '../../protocol/census.js';
import type { Passed } from '../../protocol/passed.js';
import { registerCommands, selectedFiles } from '../commands/register.js';
import { keptFile, nameOf } from '../names.js';
import { Panel } from '../panel/panel.js';
import { Panels } from '../panel/panels.js';
import { passed } from '../panel/passed.js';
import type { HostServices } from '../services.js';

class CensusPanel extends Panel {
  constructor(
    panel: vscode.WebviewPanel,
    services: HostServices,
    readonly model: vscode.Uri,
  ) {
    super(panel, services);
    panel.title = `Operators of ${nameOf(model)}`;
    const page = { bundle: 'census', title: 'Operators', icon: 'lens' };
    this.serve<object, Passed<keyof CensusOperations>>(page, passed(services, model, ['census']));
  }
}

/** Panels that count a model's operators, and the command that opens them. */
export function censusPanels(services: HostServices): vscode.Disposable {
  const panels = new Panels<CensusPanel, vscode.Uri>(services, {
    viewType: 'onnxLens.census',
    title: 'Operators',
    create: (panel, model) => new CensusPanel(panel, services, model),
    reuse: ({ model, panel }, wanted) => {
      if (model.toString() !== wanted.toString()) return false;
      panel.reveal();
      return true;
    },
    topicOf: keptFile,
  });
  const census = (...args: readonly unknown[]): void => {
    const [model] = selectedFiles(args);
    if (model !== undefined) panels.show(model);
  };
  return vscode.Disposable.from(panels, registerCommands(services.notify, { census }));
}
