import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { LensError } from '../../../src/base/errors.js';
import { mapClasses, namedByFolders } from '../../../src/input/classMapping.js';
import { comparePython, listPictures, walkPictures } from '../../../src/input/folder.js';
import { numberedLabels, type Labels } from '../../../src/input/labels.js';
import { dataPath, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';

describe('folders of pictures', () => {
  const root = temporaryFolder();
  let count = 0;

  function folder(files: readonly string[], texts: Record<string, string> = {}): string {
    const at = path.join(root, String(count++));
    mkdirSync(at);
    for (const [name, text] of [...files.map((f) => [f, 'x'] as const), ...Object.entries(texts)]) {
      mkdirSync(path.dirname(path.join(at, name)), { recursive: true });
      writeFileSync(path.join(at, name), text);
    }
    return at;
  }

  const names = async (at: string): Promise<string[]> => (await listPictures(at)).pictures.map((p) => p.relative);

  it("have one subfolder per class, in Python's order, files recursively", async () => {
    const at = folder([
      '2/b.png',
      '10/a.JPG',
      'Z/x.webp',
      'a/deep/er/2.gif',
      'a/deep/1.tiff',
      'a/0.avif',
      'a/notes.txt',
      'a/.hidden.png',
      '.git/c.png',
      'empty/readme.md',
    ]);
    const { pictures, classes } = await listPictures(at);
    assert.deepEqual(classes, ['10', '2', 'Z', 'a']);
    assert.deepEqual(
      pictures.map((p) => `${p.className}|${p.relative}`),
      ['10|10/a.JPG', '2|2/b.png', 'Z|Z/x.webp', 'a|a/0.avif', 'a|a/deep/1.tiff', 'a|a/deep/er/2.gif'],
    );
    assert.equal(pictures[0]!.path, path.join(at, '10', 'a.JPG'));
  });

  it('or are flat', async () => {
    const { pictures, classes } = await listPictures(folder(['b.png', 'a.png', 'B.png', 'c.npy']));
    assert.deepEqual([pictures.map((p) => p.relative), classes], [['B.png', 'a.png', 'b.png'], []]);
  });

  it('or are split into train and test', async () => {
    const at = folder(['train/cat/1.png', 'train/dog/2.png', 'test/cat/3.png', 'test/4.png']);
    const { pictures, classes } = await listPictures(at);
    assert.deepEqual(
      pictures.map((p) => [p.split, p.className, p.relative]),
      [
        ['test', undefined, 'test/4.png'],
        ['test', 'cat', 'test/cat/3.png'],
        ['train', 'cat', 'train/cat/1.png'],
        ['train', 'dog', 'train/dog/2.png'],
      ],
    );
    assert.deepEqual(classes, ['cat', 'dog']);
    assert.deepEqual((await listPictures(folder(['test/1.png', 'cat/2.png']))).classes, ['cat', 'test']);
  });

  it('or carry labels in metadata.csv and metadata.jsonl', async () => {
    const csv = folder(['1.png', '2.png', '3.png'], {
      'metadata.csv': 'file_name,label,text\r\n1.png,"big ""old"", cat",x\r\n2.png,dog,"a\nb"\r\n',
    });
    assert.deepEqual(
      (await listPictures(csv)).pictures.map((p) => p.className),
      ['big "old", cat', 'dog', undefined],
    );
    const jsonl = folder(['train/1.png', 'train/2.png'], {
      'train/metadata.jsonl': '{"file_name": "1.png", "label": 3}\nbroken\n{"file_name": "2.png", "class": "dog"}\n',
    });
    assert.deepEqual(
      (await listPictures(jsonl)).pictures.map((p) => p.className),
      ['3', 'dog'],
    );
  });

  it('follow links, but never in a circle', async () => {
    const at = folder(['cat/1.png']);
    symlinkSync(at, path.join(at, 'cat', 'again'));
    symlinkSync(path.join(at, 'nowhere'), path.join(at, 'cat', '2.png'));
    symlinkSync(path.join(at, 'cat', '1.png'), path.join(at, 'cat', '3.png'));
    assert.deepEqual(await names(at), ['cat/1.png', 'cat/3.png']);
  });

  it('that are empty, missing or no folders are refused', async () => {
    await assert.rejects(
      listPictures(folder(['a.txt'])),
      (e) => e instanceof LensError && /no pictures/.test(e.message),
    );
    await assert.rejects(
      listPictures(path.join(root, 'none')),
      (e) => e instanceof LensError && /There is no folder/.test(e.message),
    );
    await assert.rejects(
      listPictures(path.join(folder(['a.png']), 'a.png')),
      (e) => e instanceof LensError && /is no folder/.test(e.message),
    );
  });

  it('are streamed: the first picture comes without reading the other classes, and it can be stopped', async () => {
    const at = folder(Array.from({ length: 300 }, (_, i) => `${String(i % 3)}/${i}.png`));
    const abort = new AbortController();
    const seen: string[] = [];
    await assert.rejects(
      async () => {
        for await (const picture of walkPictures(at, { signal: abort.signal })) {
          seen.push(picture.relative);
          // A class that is emptied while the first one is being walked was not read yet.
          if (seen.length === 1) rmSync(path.join(at, '1'), { recursive: true });
          if (seen.length === 150) abort.abort();
        }
      },
      { name: 'CancelledError' },
    );
    assert.equal(seen.length, 150);
    assert.ok(seen.every((name) => !name.startsWith('1/')));
  });

  it('are sorted by code point, as Python sorts', () => {
    assert.deepEqual(['é', 'z', '😀', '\uFFEE', 'a', 'B', '10', '2', 'ab'].sort(comparePython), [
      '10',
      '2',
      'B',
      'a',
      'ab',
      'z',
      'é',
      '\uFFEE',
      '😀',
    ]);
    const points = (s: string): number[] => [...s].map((c) => c.codePointAt(0)!);
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', 'é', '\uD7FF', '\uE000', '\uFFEE', '😀', '\u{10FFFF}'),
      maxLength: 4,
    });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [x, y] = [points(a), points(b)];
        const at = x.findIndex((p, i) => p !== y[i]);
        const expected = at < 0 ? x.length - y.length : y[at] === undefined ? 1 : x[at]! - y[at];
        assert.equal(Math.sign(comparePython(a, b)), Math.sign(expected));
      }),
    );
  });

  describe('of the test data', () => {
    before(requireData);
    it('are found whole', async () => {
      const { pictures, classes } = await listPictures(dataPath('images', 'cifar10_test_jpg'));
      assert.equal(pictures.length, 300);
      assert.deepEqual(classes, [
        'airplane',
        'automobile',
        'bird',
        'cat',
        'deer',
        'dog',
        'frog',
        'horse',
        'ship',
        'truck',
      ]);
    });
  });
});

describe('the classes of folders', () => {
  const labels = (names: string[], aliases?: string[]): Labels => ({
    names,
    ...(aliases === undefined ? {} : { aliases }),
    origin: { kind: 'file', detail: 'labels.txt' },
  });

  it('are found by name first, whatever the order', () => {
    const mapping = mapClasses(['Dog', 'great_white_shark', 'cat'], labels(['cat', 'dog', 'great white shark']), 3);
    assert.deepEqual(
      mapping.classes.map((c) => [c.folder, c.index, c.by]),
      [
        ['Dog', 1, 'name'],
        ['cat', 0, 'name'],
        ['great_white_shark', 2, 'name'],
      ],
    );
    assert.deepEqual([mapping.indexOf('Dog'), mapping.indexOf('other'), mapping.notes], [1, undefined, []]);
  });

  it('by WordNet id, even a few of many', () => {
    const mapping = mapClasses(
      ['n01443537'],
      labels(['tench', 'goldfish', 'shark'], ['n01440764', 'n01443537', 'n01484850']),
      3,
    );
    assert.deepEqual(mapping.classes, [{ folder: 'n01443537', index: 1, label: 'goldfish', by: 'name' }]);
  });

  it("by ImageFolder's order where no name is known and the numbers agree", () => {
    const mapping = mapClasses(['2', '10', '1'], numberedLabels(3), 3);
    assert.deepEqual(
      mapping.classes.map((c) => [c.folder, c.index]),
      [
        ['1', 0],
        ['10', 1],
        ['2', 2],
      ],
    );
    assert.match(mapping.notes.join(' '), /sorted order: 1 is class 0.*"10" comes before "2"/);
    assert.deepEqual(namedByFolders(numberedLabels(3), mapping).names, ['1', '10', '2']);
    const digits = mapClasses('0123456789'.split(''), numberedLabels(10), 10);
    assert.ok(digits.classes.every((c) => c.index === Number(c.folder)));
    assert.equal(digits.notes.length, 1);
  });

  it('not at all where that would be a guess', () => {
    const few = mapClasses(['x', 'y'], numberedLabels(1000), 1000);
    assert.ok(few.classes.every((c) => c.index === undefined && c.by === 'nothing'));
    assert.match(few.notes[0]!, /None of the 2 folders' names is a label, and there are 1000 classes/);
    const some = mapClasses(['cat', 'other'], labels(['cat', 'dog']), 2);
    assert.deepEqual([some.indexOf('cat'), some.indexOf('other')], [0, undefined]);
    assert.match(some.notes[0]!, /No class is called "other"/);
    const named = labels(['cat', 'dog']);
    assert.equal(namedByFolders(named, some), named);
    assert.deepEqual(mapClasses([], named, 2).notes, []);
  });
});
