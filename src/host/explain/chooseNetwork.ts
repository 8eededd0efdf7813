import * as vscode from 'vscode';
import type { NamedNetwork } from '../../protocol/explainPanel.js';
import { named } from '../names.js';
import type { HostServices } from '../services.js';
import {
  chooseModels,
  chooseOther,
  takesNoPicture,
  type ModelQuestion,
  type OtherRow,
} from '../workspace/modelChoice.js';

const RANDOM: NamedNetwork = { name: 'random weights', random: true };

const drawn = (of: string): OtherRow => ({
  label: `Random weights of ${of}`,
  description: 'drawn anew, with the mean and deviation of each weight',
});

/** A network to put beside a model: the same one with random weights, or another checkpoint, the nearest first. */
export async function chooseNetwork(
  services: HostServices,
  model: vscode.Uri,
  title = 'Add a model to the grid',
): Promise<NamedNetwork | undefined> {
  const question = { ...questionOf(services, model), title };
  const picked = await chooseOther(question, model, [drawn('this network')]);
  if (picked === undefined) return undefined;
  return picked instanceof vscode.Uri ? networkOf(picked) : RANDOM;
}

/** Networks that are asked about the same pictures: the first is the panel's own, which the others are held against. */
export interface Networks {
  readonly model: vscode.Uri;
  readonly others: readonly NamedNetwork[];
}

export async function chooseNetworks(
  services: HostServices,
  near: vscode.Uri | undefined,
  title: string,
): Promise<Networks | undefined> {
  const random = drawn('the first one');
  const placeholder = 'Tick models: others are held against the first one';
  const picked = await chooseModels({ ...questionOf(services, near), title }, placeholder, [random]);
  const [model, ...rest] = picked?.models ?? [];
  // Random weights alone are those of no network.
  if (model === undefined) return undefined;
  return { model, others: [...rest.map(networkOf), ...(picked!.others.includes(random) ? [RANDOM] : [])] };
}

function questionOf({ models, outlines }: HostServices, near: vscode.Uri | undefined): Omit<ModelQuestion, 'title'> {
  return { models, near, outlines, unfit: takesNoPicture };
}

function networkOf(uri: vscode.Uri): NamedNetwork {
  const { uri: model, name } = named(uri);
  return { name: name.replace(/\.onnx$/i, ''), model };
}
