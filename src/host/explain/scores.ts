import * as vscode from 'vscode';
import { fromErrorData } from '../../base/errors.js';
import type { PictureEdit } from '../../base/picture.js';
import type { TryRequest } from '../../protocol/explainPanel.js';
import type { ClassScore, Prediction } from '../../result/explanation.js';
import { fileAt, pathOf } from '../names.js';
import type { HostServices } from '../services.js';

/** As many classes as there are. */
const ALL = Number.MAX_SAFE_INTEGER;

/**
 * What a model says of a picture, as it is or painted over: all classes, best first, or its numbers.
 *
 * @throws LensError that says what is wrong with the model or the picture
 */
export async function allScores(
  services: HostServices,
  model: vscode.Uri,
  { picture, ...asked }: TryRequest & { readonly edit?: PictureEdit },
  signal: AbortSignal,
): Promise<readonly ClassScore[]> {
  const runner = await services.runner();
  const request = { ...services.request(model), ...asked, inputs: [pathOf(fileAt(picture))], top: ALL };
  const [first] = (await runner.predict(request, { signal })).results;
  if (first === undefined) return [];
  if ('error' in first) throw fromErrorData(first.error);
  return scoresOf(first.result);
}

/** Classes where there are some, else the numbers by their names. */
function scoresOf({ top, values, names }: Prediction): readonly ClassScore[] {
  return top ?? values?.map((logit, index) => ({ index, label: names?.[index] ?? `value ${index}`, logit })) ?? [];
}
