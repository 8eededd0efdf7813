import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeJob, readDescription } from '../../../src/job/description.js';
import { temporaryFolder } from '../support/temporary.js';

describe('what a job folder is for', () => {
  const folder = path.join(temporaryFolder(), 'job');
  const job = { argv: ['predict', 'a.onnx', 'set'], folder: '/home', identity: { verb: 'predict', top: 5 } };

  it('is kept, and refused for another job with the words of the one that is there', async () => {
    assert.equal(await readDescription(folder), undefined);
    await describeJob(folder, job);
    assert.deepEqual(await readDescription(folder), job);
    await describeJob(folder, { ...job, argv: [...job.argv, '--out', 'b.csv'] });
    assert.deepEqual((await readDescription(folder))!.argv.at(-1), 'b.csv');
    await assert.rejects(describeJob(folder, { ...job, identity: { verb: 'predict', top: 3 } }), {
      code: 'job/other',
      message: /onnx-lens predict a\.onnx set --out b\.csv/,
    });
  });

  it('is refused where the file is damaged', async () => {
    for (const damaged of ['', '{', '{"schema":"other"}', 'null']) {
      writeFileSync(path.join(folder, 'job.json'), damaged);
      await assert.rejects(readDescription(folder), { code: 'job/damaged' }, damaged);
    }
  });
});
