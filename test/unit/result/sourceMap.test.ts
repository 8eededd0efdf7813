import assert from 'node:assert/strict';
import { remap, staleness } from '../../../src/result/sourceMap.js';

describe('result/sourceMap', () => {
  const files = [
    '/home/me/proj/src/net/model.py',
    '/home/me/proj/other/model.py',
    '/home/me/proj/build/src/net/model.py',
  ];

  it('finds the file with the longest common tail, the shallowest of equals', () => {
    const found = remap('/cluster/users/ann/proj/src/net/model.py', files)!;
    assert.deepEqual(found, { path: files[0], parts: 4, others: [] });
    const fewer = remap('/cluster/src/net/model.py', files)!;
    assert.deepEqual(fewer, { path: files[0], parts: 3, others: [files[2]] });
    assert.equal(remap('/x/layers.py', files), undefined);
    assert.equal(remap('', files), undefined);
  });

  it('understands the other separator, relative paths and drives', () => {
    assert.equal(remap('C:\\work\\src\\net\\model.py', files)!.path, files[0]);
    assert.equal(remap('./net/model.py', files)!.parts, 2);
    assert.equal(remap('c:/work/m.py', ['C:\\work\\m.py'])!.parts, 3);
  });

  it('takes the file itself where it is there, and answers given files only', () => {
    assert.deepEqual(remap(files[2]!, files), { path: files[2], parts: 7, others: [] });
    assert.equal(remap('../../../../etc/passwd', files), undefined);
  });

  it('says when the source was changed after the model was written', () => {
    assert.equal(staleness(1_000_000, 1_001_000), 'fresh');
    assert.equal(staleness(1_000_000, 1_003_000), 'source-newer');
    assert.equal(staleness(1_000_000, 5), 'fresh');
    assert.equal(staleness(undefined, 5), 'unknown');
  });
});
