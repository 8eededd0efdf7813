import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CancelledError, LensError } from '../../../src/base/errors.js';
import { waitUntilStable, whenComplete } from '../../../src/checkpoint/stability.js';

const QUICK = { quietMs: 60, pollMs: 10 };
const broken = (): LensError => new LensError('input', 'checkpoint/truncated', 'cut off');

describe('checkpoint/stability', () => {
  let folder: string;
  let file: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'lens-stable-'));
    file = path.join(folder, 'm.onnx');
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Appends `times` bytes, one every 20 ms. */
  const grow = (times: number): Promise<void> =>
    new Promise((resolve) => {
      let n = 0;
      const timer = setInterval(() => {
        appendFileSync(file, 'x');
        if (++n === times) {
          clearInterval(timer);
          resolve();
        }
      }, 20);
    });

  it('waits as long as a file grows', async () => {
    writeFileSync(file, '');
    const growing = grow(8);
    assert.equal(await waitUntilStable(file, undefined, QUICK), true);
    assert.equal(statSync(file).size, 8);
    await growing;
  });

  it('gives up on a file that never rests, and stops when asked to', async () => {
    writeFileSync(file, '');
    const growing = grow(10);
    assert.equal(await waitUntilStable(file, undefined, { ...QUICK, mostMs: 80 }), false);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 15);
    await assert.rejects(waitUntilStable(file, abort.signal, QUICK), CancelledError);
    await growing;
  });

  it('reads a half-written file again when it is complete', async () => {
    writeFileSync(file, '');
    const growing = grow(6);
    let tries = 0;
    const size = await whenComplete(
      file,
      () => {
        tries++;
        const { size: now } = statSync(file);
        return now < 6 ? Promise.reject(broken()) : Promise.resolve(now);
      },
      undefined,
      QUICK,
    );
    assert.equal(size, 6);
    assert.ok(tries >= 2, `tries: ${tries}`);
    await growing;
  });

  it('reports a broken file that nobody writes to at once, and a fresh one after one look', async () => {
    writeFileSync(file, 'broken');
    const old = new Date(Date.now() - 60_000);
    utimesSync(file, old, old);
    let tries = 0;
    const fail = (): Promise<never> => {
      tries++;
      return Promise.reject(broken());
    };
    await assert.rejects(whenComplete(file, fail, undefined, QUICK), /cut off/);
    assert.equal(tries, 1);
    writeFileSync(file, 'broken still');
    await assert.rejects(whenComplete(file, fail, undefined, QUICK), /cut off/);
    assert.equal(tries, 2);
  });

  it('leaves errors alone that are no fault of the file', async () => {
    writeFileSync(file, '');
    const usage = new LensError('usage', 'graph/layer', 'no such layer');
    await assert.rejects(
      whenComplete(file, () => Promise.reject(usage), undefined, QUICK),
      usage,
    );
  });
});
