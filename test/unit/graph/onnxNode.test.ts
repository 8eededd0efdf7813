import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { MemorySource } from '../../../src/checkpoint/byteSource.js';
import { Context } from '../../../src/checkpoint/context.js';
import { ExternalFiles } from '../../../src/checkpoint/external.js';
import { parseTensor } from '../../../src/checkpoint/parseTensor.js';
import type { Tensor } from '../../../src/base/tensor.js';
import { toNumbers } from '../../../src/base/tensor.js';
import { load, readFileBytes, runGraph, type Tensors } from './support.js';
import { assertClose } from '../support/close.js';
import { DATA, dataMissing, requireData } from '../support/data.js';

const NODE = path.join(DATA, 'onnx/node');

/** A TensorProto in a file of its own. */
function readProto(file: string): { name: string; tensor: Tensor } {
  const source = new MemorySource(readFileBytes(file));
  const context = new Context(file, source, new ExternalFiles(file, file));
  const stored = parseTensor(context, [{ start: 0, end: source.size }]);
  return { name: stored.name, tensor: context.load(stored) };
}

function readSet(folder: string, kind: string): Tensor[] {
  const out: Tensor[] = [];
  for (let i = 0; existsSync(path.join(folder, `${kind}_${i}.pb`)); i++)
    out.push(readProto(path.join(folder, `${kind}_${i}.pb`)).tensor);
  return out;
}

function assertTensor(actual: Tensor, expected: Tensor, label: string): void {
  assert.deepEqual([...actual.dims], [...expected.dims], `${label}: shape`);
  assert.equal(actual.type, expected.type, `${label}: type`);
  const [a, e] = [toNumbers(actual), toNumbers(expected)];
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], e[i]) || (Number.isNaN(a[i]) && Number.isNaN(e[i])) || a[i] === e[i]) continue;
    assertClose(a[i]!, e[i]!, { absolute: 1e-5 + 1e-3 * Math.abs(e[i]!) }, `${label}, element ${i}`);
  }
}

describe('the ONNX standard node tests', () => {
  before(requireData);

  for (const name of dataMissing === undefined ? readdirSync(NODE).sort() : ['one for each operator']) {
    it(name, async () => {
      const folder = path.join(NODE, name);
      const { checkpoint, graph } = await load(path.join(folder, 'model.onnx'));
      const inputs = readSet(path.join(folder, 'test_data_set_0'), 'input');
      const expected = readSet(path.join(folder, 'test_data_set_0'), 'output');
      assert.ok(expected.length > 0, `expected.length: ${expected.length}`);
      const feeds: Tensors = {};
      checkpoint.graph.inputs.forEach((v, i) => (feeds[v.name] = inputs[i]!));
      const outputs = await runGraph(graph, feeds);
      expected.forEach((tensor, i) => assertTensor(outputs[checkpoint.graph.outputs[i]!.name]!, tensor, `output ${i}`));
    });
  }
});
