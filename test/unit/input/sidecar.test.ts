import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { LensError } from '../../../src/base/errors.js';
import {
  formatSidecar,
  parseSidecar,
  readModelSidecar,
  readSidecar,
  sidecarOf,
  sidecarPath,
  writeSidecar,
} from '../../../src/input/sidecar.js';
import { fullSidecar as FULL } from './fullSidecar.js';
import { planOf } from './pictures.js';
import { temporaryFolder } from '../support/temporary.js';

function problem(content: unknown): LensError {
  try {
    parseSidecar(typeof content === 'string' ? content : JSON.stringify(content), 'm.lens.json');
  } catch (error) {
    assert.ok(error instanceof LensError, String(error));
    assert.ok(error.message.startsWith('m.lens.json'), error.message);
    assert.equal(error.message.split('\n').length, 1);
    return error;
  }
  assert.fail(`accepted: ${JSON.stringify(content)}`);
}

describe('sidecar', () => {
  it('takes everything, and nothing', () => {
    assert.deepEqual(parseSidecar(JSON.stringify(FULL), 'm'), FULL);
    assert.deepEqual(parseSidecar('{}', 'm'), {});
    assert.deepEqual(parseSidecar('\uFEFF{"labels": "names.txt"}'.slice(1), 'm'), { labels: 'names.txt' });
    assert.deepEqual(parseSidecar('{"labels": {"0": "cat", "7": "dog"}}', 'm'), { labels: { 0: 'cat', 7: 'dog' } });
  });

  it('names the first problem by its path', () => {
    const cases: [unknown, RegExp][] = [
      [{ input: { std: [0.2, 0, 0.2] } }, /"input\.std\.1" must not be 0/],
      [{ input: { layout: 'NCWH' } }, /"input\.layout" must be one of "NCHW", "NHWC"/],
      [{ input: { size: [224] } }, /"input\.size/],
      [{ input: { size: [224, 224, 3] } }, /"input\.size/],
      [{ input: { size: [0, 224] } }, /"input\.size\.0" must be at least 1/],
      [{ input: { size: [1e9, 224] } }, /"input\.size\.0" must be at most 16384/],
      [{ input: { size: 224 } }, /"input\.size" must be \[height, width\]/],
      [{ input: { resize: { size: '256' } } }, /"input\.resize\.size" must be a number of pixels or \[height, width\]/],
      [{ input: { resize: { mode: 'fit' } } }, /"input\.resize\.mode" must be one of "exact"/],
      [{ input: { range: [1, 0] } }, /"input\.range" must be \[low, high\] with low below high/],
      [{ input: { mean: [0.5, 0.5] } }, /"input\.mean" must have one number, or one for each of three channels/],
      [{ input: { mean: 0.5 } }, /"input\.mean" must be a list of numbers/],
      [{ input: { mean: [null, 0, 0] } }, /"input\.mean\.0" must be a number/],
      [{ input: { pad: [0, 0, 300] } }, /"input\.pad\.2" must be between 0 and 255/],
      [{ labels: [1, 2] }, /"labels" must be a list of names/],
      [{ labels: { cat: 'x' } }, /"labels\.cat" is not a class number/],
      [{ input: [] }, /"input" must be an object/],
      [[], /must be an object/],
      ['null', /must be an object/],
      ['{"input": {"mean": [1e999]}}', /"input\.mean\.0" must be finite/],
    ];
    for (const [content, expected] of cases) assert.match(problem(content).message, expected);
  });

  it('lists unknown keys, with the known ones', () => {
    const one = problem({ input: { maen: [0.5] } });
    assert.equal(one.message, 'm.lens.json has an unknown key: input.maen.');
    assert.match(one.hint ?? '', /"mean"/);
    assert.match(
      problem({ colour: 1, input: { resize: { filter: 1 } } }).message,
      /unknown keys: colour, input\.resize\.filter/,
    );
    assert.match(
      problem('{"__proto__": {"polluted": true}, "input": {"__proto__": {}}}').message,
      /unknown keys: __proto__, input\.__proto__/,
    );
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('says where JSON is broken', () => {
    assert.match(
      problem('{\n  "input": {\n    "mean": [0.5,]\n  }\n}').message,
      /^m\.lens\.json is not valid JSON( in line 3)?: Unexpected token '?\]'?\.$/,
    );
    assert.match(problem('').message, /is not valid JSON/);
    // As long as a file may be, in one text.
    for (const text of ['x'.repeat(15e6), '\\n'.repeat(7.5e6)])
      assert.match(problem(`{"labels": ["${text}"], "odd": 1}`).message, /unknown key: odd/);
  });

  it('is not nested deeper than settings are', () => {
    const deep = `{"inputs": {"z": ${'['.repeat(20_000)}${']'.repeat(20_000)}}}`;
    assert.throws(() => parseSidecar(deep, 'a.lens.json'), { code: 'input/json', message: /more than 64 levels/ });
    const quoted = JSON.stringify({ labels: ['['.repeat(500), `"\\${'{'.repeat(500)}`] });
    assert.equal(JSON.stringify(parseSidecar(quoted, 'a.lens.json')), quoted);
  });

  it('never fails in another way, whatever the content', () => {
    const keys = fc.constantFrom(
      'input',
      'labels',
      'output',
      'size',
      'resize',
      'mode',
      'mean',
      'range',
      '0',
      '__proto__',
      'constructor',
    );
    const content = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('NCHW', 'RGB', 'x', '', -1, 0, 1, 224, 1e300, null, true),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(content, (value) => {
        try {
          parseSidecar(JSON.stringify(value), 'm.lens.json');
        } catch (error) {
          assert.ok(error instanceof LensError, String(error));
        }
      }),
      { numRuns: 400 },
    );
  });

  describe('on disk', () => {
    const folder = temporaryFolder();

    it('lies beside its model', async () => {
      const model = path.join(folder, 'net.v1.onnx');
      assert.equal(sidecarPath(model), path.join(folder, 'net.v1.lens.json'));
      assert.equal(await readModelSidecar(model), undefined);
      writeFileSync(`${model}.lens.json`, '{"output": "long name"}');
      assert.deepEqual((await readModelSidecar(model))?.content, { output: 'long name' });
      await writeSidecar(sidecarPath(model), FULL);
      assert.deepEqual(await readModelSidecar(model), { path: sidecarPath(model), content: FULL });
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.endsWith('.tmp')),
        [],
      );
    });

    it('that is there and cannot be read is an error, not a licence to guess', async () => {
      const places: [string, (file: string) => void, RegExp][] = [
        ['folder', (file) => mkdirSync(file), /is a folder/],
        ['dangling', (file) => symlinkSync(path.join(folder, 'nowhere'), file), /link to a file that is not there/],
        ['circle', (file) => symlinkSync(file, file), /leads in a circle/],
        ['pipe', (file) => void execFileSync('mkfifo', [file]), /is no ordinary file/],
        ['large', (file) => truncateSync(writeEmpty(file), 17 << 20), /is 17\.8 MB, more than 16\.8 MB/],
      ];
      for (const [name, make, sentence] of places) {
        const model = path.join(folder, `${name}.onnx`);
        make(sidecarPath(model));
        await assert.rejects(
          readModelSidecar(model),
          (e) => e instanceof LensError && e.code === 'sidecar/unreadable' && sentence.test(e.message),
          name,
        );
      }
    });

    it('is written for people to read', () => {
      const text = formatSidecar(FULL);
      assert.match(text, /"mean": \[104, 117, 123\]/);
      assert.deepEqual(JSON.parse(text), FULL);
    });

    it('says what is missing or cannot be written', async () => {
      await assert.rejects(
        readSidecar(path.join(folder, 'none.json')),
        (e) => e instanceof LensError && e.kind === 'usage' && /no settings file/.test(e.message),
      );
      await assert.rejects(
        writeSidecar(path.join(folder, 'none', 'a.lens.json'), FULL),
        (e) => e instanceof LensError && /cannot be written/.test(e.message),
      );
      await assert.rejects(writeSidecar(path.join(folder, 'bad.lens.json'), { input: { std: [0] } }), LensError);
      assert.ok(!readdirSync(folder).includes('bad.lens.json'));
    });
  });

  it('made of a plan says the plan', () => {
    const plan = planOf({
      size: [32, 48],
      color: 'BGR',
      resize: { mode: 'letterbox', size: [32, 48], interpolation: 'bicubic' },
      mean: [1, 2, 3],
      std: [5, 5, 5],
      range: [0, 255],
      pad: [114, 114, 114],
    });
    const sidecar = sidecarOf(plan, { inputName: 'x', labels: ['a'] });
    assert.deepEqual(parseSidecar(JSON.stringify(sidecar), 'm'), sidecar);
    assert.deepEqual(sidecar.input?.std, [5]);
    assert.deepEqual(sidecar.input?.resize, { mode: 'letterbox', size: [32, 48], interpolation: 'bicubic' });
    assert.deepEqual(sidecar.labels, ['a']);
  });
});

function writeEmpty(file: string): string {
  writeFileSync(file, '');
  return file;
}

describe('media/sidecar.schema.json', () => {
  interface Schema {
    properties?: Record<string, Schema>;
    enum?: string[];
    description?: string;
    default?: unknown;
    additionalProperties?: boolean;
  }
  const schema = JSON.parse(readFileSync('media/sidecar.schema.json', 'utf8')) as Schema;

  it('knows the same keys and words as the reader', () => {
    const walk = (at: Schema, build: (value: unknown) => unknown, place: string): void => {
      for (const [key, entry] of Object.entries(at.properties ?? {})) {
        assert.ok(entry.description, `${place}${key} has no description`);
        const wrap = (value: unknown): unknown => build({ [key]: value });
        for (const word of entry.enum ?? []) parseSidecar(JSON.stringify(wrap(word)), 'm');
        if (entry.enum !== undefined) problem(wrap('another'));
        if (entry.default !== undefined) parseSidecar(JSON.stringify(wrap(entry.default)), 'm');
        if (entry.properties !== undefined) walk(entry, wrap, `${place}${key}.`);
      }
    };
    walk(schema, (value) => value, '');
    const input = schema.properties!['input']!;
    const keysOf = (hint: string | undefined): string[] =>
      [...(hint ?? '').matchAll(/"(\w+)"/g)].map((m) => m[1]!).sort();
    assert.deepEqual(
      Object.keys(schema.properties!)
        .filter((k) => k !== '$schema')
        .sort(),
      keysOf(problem({ x: 1 }).hint),
    );
    assert.deepEqual(Object.keys(input.properties!).sort(), keysOf(problem({ input: { x: 1 } }).hint));
    assert.deepEqual(
      Object.keys(input.properties!['resize']!.properties!).sort(),
      keysOf(problem({ input: { resize: { x: 1 } } }).hint),
    );
  });
});
