import assert from 'node:assert/strict';
import { isMine, parseShard, shardOfCluster } from '../../../src/job/shard.js';

describe('shares of a job', () => {
  const units = Array.from({ length: 17 }, (_, i) => i);
  const covers = (shards: readonly { index: number; count: number }[]): void => {
    const owners = units.map((unit) => shards.filter((shard) => isMine(unit, shard)).length);
    assert.deepEqual(
      owners,
      units.map(() => 1),
    );
  };

  it('are all units, each once, counted from 1 or from 0', () => {
    covers(['1/3', '2/3', '3/3'].map(parseShard));
    covers(['0/3', '1/3', '2/3'].map(parseShard));
    covers([parseShard('1/1')]);
    for (const text of ['4/3', '1/0', '-1/3', '1', 'a/b', '1/3/2', ''])
      assert.throws(() => parseShard(text), { code: 'job/shard' }, text);
  });

  it('are those that Slurm gives to the tasks of an array, wherever it begins and however it steps', () => {
    const slurm = (ids: readonly number[], step = 1): void =>
      covers(
        ids.map((id) => {
          const shard = shardOfCluster({
            SLURM_ARRAY_TASK_ID: String(id),
            SLURM_ARRAY_TASK_COUNT: String(ids.length),
            SLURM_ARRAY_TASK_MIN: String(ids[0]),
            SLURM_ARRAY_TASK_STEP: String(step),
          });
          return shard!;
        }),
      );
    slurm([0, 1, 2, 3]);
    slurm([1, 2, 3]);
    slurm([10, 14, 18, 22], 4);
    covers([1, 2].map((id) => shardOfCluster({ SLURM_ARRAY_TASK_ID: String(id), SLURM_ARRAY_TASK_COUNT: '2' })!));
  });

  it('are those that Kubernetes gives to the indices of a job', () => {
    covers([0, 1, 2].map((i) => shardOfCluster({ JOB_COMPLETION_INDEX: String(i), JOB_COMPLETION_COUNT: '3' })!));
    for (const environment of [
      {},
      { JOB_COMPLETION_INDEX: '0' },
      { SLURM_ARRAY_TASK_ID: 'x', SLURM_ARRAY_TASK_COUNT: '2' },
    ])
      assert.equal(shardOfCluster(environment), undefined);
  });
});
