import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync, cpSync } from 'node:fs';
import * as disk from 'node:fs/promises';
import path from 'node:path';
import { Journal, type Disk } from '../../../src/job/journal.js';
import { temporaryFolder } from '../support/temporary.js';

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes);
const bytes = (said: string): Uint8Array => new TextEncoder().encode(said);

describe('the journal of a job', () => {
  const folder = temporaryFolder();
  let at = 0;
  const fresh = (files?: Disk): Journal => new Journal(path.join(folder, String(at++)), files);

  it('holds what was written, and nothing where no job has begun', async () => {
    const journal = fresh();
    assert.deepEqual([await journal.keys(), await journal.read('a1')], [[], undefined]);
    await journal.write('a1', bytes('first\nunit'), { of: 2 });
    await journal.write('b2', bytes(''));
    assert.deepEqual((await journal.keys()).sort(), ['a1', 'b2']);
    assert.deepEqual([text(await journal.read('a1')), text(await journal.read('b2'))], ['first\nunit', '']);
    assert.deepEqual([await journal.about('a1'), await journal.about('c3')], [{ of: 2 }, undefined]);
    assert.throws(() => journal.fileOf('../a'), /no key/);
  });

  it('takes a unit that is torn, was changed, or is another for one that is not done', async () => {
    const journal = fresh();
    await journal.write('a1', bytes('a payload of some length'));
    const file = journal.fileOf('a1');
    const whole = readFileSync(file);
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(file, whole.subarray(0, length));
      assert.equal(await journal.read('a1'), undefined, `cut to ${length} bytes`);
    }
    const changed = Uint8Array.from(whole);
    changed[changed.length - 3]! ^= 1;
    writeFileSync(file, changed);
    assert.equal(await journal.read('a1'), undefined, 'one bit of it has changed');
    writeFileSync(file, `${whole.toString()}more`);
    assert.equal(await journal.read('a1'), undefined, 'it is longer than it was');
    writeFileSync(file, 'a file of somebody else');
    assert.deepEqual([await journal.read('a1'), await journal.about('a1')], [undefined, undefined]);
    writeFileSync(file, whole);
    assert.equal(text(await journal.read('a1')), 'a payload of some length');
    cpSync(file, journal.fileOf('b2'));
    assert.equal(await journal.read('b2'), undefined, 'the unit of another key');
    truncateSync(file, 0);
    await journal.write('a1', bytes('again'));
    assert.equal(text(await journal.read('a1')), 'again');
  });

  it('says in one sentence that the disk is full, and leaves nothing behind', async () => {
    let full = true;
    const writeFile: typeof disk.writeFile = async (...args) => {
      if (full) {
        await disk.writeFile(args[0], 'half of it');
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      }
      return disk.writeFile(...args);
    };
    const journal = fresh({ ...disk, writeFile });
    await assert.rejects(journal.write('a1', bytes('unit')), {
      code: 'file/unwritable',
      message: /no space left on the disk/,
      hint: /Free some space/,
    });
    assert.deepEqual(readdirSync(journal.folder), []);
    full = false;
    await journal.write('a1', bytes('unit'));
    assert.equal(text(await journal.read('a1')), 'unit');
  });

  it('sweeps away what processes that are gone have left, but nothing of those that write now', async () => {
    const journal = fresh();
    await journal.write('a1', bytes('unit'));
    const [old, now] = ['b2.x.half', 'c3.y.half'].map((name) => path.join(journal.folder, name)) as [string, string];
    for (const file of [old, now]) writeFileSync(file, 'half');
    const yesterday = Date.now() / 1000 - 86_400;
    utimesSync(old, yesterday, yesterday);
    await new Journal(journal.folder).write('d4', bytes('unit'));
    assert.deepEqual(readdirSync(journal.folder).sort(), ['a1.unit', 'c3.y.half', 'd4.unit']);
  });

  it('is whole after any number of writers, two of which write the same unit, and after one is killed', async () => {
    const journal = fresh();
    const script = path.join(folder, 'writer.cjs');
    // As the journal writes: a file beside, then a rename; the units are large, so that a kill meets one half written.
    writeFileSync(
      script,
      `const { writeFileSync, renameSync, mkdirSync } = require('node:fs');
       const { createHash } = require('node:crypto');
       const [folder, who] = process.argv.slice(2);
       mkdirSync(folder, { recursive: true });
       process.send('begun');
       for (let round = 0; ; round++) {
         const key = 'u' + (round % 5);
         const payload = Buffer.alloc(1 << 20, key);
         const sha256 = createHash('sha256').update(payload).digest('hex');
         const head = { schema: 'onnx-lens/unit/1', key, about: null, bytes: payload.length, sha256 };
         const half = folder + '/' + key + '.' + who + '.half';
         writeFileSync(half, JSON.stringify(head) + '\\n');
         writeFileSync(half, payload, { flag: 'a' });
         renameSync(half, folder + '/' + key + '.unit');
       }`,
    );
    const writers = ['one', 'two'].map((who) => fork(script, [journal.folder, who], { execArgv: [] }));
    try {
      await Promise.all(writers.map((w) => once(w, 'message')));
      let read = 0;
      for (let round = 0; round < 40; round++) {
        for (const key of (await journal.keys()).filter((k) => k !== 'own')) {
          const payload = await journal.read(key);
          assert.equal(payload?.length, 1 << 20, `${key} is whole while it is written again`);
          read++;
        }
        await journal.write('own', bytes(String(round)));
      }
      assert.ok(read > 40, `${read} units were read`);
    } finally {
      for (const w of writers) w.kill('SIGKILL');
    }
    for (const key of await journal.keys()) assert.ok((await journal.read(key)) !== undefined, `${key} is whole`);
  });
});
