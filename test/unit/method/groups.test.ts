import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { attributionMethods, describeMethods } from '../../../src/method/index.js';
import { parseParameters } from '../../../src/method/parameters.js';
import type { ModelSubject } from '../../../src/method/subject/modelSubject.js';
import { forwardPasses, METHOD_GROUPS, type MethodGroup } from '../../../src/result/method.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { openTiny, tinyNet, tinyPicture } from './tinyNet.js';
import { tinyVit } from './tinyVit.js';

const groups = Object.keys(METHOD_GROUPS) as MethodGroup[];

/** A subject that counts the samples which go through it. */
function counting(subject: ModelSubject): {
  readonly subject: ModelSubject;
  readonly count: { forward: number; gradient: number };
} {
  const count = { forward: 0, gradient: 0 };
  const kinds: Record<string, keyof typeof count> = { scores: 'forward', values: 'forward', gradients: 'gradient' };
  const counted = new Proxy(subject, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        const kind = kinds[String(name)];
        if (kind !== undefined) count[kind] += (args[0] as { dims: readonly number[] }).dims[0]!;
        return (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return { subject: counted, count };
}

describe('method: groups and costs', () => {
  let sessions: OrtSessions;
  let tiny: ModelSubject;
  let transformer: ModelSubject;
  before(async () => {
    sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
    tiny = await openTiny(tinyNet(), sessions);
    transformer = await openTiny(tinyVit(), sessions);
  });
  after(async () => {
    await tiny.dispose();
    await transformer.dispose();
    await sessions.dispose();
  });

  it('offers methods group by group, and every group has some', () => {
    const order = attributionMethods.map(({ group }) => groups.indexOf(group));
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
    assert.deepEqual([...new Set(attributionMethods.map(({ group }) => group))], groups);
  });

  it('describes all of a method but how it runs', () => {
    for (const description of describeMethods()) {
      assert.ok(!('run' in description), description.id);
      assert.ok(description.group in METHOD_GROUPS, description.id);
      assert.doesNotThrow(() => structuredClone(description), description.id);
    }
  });

  for (const method of attributionMethods) {
    it(`${method.id} costs about as many passes as it says`, async function () {
      this.timeout(60_000);
      for (const count of Object.values(method.passes))
        if (typeof count === 'string') assert.ok(count in method.parameters, `${count} is a parameter`);
      // What is computed incrementally is no whole pass.
      const params = parseParameters(
        method.id,
        method.parameters,
        'inference' in method.parameters ? { inference: 'whole' } : {},
      );
      const { subject, count } = counting(method.attends === true ? transformer : tiny);
      const request = {
        input: tinyPicture(),
        target: { index: 3, label: '' },
        score: 'logit',
        seed: 0,
        params,
      } as const;
      const context = { signal: new AbortController().signal, random: new Random(0), progress: () => undefined };
      // What is remembered of a model is not paid for again.
      await method.run(subject, request, context);
      Object.assign(count, { forward: 0, gradient: 0 });
      await method.run(subject, request, context);
      const said = forwardPasses(method);
      const needed = forwardPasses({ passes: count, parameters: {} });
      assert.ok(needed <= 1.2 * said + 3 && needed >= 0.4 * said, `${needed} passes, ${said} are declared`);
    });
  }
});
