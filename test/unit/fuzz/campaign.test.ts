import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../../src/base/random.js';
import { campaign, type Summary } from '../../fuzz/campaign.js';
import { answered } from '../../fuzz/judge.js';
import type { Kind } from '../../fuzz/kind.js';
import { KINDS } from '../../fuzz/main.js';
import { parseTree, treeBytes } from '../../fuzz/protobuf.js';
import { seedModels } from '../../fuzz/kinds/seedModels.js';
import { temporaryFolder } from '../support/temporary.js';

describe('the campaign against hostile files', function () {
  this.timeout(120_000);
  const keep = temporaryFolder();
  const script = path.resolve('test/unit/fuzz/misbehaving.cjs');
  let said: string[] = [];

  /** Asks a process that does what each mutant says. */
  async function tried(deeds: readonly string[]): Promise<Summary> {
    let next = 0;
    said = [];
    const kind: Kind = {
      id: 'deed',
      asked: 'runner',
      prepare: async () => ({
        make() {
          const deed = deeds[next++]!;
          return {
            files: new Map([['deed', Buffer.from(deed)]]),
            what: deed,
            ask: async (place) => answered(await place.ask('predict', { file: place.path('deed') })),
          };
        },
      }),
    };
    return campaign(kind, {
      count: deeds.length,
      seed: 1,
      keep,
      folder: temporaryFolder(),
      scripts: { runner: script, scanner: script },
      say: (line) => said.push(line),
      workers: 1,
      bounds: { deadlineMs: 1500, megabytes: 250 },
    });
  }

  it('counts what is answered and what is refused', async () => {
    const { accepted, refused, failures } = await tried(['fine', 'refuse', 'fine']);
    assert.deepEqual({ accepted, refused, failures }, { accepted: 2, refused: 1, failures: [] });
    assert.deepEqual(said, []);
  });

  const faults: readonly (readonly [string, RegExp])[] = [
    ['crash', /^the process: .*SIGABRT/],
    ['hang', /^no answer to predict .* had to be ended$/],
    ['bug', /^a bug: TypeError/],
    ['hidden', /^a bug: hidden/],
    ['wordy', /^a remark has 1001 letters/],
    ['mumble', /^a\/b is no sentence/],
    ['probability', /^a probability is 1\.5$/],
    ['nan', /^a probability is null$/],
    ['litter', /^files were left: litter$/],
  ];
  for (const [deed, fault] of faults)
    it(`finds, keeps and names what is wrong, and goes on: ${deed}`, async () => {
      const { accepted, failures } = await tried([deed, 'fine']);
      assert.equal(accepted, 1, said.join('\n'));
      assert.equal(failures.length, 1);
      assert.match(failures[0]!.fault, fault);
      assert.ok(said.some((line) => line.includes('--kind deed --seed 1 --only 0')));
      assert.equal(readFileSync(path.join(keep, 'deed-1-0/deed'), 'utf8'), deed);
    });

  it('ends a process that takes more than it may', async function () {
    if (!existsSync('/proc/self/status')) this.skip();
    const { failures } = await tried(['greedy', 'fine']);
    assert.match(failures[0]!.fault, /^the process took \d+ MB, more than 250 MB$/);
  });

  it('makes the same mutant of the same seed, and another of another', async () => {
    for (const kind of KINDS) {
      const mutants = await kind.prepare();
      const made = (seed: number): string => {
        const { files, what } = mutants.make(new Random(seed));
        const hash = createHash('sha256').update(what);
        for (const [name, bytes] of files) hash.update(name).update(bytes);
        return hash.digest('hex').slice(0, 8);
      };
      const all = Array.from({ length: 40 }, (_, seed) => made(seed));
      assert.deepEqual(
        all,
        all.map((_, seed) => made(seed)),
      );
      assert.ok(new Set(all).size > 35, `${kind.id}: ${new Set(all).size} of 40 differ`);
    }
  });

  it('takes models apart and writes them again as they were', async () => {
    for (const [name, bytes] of await seedModels())
      assert.ok(Buffer.from(treeBytes(parseTree(bytes))).equals(Buffer.from(bytes)), name);
  });
});
