import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../../src/base/random.js';
import { writeNpy } from '../../../src/base/npy.js';
import { decodePicture } from '../../../src/input/decode.js';
import { listPictures } from '../../../src/input/folder.js';
import { writeNpz } from '../dataset/written.js';
import { bundled } from '../support/bundled.js';
import { runCli as run } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

const COMPARED = ['--method', 'gradient', '--param', 'explained=3', '--param', 'layered=20'];
/** A picture is a unit, a file for the method and for each of the two baselines. */
const EVALUATED = ['--metric', 'deletion', '--param', 'most=6'];
/** For them: one unit of layers, and two of answers alone. */
const FEW = 20 + 64 + 9;
/** Five units and a last one that is not full. */
const PICTURES = 5 * 64 + 11;

describe('cli: a job', () => {
  const folder = temporaryFolder();
  const at = (...parts: string[]): string => path.join(folder, ...parts);
  let script: string;
  const model = path.resolve('models/birds/birds_cnn.onnx');
  const set = at('birds.npz');
  /** Without labels: nothing is probed. */
  const few = at('few.npz');

  before(async () => {
    script = bundled('src/cli/main.ts', 'cli-under-test.cjs');
    const { pictures, classes } = await listPictures(path.resolve('models/birds/pictures'));
    const rasters = await Promise.all(pictures.map((p) => decodePicture(p.path)));
    const { width, height } = rasters[0]!;
    const size = width * height * 3;
    const data = new Uint8Array(PICTURES * size);
    const random = new Random(1);
    for (let k = 0; k < PICTURES; k++) {
      const from = rasters[k % rasters.length]!.data;
      for (let i = 0; i < size; i++) data[k * size + i] = Math.max(0, Math.min(255, from[i]! + random.below(21) - 10));
    }
    const labels = Array.from({ length: PICTURES }, (_, k) =>
      classes.indexOf(pictures[k % pictures.length]!.className!),
    );
    await writeNpz(set, {
      x_test: writeNpy({ type: 'uint8', dims: [PICTURES, height, width, 3], data }),
      y_test: writeNpy({ type: 'int64', dims: [PICTURES], data: BigInt64Array.from(labels, BigInt) }),
    });
    const some = data.subarray(0, FEW * size);
    await writeNpz(few, { x_test: writeNpy({ type: 'uint8', dims: [FEW, height, width, 3], data: some }) });
  });

  const units = (job: string): string[] => {
    const place = path.join(job, 'units');
    return existsSync(place) ? readdirSync(place).filter((name) => name.endsWith('.unit')) : [];
  };
  const start = (...argv: string[]): ChildProcess => spawn(process.execPath, [script, ...argv], { stdio: 'ignore' });
  const ended = (child: ChildProcess): Promise<number | null> =>
    new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  /** What a run writes to a file. */
  const result = async (name: string, ...argv: string[]): Promise<Buffer> => {
    const { code, err } = await run(...argv, '--out', at(name));
    assert.equal(code, 0, err);
    return readFileSync(at(name));
  };
  /** Ends a process with SIGKILL once it has finished some units, but not all. */
  const killed = async (job: string, ...argv: string[]): Promise<string[]> => {
    const child = start(...argv, '--job', job, '--threads', '1');
    const gone = ended(child);
    for (let waited = 0; units(job).length < 2 && waited < 60_000; waited += 5)
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    assert.equal(await gone, null, 'it was still at work');
    return units(job);
  };

  /** Of each verb: what it writes, its words, its units, and the files that these are. */
  for (const [verb, out, words, of, files] of [
    ['predict', 'json', ['predict', model, set], 6, 6],
    ['embed', 'npy', ['embed', model, set, '--method', 'pca'], 6, 12],
    ['evaluate', 'csv', ['evaluate', model, few, '--method', 'gradient', ...EVALUATED], 6, 3 * 6],
    // Units of answers alone are scores and features of both; each picture that is explained is one.
    ['compare', 'html', ['compare', model, 'random', few, ...COMPARED], 1 + 2 + 3, 1 + 2 * 4 + 3],
  ] as const) {
    describe(verb, () => {
      let single: Buffer;
      before(async () => void (single = await result(`${verb}-single.${out}`, ...words)));

      it('has the bytes of a run without one, and does nothing twice', async () => {
        const job = at(`${verb}-whole`);
        assert.ok(single.equals(await result(`${verb}-whole.${out}`, ...words, '--job', job)), 'the same bytes');
        const before = units(job).map((name) => statSync(path.join(job, 'units', name)).mtimeMs);
        assert.equal(before.length, files);
        assert.ok(single.equals(await result(`${verb}-again.${out}`, ...words, '--job', job)), 'the same bytes again');
        assert.deepEqual(
          units(job).map((name) => statSync(path.join(job, 'units', name)).mtimeMs),
          before,
        );
      });

      it('goes on after kill -9, to the same bytes', async () => {
        const job = at(`${verb}-killed`);
        const done = await killed(job, ...words);
        assert.ok(done.length >= 2 && done.length < files, `${done.length} units are done`);
        const before = done.map((name) => statSync(path.join(job, 'units', name)).mtimeMs);
        // What the kill, or a disk, may leave of a unit.
        writeFileSync(path.join(job, 'units', done[0]!), 'torn');
        assert.ok(single.equals(await result(`${verb}-killed.${out}`, ...words, '--job', job)), 'the same bytes');
        const after = done.map((name) => statSync(path.join(job, 'units', name)).mtimeMs);
        assert.deepEqual(after.slice(1), before.slice(1), 'what was done was not done again');
      });

      it('is divided and put together, to the same bytes', async () => {
        const job = at(`${verb}-shared`);
        for (const shard of ['1/3', '3/3']) {
          const { code, out: said } = await run(...words, '--job', job, '--shard', shard);
          assert.equal(code, 0);
          assert.match(said, /onnx-lens merge/);
        }
        const early = await run('merge', job, '--out', at(`${verb}-early.${out}`));
        assert.equal(early.code, 2);
        assert.match(early.err, /not done: units are missing/);
        assert.ok(!existsSync(at(`${verb}-early.${out}`)), 'nothing is written of half a job');
        // The share that is left, as a cluster says it.
        Object.assign(process.env, { SLURM_ARRAY_TASK_ID: '2', SLURM_ARRAY_TASK_COUNT: '3' });
        try {
          const { code, out: said } = await run(...words, '--job', job, '--json');
          assert.equal(code, 0);
          const { schema, units: counted } = JSON.parse(said) as {
            schema: string;
            units: { done: number; of: number };
          };
          assert.deepEqual([schema, counted.of], ['onnx-lens/job/1', of]);
        } finally {
          delete process.env['SLURM_ARRAY_TASK_ID'];
          delete process.env['SLURM_ARRAY_TASK_COUNT'];
        }
        const { code, err } = await run('merge', job, '--out', at(`${verb}-merged.${out}`));
        assert.equal(code, 0, err);
        assert.ok(single.equals(readFileSync(at(`${verb}-merged.${out}`))), 'the same bytes');
      });

      // Of these two it would be the same again, twice as long.
      if (verb === 'compare' || verb === 'evaluate') return;
      it('may be done by two processes at once', async () => {
        const job = at(`${verb}-two`);
        const written = ['a', 'b'].map((name) => at(`${verb}-two-${name}.${out}`));
        const codes = await Promise.all(written.map((file) => ended(start(...words, '--job', job, '--out', file))));
        assert.deepEqual(codes, [0, 0]);
        for (const file of written) assert.ok(single.equals(readFileSync(file)), `the same bytes in ${file}`);
      });
    });
  }

  it('is refused in a sentence where the folder holds another, or none has begun', async () => {
    const job = at('other');
    await result('other.json', 'predict', model, set, '--job', job);
    const { code, err } = await run('predict', model, set, '--top', '2', '--job', job);
    assert.equal(code, 2);
    assert.match(err, /holds another job: onnx-lens predict .*birds\.npz/);
    for (const [argv, says] of [
      [['merge', at('none')], /No job has begun/],
      [['merge'], /needs the folder of a job/],
      [['predict', model, set, '--shard', '1/2'], /needs --job/],
      [['predict', model, set, '--job', at('x'), '--shard', '3/2'], /no share of a job/],
      [['embed', model, '--of', 'weights', '--method', 'pca', '--job', at('x')], /leave --job out/],
    ] as const) {
      const refused = await run(...argv);
      assert.equal(refused.code, 2, argv.join(' '));
      assert.match(refused.err, says);
    }
  });

  it('does the units again whose pictures have changed', async () => {
    const job = at('changed');
    await result('before.json', 'predict', model, set, '--job', job);
    const bytes = readFileSync(set);
    const changed = Uint8Array.from(bytes);
    // A pixel of the first picture: the file is another then, and so are its rows.
    changed[1000]! ^= 255;
    writeFileSync(set, changed);
    try {
      const plain = await result('plain.json', 'predict', model, set);
      const done = units(job).length;
      assert.ok(plain.equals(await result('after.json', 'predict', model, set, '--job', job)), 'the same bytes');
      assert.equal(units(job).length, 2 * done);
    } finally {
      writeFileSync(set, bytes);
    }
  });
});
