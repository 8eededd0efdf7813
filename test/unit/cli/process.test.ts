import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { writeNpy } from '../../../src/base/npy.js';
import { floatTensor } from '../../../src/base/tensor.js';
import type { GraphProto } from '../../../src/checkpoint/model.js';
import { makeNode } from '../../../src/graph/edits.js';
import { body, graphs, proto, truth } from '../graph/nestedSupport.js';
import { saveSketch, weight } from '../graph/support.js';
import { bundled } from '../support/bundled.js';
import { temporaryFolder } from '../support/temporary.js';

describe('the processes of the command line', () => {
  let script: string;
  const tensor = path.join(temporaryFolder(), 'x.npy');
  let slow = '';

  before(async () => {
    script = bundled('src/cli/main.ts', 'cli-under-test.cjs');
    // Half a milliard multiplications on each trip, and no end in sight.
    const trip: GraphProto = {
      ...body([proto('MatMul', ['v', 'w'], ['next']), proto('Less', ['i', 'huge'], ['on'])], [], []),
      inputs: [
        { name: 'i', type: 'int64', dims: [] },
        { name: 'go', type: 'bool', dims: [] },
        { name: 'v', type: 'float32', dims: [1, 800, 800] },
      ],
      outputs: [
        { name: 'on', type: 'bool', dims: [] },
        { name: 'next', type: 'float32', dims: [1, 800, 800] },
      ],
    };
    const constants = [truth('yes', true), weight('w', [800, 800], new Float32Array(640_000))];
    slow = await saveSketch({
      opset: 18,
      inputs: [{ name: 'x', type: 'float32', dims: [1, 800, 800] }],
      outputs: [{ name: 'y', type: 'float32', dims: [1, 800, 800] }],
      nodes: [
        makeNode('Shape', 'shape', ['x']),
        makeNode('ReduceProd', 'product', ['shape'], { keepdims: 0 }),
        makeNode('Mul', 'huge', ['product', 'product']),
        makeNode('Loop', 'y', ['', 'yes', 'x'], graphs({ body: trip })),
      ],
      weights: constants,
    });
    writeFileSync(tensor, writeNpy(floatTensor([1, 800, 800], new Float32Array(640_000))));
  });

  /** Starts the program, and answers when it has ended. */
  const started = (...argv: string[]) => {
    const child = spawn(process.execPath, [script, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    const done = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
    return { child, done, err: () => err };
  };

  it('an interrupt is heard while a run of the model goes on and on', async function () {
    if (process.platform === 'win32') this.skip();
    const { child, done, err: said } = started('predict', slow, tensor);
    await wait(2500);
    assert.equal(child.exitCode, null, said());
    const sent = performance.now();
    child.kill('SIGINT');
    const { code, err } = await done;
    assert.equal(code, 130);
    assert.match(err, /^Interrupted\.$/m);
    assert.ok(performance.now() - sent < 5000, `${performance.now() - sent} ms`);
  });

  it('hands on what the work answers: its text and its exit code', async () => {
    const none = await started('predict', path.join(temporaryFolder(), 'none.onnx'), tensor, '--json').done;
    assert.equal(none.code, 2);
    assert.match(none.err, /^error: /);
    assert.equal((JSON.parse(none.out) as { schema: string }).schema, 'onnx-lens/error/1');
    const help = await started('--help').done;
    assert.equal(help.code, 0);
    assert.match(help.out, /onnx-lens VERB MODEL/);
  });
});
