import * as vscode from 'vscode';
import { given } from '../../base/given.js';
import { fromErrorData } from '../../base/errors.js';
import type { Address } from '../../base/place.js';
import type { OutputChoices } from '../../result/output.js';
import type { ClassScore } from '../../result/explanation.js';
import { fileAt, pathOf } from '../names.js';
import type { HostServices } from '../services.js';

/** As many classes as there are. */
const ALL = Number.MAX_SAFE_INTEGER;

/**
 * All classes of a picture, best first.
 *
 * @throws LensError that says what is wrong with the model or the picture
 */
export async function allScores(
  services: HostServices,
  model: vscode.Uri,
  { picture, outputs }: { readonly picture: Address; readonly outputs?: OutputChoices },
  signal: AbortSignal,
): Promise<readonly ClassScore[]> {
  const runner = await services.runner();
  const request = { ...services.request(model), inputs: [pathOf(fileAt(picture))], top: ALL, ...given({ outputs }) };
  const [first] = (await runner.predict(request, { signal })).results;
  if (first === undefined) return [];
  if ('error' in first) throw fromErrorData(first.error);
  return first.result.top ?? [];
}
