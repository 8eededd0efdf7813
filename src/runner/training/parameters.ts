import { parseParameters } from '../../method/parameters.js';
import type { ParameterSchema, ParameterValue } from '../../result/method.js';
import { TRAINING_PARAMETERS, TRAINING_PRESETS, type TrainingRecipe } from '../../result/training.js';

/** A recipe from what was said, and the preset for the rest. Texts are taken for every type. */
export function recipeFrom(raw: Readonly<Record<string, ParameterValue>> = {}): TrainingRecipe {
  const { preset } = parseParameters('train', TRAINING_PARAMETERS, raw);
  return parseParameters('train', TRAINING_PARAMETERS, { ...TRAINING_PRESETS[preset], ...raw });
}

/** All start values of each preset. */
export function trainingPresets(): Record<string, Record<string, ParameterValue>> {
  const { choices } = TRAINING_PARAMETERS.preset;
  return Object.fromEntries(choices.map((preset) => [preset, recipeFrom({ preset })]));
}

export const trainingSchema: ParameterSchema = TRAINING_PARAMETERS;
