import type { Call, Handlers } from '../protocol/channel.js';
import type { RunnerApi } from '../protocol/runner.js';
import { traitsOf } from '../protocol/traits.js';
import { OrtSessions } from '../session/ort/ortSession.js';
import { SessionProducts } from '../session/products.js';
import type { Sessions } from '../session/session.js';
import { activationsHandlers } from './activations/handlers.js';
import { attentionHandlers } from './attention/handlers.js';
import { attributionHandlers } from './attribution/handlers.js';
import { benchmarkHandlers } from './benchmark/handlers.js';
import { comparisonHandlers } from './comparison/handlers.js';
import { datasetHandlers } from './dataset/handlers.js';
import { DatasetRoom } from './dataset/room.js';
import { embeddingHandlers } from './embedding/handlers.js';
import { gradientHandlers } from './gradient/handlers.js';
import { graphHandlers } from './graph/handlers.js';
import { inputHandlers } from './input/handlers.js';
import { jobHandlers } from './job/handlers.js';
import { ModelCache, type ModelCacheOptions } from './model/cache.js';
import { ModelFiles } from './model/files.js';
import { Foreground } from './model/foreground.js';
import { modelHandlers } from './model/handlers.js';
import { overviewHandlers } from './overview/handlers.js';
import { predictionHandlers } from './prediction/handlers.js';
import type { Rooms } from './rooms.js';
import { reconstructionHandlers } from './reconstruction/handlers.js';
import { sanityHandlers } from './sanity/handlers.js';
import { settingsHandlers } from './settings/handlers.js';
import { trainingHandlers } from './training/handlers.js';
import { weightsHandlers } from './weights/handlers.js';

/**
 * Everything the runner does, in this process: the handlers of every chapter over the same models. The child process and
 * the command line are two faces of it.
 */
export class RunnerService {
  private readonly models: ModelCache;
  private readonly products: SessionProducts;
  /** What is served. */
  readonly operations: Handlers<RunnerApi>;

  constructor(
    { storage, ...options }: Partial<ModelCacheOptions> & { readonly storage?: string } = {},
    private readonly sessions: Sessions & { dispose(): Promise<void> } = new OrtSessions(),
  ) {
    const files = new ModelFiles();
    this.models = new ModelCache(files, sessions, { idleMs: 5 * 60_000, most: 3, ...options });
    this.products = new SessionProducts(sessions);
    const rooms: Rooms = {
      models: this.models,
      files,
      products: this.products,
      foreground: new Foreground(),
      datasets: new DatasetRoom(storage),
    };
    this.operations = waitedFor(rooms.foreground, {
      ...overviewHandlers(rooms),
      ...graphHandlers(rooms),
      ...weightsHandlers(rooms),
      ...activationsHandlers(rooms),
      ...predictionHandlers(rooms),
      ...attentionHandlers(rooms),
      ...attributionHandlers(rooms),
      ...embeddingHandlers(rooms),
      ...comparisonHandlers(rooms),
      ...datasetHandlers(rooms),
      ...benchmarkHandlers(rooms),
      ...reconstructionHandlers(rooms),
      ...trainingHandlers(rooms),
      ...jobHandlers(rooms),
      ...sanityHandlers(rooms),
      ...gradientHandlers(rooms),
      ...inputHandlers(rooms),
      ...settingsHandlers(rooms),
      ...modelHandlers(rooms),
    });
  }

  /** Frees everything. */
  async dispose(): Promise<void> {
    await this.models.dispose();
    await this.products.dispose();
    await this.sessions.dispose();
  }
}

type Handler = (request: never, call: Call<never>) => Promise<unknown>;

/** The same operations; while one runs that a person waits for, work in the background stands back. */
function waitedFor(foreground: Foreground, operations: Handlers<RunnerApi>): Handlers<RunnerApi> {
  const all = Object.entries<Handler>(operations).map(([name, handler]): [string, Handler] => [
    name,
    traitsOf(name)?.waits === 'foreground'
      ? (request, call) => foreground.during(() => handler(request, call))
      : handler,
  ]);
  return Object.fromEntries(all) as unknown as Handlers<RunnerApi>;
}
