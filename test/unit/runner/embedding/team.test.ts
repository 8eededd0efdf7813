import assert from 'node:assert/strict';
import { nearestNeighbours } from '../../../../src/numeric/neighbours.js';
import { jointProbabilities, type Affinities } from '../../../../src/numeric/tsne/affinities.js';
import { Tsne, type TsneOptions } from '../../../../src/numeric/tsne/tsne.js';
import { threadTeam } from '../../../../src/runner/embedding/threads/team.js';
import { clusters } from '../../numeric/points.js';
import { bundledText } from '../../support/bundled.js';

describe('runner/embedding/threads', () => {
  const points = clusters(3000, 8, 5);
  let affinities: Affinities;
  let script: string;
  before(async () => {
    affinities = jointProbabilities(await nearestNeighbours(points, 30), 10);
    script = bundledText('src/runner/embedding/threads/forcesThread.ts');
  });
  const placed = async (options: TsneOptions, rounds = 30): Promise<Float32Array> => {
    const tsne = new Tsne(affinities, points, { rounds, early: 20, seed: 3, ...options });
    while (!tsne.finished) await tsne.step();
    return tsne.points.data;
  };

  for (const threads of [2, 3]) {
    it(`places points by ${threads} threads to the same bytes as by one`, async () => {
      const team = threadTeam(threads, script);
      const together = await placed({ allocate: team.allocate, team: (all, theta) => team.forces(all, theta) });
      await team.dispose();
      assert.deepEqual(together, await placed({}));
    });
  }

  it('goes on alone when a thread dies, to the same bytes', async () => {
    const dying = `let left = 5; require('node:worker_threads').parentPort.on('message', () => --left < 0 && process.exit());\n${script}`;
    const team = threadTeam(2, dying);
    const rounds: number[] = [];
    const together = await placed({
      allocate: team.allocate,
      team: (all, theta) => {
        rounds.push(theta);
        return team.forces(all, theta);
      },
    });
    await team.dispose();
    assert.equal(rounds.length, 30);
    assert.deepEqual(together, await placed({}));
  });

  it('goes on alone when threads cannot be started', async () => {
    const team = threadTeam(2, 'throw new Error("no threads here")');
    const together = await placed({ allocate: team.allocate, team: (all, theta) => team.forces(all, theta) });
    await team.dispose();
    assert.deepEqual(together, await placed({}));
  });
});
