import { given } from '../../base/given.js';
import type { Handlers } from '../../protocol/channel.js';
import type { RecipeOperations } from '../../protocol/recipe.js';
import { recordOf } from '../overview/describe.js';
import type { Rooms } from '../rooms.js';
import { recipeOf } from './recipe.js';

export function inputHandlers({ models }: Rooms): Handlers<RecipeOperations> {
  return {
    recipe: (request) =>
      models.use(request, (model) => {
        const { method, params, layer, input, ranOn: provider = 'none', notes } = request;
        const preprocessing = recordOf(model.resolved.preprocessing);
        const read = input === undefined ? undefined : { name: input };
        return recipeOf(model, { preprocessing, method, params, provider, notes, ...given({ layer, input: read }) });
      }),
  };
}
