import type { Handlers } from '../../protocol/channel.js';
import type { RunnerApi } from '../../protocol/runner.js';
import { runtimeVersion } from '../../session/ort/ortSession.js';
import type { Rooms } from '../rooms.js';

/** What is asked of the runner itself. */
export function modelHandlers({ models }: Rooms): Handlers<Pick<RunnerApi, 'release' | 'status'>> {
  return {
    release: ({ model }) => models.release(model),
    status: async () => ({
      pid: process.pid,
      node: process.version,
      runtime: `onnxruntime-node ${await runtimeVersion().catch(() => 'unavailable')}`,
      openModels: models.models,
      residentBytes: process.memoryUsage.rss(),
    }),
  };
}
