import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { skipBecause } from '../../../.build/counts.mjs';
import { mostBytes, residentBytes, runnerMemory } from '../../../src/host/runner/memory.js';

/** The dynamic loader of glibc on this machine, if that is what it runs. */
const loader = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'].find((file) => existsSync(file));

describe("the memory of the runner's process", () => {
  it('leaves the last word to the settings of the user', () => {
    const ours = runnerMemory({}).GLIBC_TUNABLES;
    assert.equal(runnerMemory({ GLIBC_TUNABLES: '' }).GLIBC_TUNABLES, ours);
    assert.equal(
      runnerMemory({ GLIBC_TUNABLES: 'glibc.malloc.perturb=1' }).GLIBC_TUNABLES,
      `${ours}:glibc.malloc.perturb=1`,
    );
  });

  it('is set as glibc understands it, within its bounds', function () {
    if (loader === undefined) return skipBecause(this, 'there is no glibc here');
    const env = runnerMemory({ GLIBC_TUNABLES: 'glibc.malloc.trim_threshold=1048576' });
    const said = execFileSync(loader, ['--list-tunables'], { env, encoding: 'utf8' });
    const value = (name: string): number => Number(new RegExp(`glibc\\.malloc\\.${name}: (\\w+)`).exec(said)?.[1]);
    assert.equal(value('mmap_threshold'), 8 * 2 ** 20);
    assert.equal(value('trim_threshold'), 2 ** 20);
    // Known since glibc 2.35.
    if (said.includes('hugetlb')) assert.equal(value('hugetlb'), 1);
  });
});

describe("the bound of the runner's memory", () => {
  it('is what a run may take and room for weights, and never all of the machine', () => {
    assert.equal(mostBytes(0, 16e9), 4e9 + 8e9);
    assert.equal(mostBytes(1, 16e9), 1e9 + 8e9);
    assert.equal(mostBytes(100, 16e9), 0.9 * 16e9);
    assert.equal(mostBytes(0, 1e9), 2e9);
  });

  it('is held against what the system says of a process', async function () {
    if (process.platform === 'win32') return this.skip();
    const held = await residentBytes(process.pid);
    assert.ok(held !== undefined && held > 20e6, `${held}`);
    const own = process.memoryUsage.rss();
    const share = held / own;
    assert.ok(share > 0.5 && share < 1.5, `${held}, and ${own} by its own account`);
  });
});
