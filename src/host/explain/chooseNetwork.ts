import * as vscode from 'vscode';
import type { NamedNetwork } from '../../protocol/explainPanel.js';
import { named, nameOf } from '../names.js';
import { distance } from '../paths.js';
import { pickRow } from '../plain.js';
import type { HostServices } from '../services.js';

interface Offer extends vscode.QuickPickItem {
  readonly network: NamedNetwork;
}

/** A network to put beside a model: the same one with random weights, or another checkpoint, the nearest first. */
export async function chooseNetwork(services: HostServices, model: vscode.Uri): Promise<NamedNetwork | undefined> {
  await services.models.ready();
  const others = services.models
    .list()
    .map(({ uri }) => uri)
    .filter((uri) => uri.toString() !== model.toString())
    .sort((a, b) => distance(model.path, a.path) - distance(model.path, b.path));
  const random: Offer = {
    label: 'Random weights of this network',
    description: 'drawn anew, with the mean and deviation of each weight',
    network: { name: 'random weights', random: true },
  };
  const rows = others.map((uri): Offer => {
    const { uri: address, name } = named(uri);
    return {
      label: nameOf(uri),
      description: vscode.workspace.asRelativePath(uri),
      network: { name: name.replace(/\.onnx$/i, ''), model: address },
    };
  });
  const picked = await pickRow([random, ...rows], { title: 'Add a model to the grid', placeHolder: 'Model' });
  return picked?.network;
}
