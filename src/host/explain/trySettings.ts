import type * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import type { TriedSettings, TryRequest } from '../../protocol/explainPanel.js';
import { fileAt, pathOf } from '../names.js';
import type { HostServices } from '../services.js';

/** Classes that are asked for: those of before are looked up among them. */
const TOP = 1000;

/**
 * What a model says of one picture under settings that are tried.
 *
 * @throws LensError that says what is wrong with the settings or the model
 */
export async function trySettings(
  services: HostServices,
  model: vscode.Uri,
  { picture, settings, outputs }: TryRequest,
  signal: AbortSignal,
): Promise<TriedSettings> {
  const runner = await services.runner();
  const input = pathOf(fileAt(picture));
  const request = { ...services.request(model), inputs: [input], top: TOP, ...given({ settings, outputs }) };
  const { results, preprocessing, labels, warnings } = await runner.predict(request, { signal });
  const [outcome] = results;
  if (outcome === undefined)
    throw new LensError('input', 'explain/empty', 'There is nothing in it to predict.', { hint: 'Choose a picture.' });
  return { outcome, preprocessing, labels, warnings };
}
