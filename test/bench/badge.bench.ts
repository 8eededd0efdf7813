import { existsSync } from 'node:fs';
import path from 'node:path';
import { filePath } from '../../src/base/place.js';
import { RunnerService } from '../../src/runner/service.js';
import { DATA } from '../data.mjs';
import { interleaved, zooModel, type Row } from './measure.js';

const PICTURE = filePath(path.join(DATA, 'images/photos/goldfish.jpg'));
/** The trained model's map and one for each depth of the cascade. */
const MAPS = 6;

/** The badge of the plain gradient: its six maps against as many first explanations, each of a model opened anew. */
export async function bench(): Promise<Row[]> {
  return [await badge('resnet18'), await badge('vgg11')];
}

async function badge(name: string): Promise<Row> {
  const what = `badge of the plain gradient (${MAPS} maps) over ${MAPS} explanations of the model opened anew, ${name}`;
  const model = zooModel(name);
  if (model === undefined || !existsSync(PICTURE)) return { what, skipped: 'the test data is absent' };
  const call = { signal: new AbortController().signal, progress: () => undefined };
  const anew = async (work: (service: RunnerService['operations']) => Promise<unknown>): Promise<void> => {
    const runner = new RunnerService();
    await work(runner.operations);
    await runner.dispose();
  };
  const request = { model: filePath(model), method: 'gradient', provider: 'cpu', threads: 1 } as const;
  const time = await interleaved(
    {
      badge: () => anew((service) => service.sanity({ ...request, input: PICTURE, fresh: true }, call)),
      explanation: () => anew((service) => service.explain({ ...request, inputs: [PICTURE] }, call)),
    },
    1,
  );
  const ratio = time.badge / (MAPS * time.explanation);
  const value = `${ratio.toFixed(2)} (${(time.badge / 1000).toFixed(1)} s)`;
  return { what, value, goal: '≤ 2', met: ratio <= 2 };
}
