import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeText } from '../../../src/input/files.js';
import { parseLabelText, tableOf } from '../../../src/input/labelText.js';
import { findClass, fitLabels, labelOf, LabelIndex, numberedLabels, type Labels } from '../../../src/input/labels.js';
import { parsePythonLiteral } from '../../../src/input/pythonLiteral.js';

const origin = { kind: 'default', detail: 'test' } as const;

describe('Python literals', () => {
  it('reads what str() and repr() write', () => {
    const cases: [string, unknown][] = [
      [
        "{0: 'tench, Tinca tinca', 1: \"it's\"}",
        new Map<unknown, unknown>([
          [0, 'tench, Tinca tinca'],
          [1, "it's"],
        ]),
      ],
      ["['a', 'b',]", ['a', 'b']],
      ['(1)', 1],
      ['(1,)', [1]],
      ['()', []],
      ['{1, 2}', [1, 2]],
      ['[None, True, False]', [null, true, false]],
      ['-1.5e-3', -0.0015],
      ['0x1F', 31],
      ['1_000', 1000],
      ["'a' 'b'", 'ab'],
      ["'\\x41\\u00e9\\n\\''", "Aé\n'"],
      ["r'\\n'", '\\n'],
      ["'''two\nlines'''", 'two\nlines'],
      ["{'a': (1, [2, {'b': None}])}", new Map([['a', [1, [2, new Map([['b', null]])]]]])],
      ['[1, # one\n 2]', [1, 2]],
    ];
    for (const [text, expected] of cases) assert.deepEqual(parsePythonLiteral(text), expected, text);
  });

  it('refuses everything else without evaluating it', () => {
    for (const text of [
      '',
      '__import__("os")',
      '[1',
      "{'a': 1, 2}",
      "'abc",
      "'a\nb'",
      '1 2',
      'constructor',
      '['.repeat(5000),
      'None None',
      "'\\U00ffffff'",
      '{1:}',
    ]) {
      assert.equal(parsePythonLiteral(text), undefined, text);
    }
  });

  it('reads back nested lists of strings and numbers', () => {
    const python = (value: unknown): string =>
      Array.isArray(value)
        ? `[${value.map(python).join(', ')}]`
        : typeof value === 'string'
          ? `'${value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`
          : String(value);
    const value = fc.letrec((tie) => ({
      v: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.array(tie('v'), { maxLength: 4 })),
    })).v;
    fc.assert(fc.property(value, (v) => assert.deepEqual(parsePythonLiteral(python(v)), v)));
  });
});

describe('label files', () => {
  const names = (text: string): readonly string[] | undefined => parseLabelText(text)?.names;

  it('come in many forms', () => {
    assert.deepEqual(names('cat\ndog\n\n'), ['cat', 'dog']);
    assert.deepEqual(names('\uFEFFcat\r\ndog\r\n'), ['cat', 'dog']);
    assert.deepEqual(names('0: cat\n1: dog'), ['cat', 'dog']);
    assert.deepEqual(names('1,dog\n0,cat'), ['cat', 'dog']);
    assert.deepEqual(names('0 cat\n1 big dog'), ['cat', 'big dog']);
    assert.deepEqual(names('["cat", "dog"]'), ['cat', 'dog']);
    assert.deepEqual(names('{"0": "cat", "2": "dog"}'), ['cat', 'class 1', 'dog']);
    assert.deepEqual(names("{0: 'cat',\n 1: 'dog'}"), ['cat', 'dog']);
    assert.deepEqual(names('{"dog": 1, "cat": 0}'), ['cat', 'dog']);
    assert.deepEqual(parseLabelText('{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}'), {
      names: ['tench', 'goldfish'],
      aliases: ['n01440764', 'n01443537'],
    });
    assert.deepEqual(parseLabelText('n01440764 tench, Tinca tinca\nn01443537 goldfish'), {
      names: ['tench, Tinca tinca', 'goldfish'],
      aliases: ['n01440764', 'n01443537'],
    });
  });

  it('keep numbers that belong to the names', () => {
    assert.deepEqual(names('3 sisters\n2 brothers'), ['3 sisters', '2 brothers']);
    assert.deepEqual(names('0\n1\n2'), ['0', '1', '2']);
    assert.deepEqual(names('7 up'), ['7 up']);
  });

  it('are refused when nothing is in them', () => {
    for (const text of ['', ' \n ', '[]', '{}', '{"a": {"b": 1}}', '[{}]', '\0\0', '{1, broken', '{"99999999": "x"}'])
      assert.equal(parseLabelText(text), undefined, JSON.stringify(text));
  });

  it('of a dict with absurd numbers allocate nothing', () => {
    assert.equal(tableOf(new Map([[1e15, 'x']])), undefined);
    assert.equal(tableOf(new Map([[-1, 'x']])), undefined);
  });
});

describe('small texts', () => {
  const text = 'Zaunkönig\nRotkehlchen\nKernbeißer\n';
  const bytes = (encoding: BufferEncoding, mark: readonly number[] = []): Uint8Array =>
    Buffer.concat([Buffer.from(mark), Buffer.from(text, encoding)]);
  const swapped = (mark: readonly number[] = []): Uint8Array =>
    Buffer.concat([Buffer.from(mark), Buffer.from(text, 'utf16le').swap16()]);

  it('are read in the encodings that people save label files in', () => {
    for (const [name, encoded] of Object.entries({
      'UTF-8': bytes('utf8'),
      'UTF-8 with a mark': bytes('utf8', [0xef, 0xbb, 0xbf]),
      'UTF-16 of Windows': bytes('utf16le', [0xff, 0xfe]),
      'UTF-16 without a mark': bytes('utf16le'),
      'UTF-16, big end first': swapped([0xfe, 0xff]),
      'UTF-16, big end first, without a mark': swapped(),
      'Latin-1': bytes('latin1'),
    }))
      assert.equal(decodeText(encoded), text, name);
    assert.equal(decodeText(new Uint8Array()), '');
    assert.equal(decodeText(Uint8Array.of(0xff)), 'ÿ');
  });
});

describe('labels', () => {
  const labels: Labels = {
    names: ['tench, Tinca tinca', 'goldfish, Carassius auratus', 'crane', 'great white_shark', 'crane'],
    aliases: ['n1', 'n2', 'n3', 'n4', 'n5'],
    origin,
  };

  it('fit by number; 1001 outputs begin with the background', () => {
    const thousand = { names: Array.from({ length: 1000 }, (_, i) => `n${i}`) };
    assert.equal(fitLabels(thousand, 1000), thousand);
    const shifted = fitLabels(thousand, 1001)!;
    assert.deepEqual(
      [shifted.names.length, shifted.names[0], shifted.names[1], shifted.names[1000]],
      [1001, 'background', 'n0', 'n999'],
    );
    assert.equal(fitLabels(thousand, 10), undefined);
    assert.equal(fitLabels(thousand, undefined), thousand);
  });

  it('are numbers where nobody names them', () => {
    assert.equal(labelOf(numberedLabels(1000), 123), 'class 123');
    assert.equal(labelOf({ names: [], origin }, 7), 'class 7');
  });

  it('are found by name, case, synonym and id, never by an ambiguous one', () => {
    const index = new LabelIndex(labels);
    assert.equal(index.find('Goldfish'), 1);
    assert.equal(index.find('tinca_tinca'), 0);
    assert.equal(index.find('Great-White Shark'), 3);
    assert.equal(index.find('n4'), 3);
    assert.equal(index.find('crane'), undefined);
    assert.equal(index.find('whale'), undefined);
  });

  it('are found by the only name that holds the text', () => {
    assert.equal(findClass(labels, 'white'), 3);
    assert.equal(findClass(labels, 'crane'), undefined);
    assert.equal(findClass(labels, '  '), undefined);
    assert.equal(findClass(labels, 'toString'), undefined);
  });
});
