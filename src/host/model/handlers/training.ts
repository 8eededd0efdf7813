import * as vscode from 'vscode';
import type { Disposables } from '../../../base/disposable.js';
import { AUTO } from '../../../result/method.js';
import type { SeriesEntry } from '../../../protocol/modelPanel.js';
import { onDisk } from '../../panel/passed.js';
import type { Chapter, EditorRoom } from '../room.js';
import { chooseSeries } from '../chooseSeries.js';
import { Siblings } from '../siblings.js';
import { explainWith } from './explainWith.js';

/** The checkpoints of the same training, and what is asked of each of them. */
export function trainingHandlers(
  { services, document, editor }: EditorRoom,
  disposables: Disposables,
  announce: (series: readonly SeriesEntry[]) => void,
  column: () => vscode.ViewColumn | undefined,
): Chapter<
  'series' | 'chooseSeries' | 'weightsOf' | 'weightStatisticsOf' | 'explainWith' | 'methods' | 'labels' | 'open'
> {
  const { uri } = document;
  const siblings = disposables.add(new Siblings(uri, services, announce));
  return {
    series: ({ chosen }) => siblings.series(chosen),
    chooseSeries: async () => {
      const now = await siblings.now();
      return chooseSeries(services, uri, now);
    },
    weightsOf: ({ uri: other, ...request }, call) => siblings.ask(other, 'weights', onDisk(request), call),
    weightStatisticsOf: ({ uri: other, ...request }, call) =>
      siblings.ask(other, 'weightStatistics', onDisk(request), call),
    explainWith: explainWith(services, siblings),
    methods: async () => {
      const methods = await (await services.runner()).methods({});
      const wanted = services.settings.get('defaultMethod');
      // Checkpoints are compared by the same method, whichever would fit each of them best.
      const first = wanted === AUTO ? 'gradient' : wanted;
      return { methods: methods.filter((method) => method.chapter === 'attribution'), first };
    },
    labels: async () => (await services.runner()).labels(services.request(uri)),
    open: async ({ uri: other }) => {
      const model = vscode.Uri.parse(other);
      // The same layer of another moment of the training.
      const layer = services.selection.of(uri);
      if (layer !== undefined) services.selection.select({ model, layer, by: editor });
      const viewColumn = column() ?? vscode.ViewColumn.Active;
      await vscode.commands.executeCommand('vscode.openWith', model, 'onnxLens.model', { viewColumn, preview: true });
    },
  };
}
