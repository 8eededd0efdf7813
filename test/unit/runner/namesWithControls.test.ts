import assert from 'node:assert/strict';
import path from 'node:path';
import { toErrorData } from '../../../src/base/errors.js';
import { filePath } from '../../../src/base/place.js';
import { Random } from '../../../src/base/random.js';
import { makeNode } from '../../../src/graph/edits.js';
import { RunnerService } from '../../../src/runner/service.js';
import { input, saveSketch, weight } from '../graph/support.js';
import { call } from '../support/call.js';

/** Sentences: what a person reads as a line of ours. Names, labels and the texts of causes are data, shown where they are guarded. */
const SENTENCES = new Set(['message', 'hint', 'warnings', 'notes', 'sentence', 'reason', 'short', 'delta']);

/** What breaks a line, or is obeyed by a terminal. */
const CONTROL = /\p{Cc}/u;

/** Every sentence of an answer that holds a control character, with where it stands. */
function broken(value: unknown, place = '', sentence = false, found: string[] = []): string[] {
  if (typeof value === 'string') {
    if (sentence && CONTROL.test(value)) found.push(`${place}: ${JSON.stringify(value)}`);
  } else if (Array.isArray(value)) {
    for (const [i, each] of value.entries()) broken(each, `${place}[${i}]`, sentence, found);
  } else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const [key, each] of Object.entries(value))
      if (key !== 'stack' && key !== 'cause')
        broken(each, `${place}.${key}`, SENTENCES.has(key) || (sentence && typeof each !== 'object'), found);
  }
  return found;
}

for (const [what, odd] of [
  ['NUL', 'a\u0000b'],
  ['ESC and new lines', 'a\u001b[2J\nwarning: forged\r\u009b31mb'],
] as const)
  describe(`names with ${what}`, () => {
    const runner = new RunnerService({ idleMs: 0 });
    const service = runner.operations;
    const picture = filePath(path.resolve('models/birds/pictures/Butterfinch/butterfinch-3000000.png'));
    after(() => runner.dispose());

    const written = async (rest: 'classes' | 'refused' | 'unknown' | 'two'): Promise<string> => {
      const random = new Random(1);
      const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
      const [x, w, v, y, z] = [`in ${odd}`, `w ${odd}`, `v ${odd}`, `out ${odd}`, `other ${odd}`];
      const last = {
        classes: [makeNode('MatMul', `fc ${odd}`, ['flat', v], {}, [y])],
        // No gradient passes, and no such operator is there.
        refused: [
          makeNode('MatMul', `fc ${odd}`, ['flat', v], {}, ['l']),
          makeNode('Round', `round ${odd}`, ['l'], {}, [y]),
        ],
        unknown: [{ ...makeNode('MatMul', `fc ${odd}`, ['flat', v], {}, [y]), op: 'Nothing', domain: `own ${odd}` }],
        two: [
          makeNode('MatMul', `fc ${odd}`, ['flat', v], {}, [y]),
          makeNode('ReduceMean', `mean ${odd}`, ['c'], { keepdims: 0 }, [z]),
        ],
      }[rest];
      return saveSketch({
        opset: 18,
        opsets: rest === 'unknown' ? new Map([[`own ${odd}`, 1]]) : new Map(),
        inputs: [input(x, 1, 3, 8, 8)],
        outputs: rest === 'two' ? [y, z] : [y],
        nodes: [makeNode('Conv', `conv ${odd}`, [x, w], {}, ['c']), makeNode('Flatten', 'flat', ['c']), ...last],
        weights: [weight(w, [4, 3, 3, 3], draw(108)), weight(v, [144, 5], draw(720))],
      });
    };

    for (const rest of ['classes', 'refused', 'unknown', 'two'] as const)
      it(`are in no sentence: ${rest}`, async () => {
        const model = filePath(await written(rest));
        const inputs = [picture];
        const asked = { model, inputs, provider: 'cpu', threads: 1 } as const;
        const said = async (name: string, answer: Promise<unknown>): Promise<void> => {
          const value = await answer.catch((error: unknown) => ({ error: toErrorData(error) }));
          assert.notEqual((value as { error?: { kind?: string } }).error?.kind, 'bug', JSON.stringify(value));
          assert.deepEqual(broken(value), [], name);
        };
        await said('outline', service.outline({ model }, call()));
        await said('overview', service.overview({ model }, call()));
        await said('inspect', service.inspect({ model }, call()));
        await said('measure', service.measure({ model }, call()));
        await said('predict', service.predict({ ...asked, top: 3 }, call()));
        for (const method of ['auto', 'gradient', 'gradcam', 'lrp'])
          await said(method, service.explain({ ...asked, method }, call()));
        await said('layer', service.explain({ ...asked, method: 'gradcam', layer: `conv ${odd}` }, call()));
        for (const target of [`out ${odd}`, 'value:3', 'value:99', `box:1 ${odd}`, `conv ${odd}#1`])
          await said(target, service.explain({ ...asked, method: 'gradient', target }, call()));
        await said('output', service.predict({ ...asked, output: `no ${odd}` }, call()));
        await said('other', service.predict({ ...asked, output: `other ${odd}` }, call()));
        await said('input', service.predict({ ...asked, otherInputs: { [`no ${odd}`]: filePath('/x.npy') } }, call()));
      });
  });
