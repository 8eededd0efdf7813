import { asSentence } from '../../base/shorter.js';
import path from 'node:path';
import { given } from '../../base/given.js';
import type { Recipe } from '../../result/recipe.js';
import { runtimeVersion } from '../../session/ort/ortSession.js';
import type { OpenModel } from '../model/open.js';
import { sha256Of } from '../model/stamp.js';
import { VERSION } from '../model/version.js';
import type { PendingInput } from './inputs.js';

/** What a recipe says beside what is known of the model, the files and the versions. */
export interface RecipeParts
  extends
    Pick<Recipe, 'preprocessing' | 'method' | 'params' | 'notes'>,
    Partial<Pick<Recipe, 'chosenBy' | 'layer' | 'target' | 'score' | 'seed'>> {
  readonly input?: Pick<PendingInput, 'name' | 'edited'> & { readonly file?: string };
  /** What ran the model. Left out where the file alone was read: then the runtime's version is not named either. */
  readonly provider?: string;
}

/** The only maker of recipes: how to get an answer about a model again. Files are read for their hashes once. */
export async function recipeOf(model: OpenModel, parts: RecipeParts): Promise<Recipe> {
  const { input, preprocessing, method, chosenBy, params, layer, target, score, seed = 0, provider, notes } = parts;
  const { path: file } = model.file;
  return {
    schema: 'onnx-lens/recipe/1',
    model: {
      file: path.basename(file),
      sha256: await sha256Of(file),
      ...given({ randomWeights: model.randomWeights }),
    },
    ...(input === undefined
      ? {}
      : {
          input: {
            file: path.basename(input.name),
            sha256: await sha256Of(input.file ?? input.name),
            ...given({ edited: input.edited }),
          },
        }),
    preprocessing,
    method,
    ...given({ chosenBy }),
    params,
    ...given({ layer, target, score }),
    seed,
    provider: provider ?? 'none',
    versions: {
      'onnx-lens': VERSION,
      ...(provider === undefined ? {} : { 'onnxruntime-node': await runtimeVersion() }),
    },
    notes: notes.map(asSentence),
  };
}
