import { writeNpy } from '../../../src/base/npy.js';
import type { Random } from '../../../src/base/random.js';
import { castFloating, floatTensor, int64Tensor, type Tensor } from '../../../src/base/tensor.js';
import { makeNode } from '../../../src/graph/edits.js';
import { bruised, hostileNumber, hostileText, noise, pick, rarely } from '../hostile.js';
import { answered } from '../judge.js';
import type { Kind } from '../kind.js';
import { RUN_GB } from '../subject.js';
import { bytesOf, drawn, graphOf, smallNet } from './seedModels.js';

const DESCR = [
  '<f4',
  '<f4',
  '>f4',
  '<f8',
  '<f2',
  '|u1',
  '|i1',
  '<i2',
  '<i4',
  '<i8',
  '<u8',
  '|b1',
  '|O',
  '<c8',
  '|S5',
  '<U3',
  'f4',
  '',
];

/** An array whose header says something else than its bytes do. */
function claimed(random: Random): Uint8Array {
  const dims = Array.from({ length: random.below(rarely(random, 10) ? 80 : 6) }, () =>
    rarely(random, 2)
      ? String(hostileNumber(random))
      : pick(random, ['1', '3', '8', '2.5', '1e3', '0x10', 'N', '', '-0', '1_000', '8L']),
  );
  const shape = rarely(random, 12) ? hostileText(random) : dims.join(rarely(random, 8) ? ' ' : ', ');
  const order = pick(random, ['False', 'False', 'True', 'None', '1']);
  const text = pick(random, [
    `{'descr': '${pick(random, DESCR)}', 'fortran_order': ${order}, 'shape': (${shape}), }`,
    `{'shape': (${shape}), 'descr': '${pick(random, DESCR)}', 'fortran_order': ${order}}`,
    `{"descr": "<f4", "fortran_order": ${order}, "shape": (${shape})}`,
    `{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': ${order}, 'shape': (${shape})}`,
    hostileText(random),
  ]);
  const version = pick(random, [1, 1, 1, 2, 3, 0, 4, 255]);
  const header = Buffer.from(`${text}\n`);
  const length = rarely(random, 8) ? Number(BigInt.asUintN(32, hostileNumber(random))) : header.length;
  const head = Buffer.alloc(version === 1 ? 10 : 12);
  head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  if (version === 1) head.writeUInt16LE(length & 0xffff, 8);
  else head.writeUInt32LE(length, 8);
  return Buffer.concat([head, header, noise(random, random.below(4096))]);
}

/** A sound file of a shape that may fit, with values that may not. */
function odd(random: Random): Uint8Array {
  const dims = pick(random, [
    [1, 3, 8, 8],
    [1, 3, 8, 8],
    [3, 8, 8],
    [3, 8, 8],
    [1, 1, 4, 4, 4],
    [2, 3, 8, 8],
    [8, 8, 3],
    [5, 3, 8, 8],
    [0, 3, 8, 8],
    [1, 3, 1, 1],
    [192],
    [],
    [1, 1, 4, 4, 4],
    [1, 3, 0, 8],
  ]);
  const tensor = drawn(random.below(1000), dims, pick(random, [1, 1e20, 1e38]));
  const data = tensor.data as Float32Array;
  const special = pick(random, [undefined, Number.NaN, Infinity, -Infinity, 3.4e38, 1e-45]);
  if (special !== undefined)
    for (let n = 1 + random.below(5); n > 0; n--) if (data.length > 0) data[random.below(data.length)] = special;
  return writeNpy(castFloating(floatTensor(dims, data), pick(random, ['float32', 'float64', 'float16'])));
}

/** Models by what their inputs leave open. */
async function models(): Promise<ReadonlyMap<string, Uint8Array>> {
  const free = smallNet(['N', 3, 'H', 'W']);
  const volume = graphOf({
    inputs: [{ name: 'x', type: 'float32', dims: ['N', 1, 4, 4, 4] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['N', 3] }],
    nodes: [makeNode('Flatten', 'flat', ['x']), makeNode('MatMul', 'y', ['flat', 'w'])],
    tensors: { w: drawn(21, [64, 3]) },
  });
  const two = graphOf({
    inputs: [
      { name: 'x', type: 'float32', dims: ['N', 3, 8, 8] },
      { name: 'tokens', type: 'int64', dims: ['N', 'length'] },
    ],
    outputs: [{ name: 'y', type: 'float32', dims: ['N', 4] }],
    nodes: [
      makeNode('GlobalAveragePool', 'pooled', ['x']),
      makeNode('Flatten', 'flat', ['pooled']),
      makeNode('Gather', 'words', ['table', 'tokens']),
      makeNode('ReduceSum', 'sum', ['words', 'axis'], { keepdims: 0 }),
      makeNode('Add', 'both', ['flat', 'sum']),
      makeNode('MatMul', 'y', ['both', 'w']),
    ],
    tensors: { table: drawn(22, [9, 3]), axis: int64Tensor([1], [1]), w: drawn(23, [3, 4]) },
  });
  const graphs = { fixed: smallNet(), free, volume, two };
  const written = await Promise.all(
    Object.entries(graphs).map(async ([name, graph]) => [`${name}.onnx`, await bytesOf(graph)] as const),
  );
  return new Map(written);
}

/** NumPy arrays, given as inputs that are prepared already, and as values of other inputs. */
export const npy: Kind = {
  id: 'npy',
  asked: 'runner',
  async prepare() {
    const shared = await models();
    const tokens = writeNpy(int64Tensor([1, 4], [1, 2, 3, 4]));
    const sound: readonly Tensor[] = [drawn(31, [1, 3, 8, 8]), drawn(32, [1, 1, 4, 4, 4]), drawn(33, [3, 12, 9])];
    const seeds = [...sound.map(writeNpy), tokens];
    return {
      shared: new Map([...shared, ['sound.npy', seeds[0]!], ['tokens.npy', tokens]]),
      make(random) {
        const how = random.below(3);
        const bytes =
          how === 0 ? bruised(random, pick(random, seeds), seeds) : how === 1 ? claimed(random) : odd(random);
        const model = pick(random, [...shared.keys()]);
        const other = model === 'two.onnx' && rarely(random, 2);
        const more = random.below(16);
        return {
          files: new Map([['mutant.npy', bytes]]),
          what: `${model}: ${['changed bytes', 'another header', 'odd values'][how]!}${other ? ' for its other input' : ''}`,
          async ask(place) {
            const inputs = [place.path(other ? 'sound.npy' : 'mutant.npy')];
            const about = {
              model: place.path(model),
              provider: 'cpu',
              threads: 1,
              memoryLimit: RUN_GB,
              ...(model === 'two.onnx'
                ? { otherInputs: { tokens: place.path(other ? 'mutant.npy' : 'tokens.npy') } }
                : {}),
            };
            const accepted = answered(await place.ask('predict', { ...about, inputs }));
            if (more === 0) await place.ask('explain', { ...about, inputs, method: 'gradient' });
            if (more === 1)
              await place.ask('explain', { ...about, inputs, method: 'occlusion', params: { patch: 4, stride: 4 } });
            if (more === 2) await place.ask('graphActivations', { ...about, input: inputs[0] });
            if (more === 3) await place.ask('inspect', about);
            return accepted;
          },
        };
      },
    };
  },
};
