import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../../src/base/random.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import { encodePng } from '../../../src/input/encode.js';
import { bundled } from '../support/bundled.js';
import { runCli as run } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';
import { written } from '../training/colours.js';
import { net } from '../training/step/net.js';

const SIDE = 8;
/** Where the one class has a bright block, and where the other. */
const BLOCKS = { left: [1, 1], right: [4, 4] } as const;
const inBlock = (name: keyof typeof BLOCKS, y: number, x: number): boolean => {
  const [top, left] = BLOCKS[name];
  return y >= top && y < top + 3 && x >= left && x < left + 3;
};

/** A matrix that looks at both blocks and nowhere else: all that a gradient can say is there. */
function blockNet(): Graph {
  const weight = floatTensor([2, 3 * SIDE * SIDE]);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) {
        const v = (inBlock('left', y, x) ? 1 : 0) - (inBlock('right', y, x) ? 1 : 0);
        weight.data[(c * SIDE + y) * SIDE + x] = v;
        weight.data[((3 + c) * SIDE + y) * SIDE + x] = -v;
      }
  const nodes = [
    makeNode('Flatten', 'flat', ['picture']),
    makeNode('Gemm', 'logits', ['flat', 'fc.weight', 'fc.bias'], { transB: 1 }),
    makeNode('Softmax', 'probabilities', ['logits']),
  ];
  return net(nodes, { 'fc.weight': weight, 'fc.bias': floatTensor([2]) }, ['batch', 3, SIDE, SIDE]);
}

async function blockPictures(folder: string, count: number): Promise<void> {
  const random = new Random(3);
  for (const name of ['left', 'right'] as const) {
    mkdirSync(path.join(folder, name), { recursive: true });
    for (let k = 0; k < count; k++) {
      const pixels = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
        const [y, x] = [Math.floor(i / 3 / SIDE), Math.floor(i / 3) % SIDE];
        return (inBlock(name, y, x) ? 200 : 90) + random.below(40);
      });
      writeFileSync(path.join(folder, name, `${k}.png`), await encodePng(pixels, SIDE, SIDE));
    }
  }
}

interface Document {
  readonly cells: readonly { method: string; fraction: number; seed: number; accuracy: number }[];
  readonly methods: readonly { id: string; accuracy: readonly { mean: number }[] }[];
  readonly whole: { readonly mean: number };
}

describe('cli: remove and retrain', function () {
  this.timeout(240_000);
  const folder = temporaryFolder();
  const at = (...names: string[]): string => path.join(folder, ...names);
  const [model, place] = [at('blocks.onnx'), at('pictures')];
  const params = (...pairs: string[]): string[] => pairs.flatMap((pair) => ['--param', pair]);
  const training = params('train.flip=false', 'train.translate=0', 'train.epochs=12', 'train.batch=8');
  const words = ['roar', model, place, '--method', 'gradient', ...params('fractions=30', 'seeds=2'), ...training];
  let single: Buffer;

  before(async () => {
    await written(blockNet(), model);
    await blockPictures(place, 40);
    const { code, err } = await run(...words, '--out', at('single.json'));
    assert.equal(code, 0, err);
    single = readFileSync(at('single.json'));
  });

  it('finds that nothing can be learned where the model looked, and all where it did not', () => {
    const { cells, methods, whole } = JSON.parse(single.toString()) as Document;
    const of = (id: string): number => methods.find((method) => method.id === id)!.accuracy[0]!.mean;
    assert.ok(whole.mean > 0.95, `whole: ${whole.mean}`);
    assert.ok(of('random') > 0.9, `random: ${of('random')}`);
    assert.ok(of('gradient') < 0.8, `gradient: ${of('gradient')}`);
    // A training for nothing removed and each row, for both seeds.
    assert.equal(cells.length, 2 * (1 + 3));
    assert.deepEqual([...new Set(cells.map(({ seed }) => seed))], [0, 1]);
  });

  it('keeps what the model looked at, where that is asked for', async () => {
    const kept = params('keep=true', 'fractions=70', 'seeds=1');
    const { out, code, err } = await run(...words.slice(0, 5), ...kept, ...training, '--json');
    assert.equal(code, 0, err);
    const [first] = (JSON.parse(out) as Document).methods;
    assert.ok(first!.accuracy[0]!.mean > 0.95, `${first!.id}: ${first!.accuracy[0]!.mean}`);
  });

  it('goes on after kill -9 within a training, to the same bytes', async () => {
    const script = bundled('src/cli/main.ts', 'cli-under-test.cjs');
    const job = at('killed');
    const names = (): string[] => (existsSync(path.join(job, 'units')) ? readdirSync(path.join(job, 'units')) : []);
    for (const done of [1, 3]) {
      const child = spawn(process.execPath, [script, ...words, '--job', job], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      // Some trainings are done by then, and one is under way.
      const trainings = (): number => names().filter((name) => /^training-.*\.unit$/.test(name)).length;
      const finished = (): number => names().filter((name) => /^[0-9a-f]+\.unit$/.test(name)).length;
      while ((trainings() === 0 || finished() < done) && child.exitCode === null)
        await new Promise((resolve) => setTimeout(resolve, 1));
      child.kill('SIGKILL');
      assert.equal(await ended, null, 'it was still at work');
    }
    const { code, err } = await run(...words, '--job', job, '--out', at('killed.json'));
    assert.equal(code, 0, err);
    assert.ok(single.equals(readFileSync(at('killed.json'))), 'the same bytes');
    assert.deepEqual(
      names().filter((name) => /^training-.*\.unit$/.test(name)),
      [],
      'nothing is left of finished trainings',
    );
  });

  it('is divided and put together, to the same bytes', async () => {
    const job = at('shared');
    const early = await run(...words, '--job', job, '--shard', '1/2');
    assert.equal(early.code, 0, early.err);
    assert.match(early.out, /4 of 8 units/);
    const missing = await run('merge', job, '--out', at('early.json'));
    assert.deepEqual([missing.code, /units are missing/.test(missing.err)], [2, true]);
    assert.equal((await run(...words, '--job', job, '--shard', '2/2')).code, 0);
    const { code, err } = await run('merge', job, '--out', at('merged.json'));
    assert.equal(code, 0, err);
    assert.ok(single.equals(readFileSync(at('merged.json'))), 'the same bytes');
    const { code: plotted } = await run('merge', job, '--out', at('merged.svg'));
    assert.equal(plotted, 0);
    assert.match(readFileSync(at('merged.svg'), 'utf8'), /test accuracy after retraining/);
  });

  it('refuses in a sentence what cannot be retrained', async () => {
    const one = at('one');
    await blockPictures(one, 3);
    for (const name of readdirSync(path.join(one, 'right'))) writeFileSync(path.join(one, 'right', name), 'no picture');
    mkdirSync(at('single', 'left'), { recursive: true });
    writeFileSync(at('single', 'left', '0.png'), readFileSync(path.join(one, 'left', '0.png')));
    for (const [argv, says] of [
      [['roar', model, at('single')], /one class/],
      [[...words, '--param', 'train.validation=0'], /left to test on/],
      [[...words, '--param', 'nothing=1'], /has a parameter "nothing"/],
      [['roar', model, place, '--param', 'fractions=100'], /between 0 and 100/],
      [['roar', model], /needs one data set/],
    ] as const) {
      const { code, err } = await run(...argv);
      assert.equal(code, 2, argv.join(' '));
      assert.match(err, says);
    }
  });
});
