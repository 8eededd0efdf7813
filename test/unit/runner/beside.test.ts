import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { isCancelled, LensError } from '../../../src/base/errors.js';
import type { Preprocessing } from '../../../src/input/settings.js';
import { PicturesBeside } from '../../../src/runner/input/beside.js';
import { preparePicture } from '../../../src/runner/input/prepare.js';
import { temporaryFolder } from '../support/temporary.js';

const BIRD = path.resolve('models/birds/pictures/Emberfinch');

const by = <T>(value: T): { value: T; origin: { kind: 'user'; detail: string } } => ({
  value,
  origin: { kind: 'user', detail: 'the test' },
});

/** Squeezed and made grey, so that there is something to doubt. */
const PLAN: Preprocessing = {
  layout: by('NCHW'),
  channels: by(1),
  color: by('gray'),
  size: by([9, 7]),
  resize: by({ mode: 'exact', size: [9, 7], interpolation: 'bicubic' }),
  crop: by('none'),
  range: by([0, 1]),
  mean: by([0.4]),
  std: by([0.2]),
  pad: by([0, 0, 0]),
};

describe('runner/input/beside', () => {
  const folder = temporaryFolder();
  const never = new AbortController().signal;
  const threads: PicturesBeside[] = [];
  let program: string;
  let pictures: readonly string[];
  const started = (idleMs?: number): PicturesBeside => {
    const thread = new PicturesBeside(program, idleMs);
    threads.push(thread);
    return thread;
  };

  before(async () => {
    // Where native packages are found.
    program = path.join(process.env.UNIT_OUT!, 'readerOfTest.js');
    await build({
      entryPoints: ['src/runner/reader.ts'],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['sharp'],
    });
    pictures = readdirSync(BIRD).map((name) => path.join(BIRD, name));
  });
  after(() => Promise.all(threads.map((thread) => thread.end())));

  it('prepares files and bytes to the bit as this thread does, doubts included', async () => {
    const thread = started();
    assert.ok(pictures.length > 1, 'there are no pictures');
    const beside = await Promise.all(pictures.map((file) => thread.prepare(file, PLAN, never)));
    for (const [i, file] of pictures.entries()) {
      const here = await preparePicture(file, PLAN, never);
      assert.deepEqual(
        here.doubts.map(({ kind }) => kind),
        ['grey', 'squeezed'],
      );
      assert.deepEqual(beside[i], here);
      assert.deepEqual(await thread.prepare(new Uint8Array(readFileSync(file)), PLAN, never), here);
    }
  });

  it('refuses what is no picture with the same words', async () => {
    const broken = path.join(folder, 'broken.png');
    writeFileSync(broken, 'no picture');
    const said = async (work: Promise<unknown>): Promise<LensError> => {
      const error: unknown = await work.then(
        () => undefined,
        (e: unknown) => e,
      );
      assert.ok(error instanceof LensError, 'it was no error of ours');
      return error;
    };
    const [here, beside] = [
      await said(preparePicture(broken, PLAN, never)),
      await said(started().prepare(broken, PLAN, never)),
    ];
    assert.deepEqual([beside.code, beside.message, beside.hint], [here.code, here.message, here.hint]);
  });

  it('hears a cancel', async () => {
    const abort = new AbortController();
    const reading = started().prepare(pictures[0]!, PLAN, abort.signal);
    abort.abort();
    await assert.rejects(reading, isCancelled);
  });

  it('answers nothing once it has ended, and ends when nobody asks', async () => {
    const thread = started(1);
    const reading = thread.prepare(pictures[0]!, PLAN, never);
    const ending = thread.end();
    assert.equal(await reading, undefined);
    await ending;
    assert.ok(thread.ended, 'it can still be asked');

    const idle = started(1);
    await idle.prepare(pictures[0]!, PLAN, never);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(idle.ended, 'it waits for ever');
    assert.equal(await idle.prepare(pictures[0]!, PLAN, never), undefined);
  });
});
