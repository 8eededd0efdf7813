import type { FilePath } from '../base/place.js';
import type { ParameterValue } from '../result/method.js';
import type { Recipe } from '../result/recipe.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { ModelRequest } from './request.js';

/** Asks how to get again what a page has made of an answer. */
export interface RecipeRequest extends ModelRequest {
  readonly method: string;
  readonly params: Readonly<Record<string, ParameterValue>>;
  readonly layer?: string;
  /** The picture or `.npy` that it was made of, where there was one. */
  readonly input?: FilePath;
  /** The provider that ran the model; default `none`. */
  readonly ranOn?: string;
  readonly notes: readonly string[];
}

/** How to get an answer again. */
export interface RecipeOperations {
  /** Reads the files for their hashes, once; nothing is run. */
  recipe: Operation<RecipeRequest, Recipe>;
}

export const recipeOperations: Chapter<RecipeOperations> = {
  recipe: { runs: 'never', waits: 'neither' },
};
