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
import { median, rounds, zooModel, type Row, type Rounds } from './measure.js';

const METHODS = ['gradient', 'guided_backprop', 'gradcam'];
const never = new AbortController().signal;

/** Rounds that count. */
const ROUNDS = 5;

/**
 * A grid, reading of the pictures included, against the bare gradients of pictures that have been read. Pictures are read in a
 * thread beside the one that runs the model: the throughput is that of the latter as long as a core is free for the other,
 * and it is its processor time that is held against the goal, because neighbours do not change it. What the clock says,
 * and what all threads take together, stands beside it.
 */
export async function bench(): Promise<Row[]> {
  const photos = picturesOf(path.join(DATA, 'images/photos'));
  return [
    ...(await grid(
      'birds_cnn',
      path.resolve('models/birds/birds_cnn.onnx'),
      many(picturesOf(path.resolve('models/birds/pictures')), 96),
    )),
    ...(await grid('resnet18', zooModel('resnet18'), many(photos, 18))),
  ];
}

function picturesOf(folder: string): readonly FilePath[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(png|jpe?g)$/.test(name))
    .sort()
    .map((name) => filePath(path.join(folder, name)));
}

/** So many, again from the first where there are less. */
function many<T>(items: readonly T[], count: number): readonly T[] {
  return items.length === 0 ? [] : Array.from({ length: count }, (_, i) => items[i % items.length]!);
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
      const time = await rounds(
        {
          bare: () => subject.differentiate(batch, { of }, never),
          one: () => cells(['gradient']),
          three: () => cells(METHODS),
        },
        ROUNDS,
      );
      return [
        row(what('gradient'), time.bare, time.one, inputs.length, 1),
        row(what('three methods'), time.bare, time.three, inputs.length, METHODS.length),
      ];
    });
  } finally {
    await cache.dispose();
    await sessions.dispose();
    await runner.dispose();
  }
}

function row(what: string, bare: Rounds, run: Rounds, pictures: number, methods: number): Row {
  const ratios = (clock: keyof Rounds): number[] => run[clock].map((ms, i) => (methods * bare[clock][i]!) / ms);
  const told = bare.thread.every((ms) => ms > 0);
  const clock = told ? 'thread' : 'wall';
  const each = (ms: readonly number[], maps: number): string => `${(median(ms) / maps).toFixed(1)} ms a map`;
  const found = ratios(clock);
  const [low, high] = [Math.min(...found), Math.max(...found)].map((r) => r.toFixed(2));
  const beside = [
    `${each(run[clock], methods * pictures)}; bare ${each(bare[clock], pictures)}`,
    `${ROUNDS} rounds: ${low} to ${high}`,
    ...(told ? [`on the clock ${median(ratios('wall')).toFixed(2)}`] : []),
    `all threads ${median(ratios('processor')).toFixed(2)}`,
  ];
  return {
    what,
    value: `${median(found).toFixed(2)} (${beside.join('; ')})`,
    goal: '≥ 0.9',
    met: median(found) >= 0.9,
  };
}
