import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { filePath, type FilePath } from '../../src/base/place.js';
import { expandInputs } from '../../src/runner/input/inputs.js';
import { loadInput } from '../../src/runner/input/answers.js';
import { ModelCache } from '../../src/runner/model/cache.js';
import { ModelFiles } from '../../src/runner/model/files.js';
import { RunnerService } from '../../src/runner/service.js';
import { concatBatches } from '../../src/session/batches.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { DATA } from '../data.mjs';
import { interleaved, zooModel, type Row } from './measure.js';

const METHODS = ['gradient', 'guided_backprop', 'gradcam'];
const never = new AbortController().signal;

/** A grid, reading of the pictures included, against the bare gradients of pictures that have been read. */
export async function bench(): Promise<Row[]> {
  const photos = picturesOf(path.join(DATA, 'images/photos'));
  return [
    ...(await grid(
      'birds_cnn',
      path.resolve('models/birds/birds_cnn.onnx'),
      picturesOf(path.resolve('models/birds/pictures')),
    )),
    ...(await grid('resnet18', zooModel('resnet18'), photos)),
  ];
}

function picturesOf(folder: string): readonly FilePath[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(png|jpe?g)$/.test(name))
    .sort()
    .slice(0, 32)
    .map((name) => filePath(path.join(folder, name)));
}

async function grid(name: string, model: string | undefined, inputs: readonly FilePath[]): Promise<Row[]> {
  const what = (columns: string): string => `throughput of a grid, ${columns}, over the bare gradient's, ${name}`;
  if (model === undefined || inputs.length === 0)
    return [{ what: what('gradient'), skipped: 'the test data is absent' }];
  const request = { model: filePath(model), provider: 'cpu', threads: 1 } as const;
  const runner = new RunnerService();
  const sessions = new OrtSessions();
  const cache = new ModelCache(new ModelFiles(), sessions, { idleMs: 0, most: 1 });
  const cells = (methods: readonly string[]): Promise<unknown> =>
    runner.operations.explainCells(
      {
        ...request,
        inputs,
        questions: methods.map((method) => ({ method })),
        cells: inputs.flatMap((_, input) => methods.map((_m, question) => ({ input, question }))),
      },
      { signal: never, progress: () => undefined },
    );
  try {
    return await cache.use(request, async (open) => {
      const subject = await open.subject();
      const loaded = await Promise.all((await expandInputs(open, inputs, never)).map((i) => loadInput(i, never)));
      const batch = concatBatches(loaded.map(({ tensor }) => tensor));
      const of = { value: subject.scoreValue('logit').value, pick: { index: 0 } };
      const time = await interleaved(
        {
          bare: () => subject.differentiate(batch, { of }, never),
          one: () => cells(['gradient']),
          three: () => cells(METHODS),
        },
        3,
      );
      const one = time.bare / time.one;
      const three = (METHODS.length * time.bare) / time.three;
      const each = (ms: number, maps: number): string => `${(ms / maps).toFixed(1)} ms a map`;
      const bare = each(time.bare, inputs.length);
      return [
        {
          what: what('gradient'),
          value: `${one.toFixed(2)} (${each(time.one, inputs.length)}; bare ${bare})`,
          goal: '≥ 0.9',
          met: one >= 0.9,
        },
        {
          what: what('three methods'),
          value: `${three.toFixed(2)} (${each(time.three, METHODS.length * inputs.length)}; bare ${bare})`,
          goal: '≥ 0.9',
          met: three >= 0.9,
        },
      ];
    });
  } finally {
    await cache.dispose();
    await sessions.dispose();
    await runner.dispose();
  }
}
