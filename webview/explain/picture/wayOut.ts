import type { ErrorData } from '../../../src/base/errors.js';
import type { ButtonOptions } from '../../shared/controls.js';
import { toReading } from '../output/toReading.js';
import type { Asked } from '../asked.js';

/** The method that is offered where no gradient passes: the plainest of those that only run the model. */
const RUNS_ONLY = 'occlusion';

/**
 * Buttons that lead on from a failure, in front of the usual ones: a method that needs no gradient, where one stopped there;
 * the list of what an output may be, where nobody knows what it is.
 */
export function waysOut(c: Pick<Asked, 'method' | 'setup' | 'chooseMethod'>, error: ErrorData): ButtonOptions[] {
  const { method, setup } = c;
  if (error.output !== undefined) return [{ label: 'Choose how to read it', look: 'primary', onClick: toReading }];
  if (method?.needs !== 'gradient' || (error.refused ?? []).length === 0) return [];
  const without = (setup?.methods ?? []).filter((m) => m.needs === 'black-box');
  const other = without.find((m) => m.id === RUNS_ONLY) ?? without[0];
  if (other === undefined) return [];
  return [{ label: `Use ${other.title}`, look: 'primary', onClick: () => c.chooseMethod(other.id) }];
}
