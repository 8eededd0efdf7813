import * as vscode from 'vscode';
import type { Handlers } from '../../protocol/channel.js';
import type { DatasetHostApi } from '../../protocol/datasetPanel.js';
import type { NamedNetwork } from '../../protocol/explainPanel.js';
import type { OtherCheckpoint } from '../../protocol/modelPanel.js';
import type { ModelRequest } from '../../protocol/request.js';
import type { Comparison } from '../../result/comparison.js';
import { chooseNetwork } from '../explain/chooseNetwork.js';
import { fileAt, nameOf, pathOf } from '../names.js';
import { saveFor } from '../panel/saving.js';
import { askAbout } from '../runner/asking.js';
import type { HostServices } from '../services.js';
import type { DatasetTopicFiles } from './topicFiles.js';

type Chapter = Pick<Handlers<DatasetHostApi>, 'compare' | 'chooseOther' | 'methods' | 'saveComparison'>;

/** Another model beside the one of a panel, on the same pictures. */
export function comparisonHandlers(services: HostServices, { model, place }: DatasetTopicFiles): Chapter {
  let last: Comparison | undefined;
  return {
    compare: async ({ other, ...asked }, call) => {
      const request = { ...asked, other: requestOf(services, model, other), place: pathOf(place) };
      last = await askAbout(services, model, 'compareModels', request, call, (read) => read());
      return last;
    },
    chooseOther: async () => otherOf(await chooseNetwork(services, model, 'Compare with')),
    methods: async () =>
      (await (await services.runner()).methods({})).filter(({ chapter }) => chapter === 'attribution'),
    saveComparison: async () => {
      const comparison = last;
      if (comparison === undefined) return false;
      const name = `${nameOf(model).replace(/\.onnx$/i, '')} compared.html`;
      return saveFor(services, vscode.Uri.joinPath(place, '..', name), async () => {
        const { comparisonPage } = await import('../../report/comparison.js');
        return new TextEncoder().encode(comparisonPage(comparison));
      });
    },
  };
}

function requestOf(services: HostServices, model: vscode.Uri, other: OtherCheckpoint): ModelRequest {
  return other.kind === 'random'
    ? { ...services.request(model), randomWeights: other.seed }
    : services.request(fileAt(other.file.uri));
}

/** A network that was picked, as what a model is compared with. */
export function otherOf(picked: NamedNetwork | undefined): OtherCheckpoint | undefined {
  if (picked === undefined) return undefined;
  const { name, model } = picked;
  return model === undefined ? { kind: 'random', seed: 0 } : { kind: 'file', file: { name, uri: model } };
}

/** The same as a column of the grid. */
export function networkOf(other: OtherCheckpoint): NamedNetwork {
  return other.kind === 'random'
    ? { name: 'random weights', random: true }
    : { name: other.file.name.replace(/\.onnx$/i, ''), model: other.file.uri };
}
