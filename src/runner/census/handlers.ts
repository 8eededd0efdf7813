import type { CensusOperations } from '../../protocol/census.js';
import type { Handlers } from '../../protocol/channel.js';
import type { Rooms } from '../rooms.js';

export function censusHandlers({ files }: Rooms): Handlers<CensusOperations> {
  return {
    census: async ({ model }) => {
      const counts = new Map<string, number>();
      for (const { op } of (await files.read(model)).graph.nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
      const operators = [...counts].map(([name, count]) => ({ name, count }));
      return { operators: operators.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)) };
    },
  };
}
