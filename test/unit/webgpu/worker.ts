// The process that touches the graphics driver: SwiftShader ends it by a signal when a session is left open.
import { LensError } from '../../../src/base/errors.js';
import { loadRuntime, OrtSession, OrtSessions } from '../../../src/session/ort/ortSession.js';
import type { Session } from '../../../src/session/session.js';
import type { Answer, Job } from './device.js';

async function open(job: Job): Promise<Session> {
  const { bytes, folder } = job;
  if (job.provider !== 'raw') {
    return new OrtSessions({ threads: 1 }).openBytes(
      { bytes, faults: { onCpu: job.onCpu, optimisers: [] }, ...(folder ? { folder } : {}) },
      { provider: job.provider },
    );
  }
  // Without the self-check: what the driver answers by itself.
  const ort = await loadRuntime();
  const native = await ort.InferenceSession.create(bytes, {
    executionProviders: ['webgpu'],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    extra: { session: folder ? { model_external_initializers_file_folder_path: folder } : {} },
  });
  return new OrtSession(ort, native, { used: 'webgpu', refused: [] }, {}, () => undefined);
}

async function answer(job: Job): Promise<Answer> {
  let session: Session | undefined;
  try {
    session = await open(job);
    const outputs = await session.run(job.feeds, job.fetches);
    return { outputs, report: session.provider };
  } catch (error) {
    return {
      error: error instanceof Error ? error.message : String(error),
      ...(error instanceof LensError ? { code: error.code } : {}),
    };
  } finally {
    await session?.dispose();
  }
}

process.on('message', (job: Job | 'end') => {
  if (job === 'end') process.disconnect();
  else void answer(job).then((a) => process.send!(a));
});
