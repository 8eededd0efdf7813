import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeNpy } from '../../../src/base/npy.js';
import { openDataset, sourceOf } from '../../../src/dataset/index.js';
import { decodePicture } from '../../../src/input/decode.js';
import { encodePng } from '../../../src/input/encode.js';
import { temporaryFolder } from '../support/temporary.js';
import { writeNpz, writeParquet } from './written.js';

/** A picture of one colour, so that it is known again. */
const png = (level: number, side = 4): Promise<Uint8Array> =>
  encodePng(new Uint8Array(side * side * 3).fill(level), side, side);

const levels = async (place: string): Promise<number[]> => {
  const { examples } = await openDataset(place);
  return Promise.all(
    examples.map(async (example) => {
      const read = await example.read();
      const raster = typeof read === 'string' || read instanceof Uint8Array ? await decodePicture(read) : read;
      return raster.data[0]!;
    }),
  );
};

describe('data sets', () => {
  const temporary = temporaryFolder();
  const at = (...parts: string[]): string => path.join(temporary, ...parts);

  it('are folders of classes and of splits, in the order of Python', async () => {
    for (const [i, name] of ['test/b/1.png', 'test/B/1.png', 'train/b/2.png'].entries()) {
      await mkdir(path.dirname(at('split', name)), { recursive: true });
      await writeFile(at('split', name), await png(i));
    }
    const { examples, classes } = await openDataset(at('split'));
    assert.deepEqual(
      examples.map((e) => [e.name, e.className, e.split]),
      [
        ['test/B/1.png', 'B', 'test'],
        ['test/b/1.png', 'b', 'test'],
        ['train/b/2.png', 'b', 'train'],
      ],
    );
    assert.equal(classes, undefined);
  });

  describe('as lists', () => {
    before(async () => {
      await mkdir(at('lists', 'pictures'), { recursive: true });
      for (const i of [1, 2, 3]) await writeFile(at('lists', 'pictures', `${i}, 'x'.png`), await png(i));
    });
    const file = (i: number): string => `pictures/${i}, 'x'.png`;
    const quoted = (i: number): string => `"${file(i)}"`;
    for (const [name, text] of [
      ['head.csv', `Path,label,split\r\n${quoted(1)},cat,train\r\n${quoted(2)},dog,val\r\n`],
      ['bare.csv', `${quoted(1)},cat\n${quoted(2)},dog\n`],
      ['tabs.tsv', `file\tclass\n${file(1)}\tcat\n${file(2)}\tdog\n`],
      ['objects.json', JSON.stringify([1, 2].map((i) => ({ image_path: file(i), category: i === 1 ? 'cat' : 'dog' })))],
      ['map.json', JSON.stringify({ [file(1)]: 'cat', [file(2)]: 'dog' })],
      [
        'lines.jsonl',
        `${JSON.stringify({ file: file(1), label: 'cat' })}\n{broken\n${JSON.stringify({ file: file(2), label: 'dog' })}`,
      ],
    ] as const) {
      it(name, async () => {
        await writeFile(at('lists', name), text);
        const { examples } = await openDataset(at('lists', name));
        assert.deepEqual(
          examples.map((e) => [e.name, e.className]),
          [
            [file(1), 'cat'],
            [file(2), 'dog'],
          ],
        );
        assert.deepEqual(await levels(at('lists', name)), [1, 2]);
      });
    }

    it('say what is missing, and refuse a list of nothing', async () => {
      await writeFile(at('lists', 'gone.csv'), `path,label\n${quoted(3)},x\nnowhere.png,y\n"a\0b.png",z\n`);
      const { examples, omitted } = await openDataset(at('lists', 'gone.csv'));
      assert.deepEqual([examples.length, omitted.map((o) => o.name)], [1, ['nowhere.png', 'a\0b.png']]);
      await writeFile(at('lists', 'nothing.csv'), 'a,b\n1,2\n');
      await assert.rejects(openDataset(at('lists', 'nothing.csv')), /names no picture that is there/);
      await writeFile(at('lists', 'broken.json'), '{');
      await assert.rejects(openDataset(at('lists', 'broken.json')), /is no JSON/);
    });
  });

  describe('as parquet', () => {
    it('have the names of Hugging Face, over several row groups and shards', async () => {
      await mkdir(at('hub', 'data'), { recursive: true });
      const pictures = await Promise.all([5, 6, 7, 8, 9].map((v) => png(v)));
      const names = ['zebra', 'ant'];
      await writeParquet(at('hub', 'data', 'train-00000-of-00002.parquet'), pictures.slice(0, 3), [0, 1, -1], {
        names,
      });
      await writeParquet(at('hub', 'data', 'train-00001-of-00002.parquet'), pictures.slice(3), [1, 0], { names });
      const { examples, classes, notes } = await openDataset(at('hub'));
      assert.deepEqual(
        examples.map((e) => [e.name, e.className, e.split]),
        [
          ['train-00000-of-00002.parquet#0', 'zebra', 'train'],
          ['train-00000-of-00002.parquet#1', 'ant', 'train'],
          ['train-00000-of-00002.parquet#2', undefined, 'train'],
          ['train-00001-of-00002.parquet#0', 'ant', 'train'],
          ['train-00001-of-00002.parquet#1', 'zebra', 'train'],
        ],
      );
      assert.deepEqual([classes, notes], [names, []]);
      assert.deepEqual(await levels(at('hub')), [5, 6, 7, 8, 9]);
    });

    it('take texts and plain numbers for labels', async () => {
      await writeParquet(at('texts.parquet'), [await png(1), await png(2)], ['cat', 'dog']);
      const texts = await openDataset(at('texts.parquet'));
      assert.deepEqual(
        texts.examples.map((e) => e.className),
        ['cat', 'dog'],
      );
      await writeParquet(at('numbers.parquet'), [await png(1), await png(2)], [3, 1]);
      const { classes, examples } = await openDataset(at('numbers.parquet'));
      assert.deepEqual(classes, ['0', '1', '2', '3']);
      assert.deepEqual(
        examples.map((e) => e.className),
        ['3', '1'],
      );
    });

    it('are refused in a sentence where they are damaged', async () => {
      await writeFile(at('damaged.parquet'), 'PAR1 this is none PAR1');
      await assert.rejects(openDataset(at('damaged.parquet')), /cannot be read as a data set. The file is damaged/);
    });
  });

  describe('as arrays', () => {
    const bytes = (values: readonly number[], dims: readonly number[]): Uint8Array =>
      writeNpy({ type: 'uint8', dims, data: Uint8Array.from(values) });
    const numbers = (values: readonly number[], dims: readonly number[] = [values.length]): Uint8Array =>
      writeNpy({ type: 'int64', dims, data: BigInt64Array.from(values, BigInt) });

    for (const compressed of [false, true]) {
      it(`are those of Keras and MedMNIST${compressed ? ', compressed' : ''}`, async () => {
        const grey = bytes([1, 1, 1, 1, 2, 2, 2, 2], [2, 2, 2]);
        const colour = bytes([3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5], [1, 2, 2, 3]);
        const file = at(`both-${compressed}.npz`);
        const arrays = {
          x_train: grey,
          y_train: numbers([7, 0], [2, 1]),
          test_images: colour,
          test_labels: numbers([2]),
          extra: numbers([1]),
        };
        await writeNpz(file, arrays, compressed);
        const { examples, classes } = await openDataset(file);
        const name = path.basename(file);
        assert.deepEqual(
          examples.map((e) => [e.name, e.className, e.split]),
          [
            [`${name}#x_train/0`, '7', 'train'],
            [`${name}#x_train/1`, '0', 'train'],
            [`${name}#test_images/0`, '2', 'test'],
          ],
        );
        assert.equal(classes?.length, 8);
        const [, second, third] = await Promise.all(examples.map((e) => e.read()));
        assert.deepEqual(second, { width: 2, height: 2, channels: 1, data: Uint8Array.of(2, 2, 2, 2) });
        assert.deepEqual(third, {
          width: 2,
          height: 2,
          channels: 3,
          data: Uint8Array.of(3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5),
        });
      });
    }

    it('with several labels for each are without classes, and say so', async () => {
      await writeNpz(at('multi.npz'), { images: bytes([1, 2], [2, 1, 1]), labels: numbers([1, 0, 0, 1], [2, 2]) });
      const { examples, notes } = await openDataset(at('multi.npz'));
      assert.deepEqual(
        examples.map((e) => e.className),
        [undefined, undefined],
      );
      assert.match(notes[0]!, /not taken as classes/);
    });

    it('are refused where pictures are no bytes, end early, have a strange shape, or are not there', async () => {
      const floats = writeNpy({ type: 'float32', dims: [1, 2, 2], data: new Float32Array(4) });
      const bad: readonly (readonly [Readonly<Record<string, Uint8Array>>, RegExp])[] = [
        [{ images: floats }, /numbers of type <f4, where pictures are bytes/],
        [{ images: bytes([1, 2], [2, 1, 1]).subarray(0, -1) }, /ends too early/],
        [{ images: bytes([1, 2, 3, 4, 5], [1, 1, 1, 5]) }, /has the shape/],
        [{ weights: floats }, /no array of pictures that is known/],
      ];
      for (const [arrays, why] of bad) {
        await writeNpz(at('bad.npz'), arrays);
        await assert.rejects(openDataset(at('bad.npz')), why);
      }
      await writeFile(at('no.npz'), 'nothing');
      await assert.rejects(openDataset(at('no.npz')), /is no .npz file/);
    });
  });

  it('are nothing else', async () => {
    await writeFile(at('one.png'), await png(1));
    assert.equal(await sourceOf(at('one.png')), undefined);
    await assert.rejects(openDataset(at('one.png')), /is no data set/);
    await assert.rejects(sourceOf(at('nowhere')), /no file or folder/);
  });
});
