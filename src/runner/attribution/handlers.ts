import { describeMethods } from '../../method/index.js';
import type { AttributionOperations } from '../../protocol/attribution.js';
import type { Handlers } from '../../protocol/channel.js';
import type { Rooms } from '../rooms.js';
import { explainCells, explainInputs } from './explain.js';
import { methodFits } from './choice.js';

export function attributionHandlers({ models }: Rooms): Handlers<AttributionOperations> {
  return {
    methods: () => Promise.resolve(describeMethods()),
    methodFits: (request, { signal }) =>
      models.use(request, async (model) => methodFits(await model.subject(), signal)),
    explain: (request, call) => models.use(request, (model) => explainInputs(model, request, call)),
    explainCells: (request, call) => models.use(request, (model) => explainCells(model, request, call)),
  };
}
