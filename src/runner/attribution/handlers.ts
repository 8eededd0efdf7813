import { describeMethods } from '../../method/index.js';
import type { AttributionOperations } from '../../protocol/attribution.js';
import type { Handlers } from '../../protocol/channel.js';
import type { Rooms } from '../rooms.js';
import { explainCells, explainInputs } from './explain.js';

export function attributionHandlers({ models }: Rooms): Handlers<AttributionOperations> {
  return {
    methods: () => Promise.resolve(describeMethods()),
    explain: (request, call) => models.use(request, (model) => explainInputs(model, request, call)),
    explainCells: (request, call) => models.use(request, (model) => explainCells(model, request, call)),
  };
}
