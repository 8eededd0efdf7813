import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LensError } from '../../../src/base/errors.js';
import { filePath } from '../../../src/base/place.js';
import { OUTSIDE, whyNoPlace, type Reach } from '../../../src/base/reach.js';
import { Consulted } from '../../../src/input/files.js';
import { FileReach } from '../../../src/input/reach.js';
import { temporaryFolder } from '../support/temporary.js';

describe('paths that stand in files', () => {
  for (const said of [
    '',
    ' ',
    'a\0b',
    '\\\\server\\share\\names.txt',
    '//server/share/names.txt',
    '\\\\?\\C:\\names.txt',
    '\\\\.\\pipe\\x',
    '/\\server\\x',
    'file:///etc/passwd',
    'https://example.org/labels.txt',
    'C:labels.txt',
    'c:',
    'NUL',
    'sub/con.txt',
    'lpt1',
    'COM¹.txt',
    'labels.txt:stream',
    'C:\\labels.txt:stream:$DATA',
  ])
    it(`${JSON.stringify(said)} is none that is read`, () => assert.notEqual(whyNoPlace(said), undefined));

  for (const said of [
    'labels.txt',
    '../labels.txt',
    'a/b.c/d',
    '/data/2024-01-01T10:00/x.txt',
    'C:\\data\\x.txt',
    'console.txt',
    'nullable/aux_1.txt',
  ])
    it(`${JSON.stringify(said)} is one`, () => assert.equal(whyNoPlace(said), undefined));
});

describe('files that are read because of a model', () => {
  const folder = temporaryFolder();
  const at = (...parts: string[]): string => path.join(folder, ...parts);
  mkdirSync(at('work', 'deep'), { recursive: true });
  mkdirSync(at('work-other'));
  const model = at('work', 'deep', 'net.onnx');
  for (const file of [model, at('work', 'labels.txt'), at('secret.txt'), at('labels.txt'), at('work-other', 'x.txt')])
    writeFileSync(file, 'cat\ndog\n');
  symlinkSync(at('secret.txt'), at('work', 'innocent.txt'));
  symlinkSync(folder, at('work', 'up'));
  symlinkSync('//server/share/names.txt', at('work', 'far.txt'));
  symlinkSync(at('work', 'round.txt'), at('work', 'round.txt'));
  const reach = (more: Partial<Reach> = {}): Reach => ({
    roots: [filePath(at('work'))],
    allowed: [],
    left: [],
    trusted: true,
    ...more,
  });
  const secret = filePath(at('secret.txt'));
  const read = (file: string, how: Reach | undefined, named = true): Promise<unknown> =>
    new Consulted(new FileReach(model, how)).read(file, named);
  const asks = (file: string, about: string): Promise<void> =>
    assert.rejects(
      read(file, reach()),
      (e: unknown) => e instanceof LensError && e.code === OUTSIDE && e.files?.join() === about,
    );

  it('are free within the workspace, by whatever way back into it', async () => {
    const text = { text: 'cat\ndog\n' };
    assert.deepEqual(await read(at('work', 'deep', '..', 'labels.txt'), reach()), text);
    assert.deepEqual(await read(at('work', 'up', 'work', 'labels.txt'), reach()), text);
    assert.deepEqual(await read(at('work', 'none.txt'), reach()), { absent: true });
  });

  it('wait for permission outside of it, wherever their names lie', async () => {
    await asks(at('work', '..', 'secret.txt'), secret);
    await asks(at('work', 'innocent.txt'), secret);
    await asks(at('work', 'up', 'secret.txt'), secret);
    // A folder whose name begins as the workspace's does.
    await asks(at('work-other', 'x.txt'), at('work-other', 'x.txt'));
  });

  it('are read once that is given, and are left alone and named where it is not', async () => {
    assert.deepEqual(await read(secret, reach({ allowed: [secret] })), { text: 'cat\ndog\n' });
    for (const how of [reach({ left: [secret] }), reach({ trusted: false })]) {
      const consulted = new Consulted(new FileReach(model, how));
      assert.deepEqual(await consulted.read(at('work', 'innocent.txt'), true), { kept: true });
      assert.deepEqual(consulted.files, []);
      assert.match(consulted.notes.join(), /"innocent\.txt" lies outside the workspace/);
    }
  });

  it('are not looked for above the workspace, and beside a model that lies in none they are', async () => {
    assert.deepEqual(await read(at('labels.txt'), reach(), false), { unreadable: 'lies outside the workspace' });
    const elsewhere = reach({ roots: [filePath(at('work-other'))] });
    assert.deepEqual(await read(at('work', 'labels.txt'), elsewhere, false), { text: 'cat\ndog\n' });
    // What is only looked for is no way out either.
    await assert.rejects(read(at('work', 'innocent.txt'), reach(), false), LensError);
  });

  it('are free beside a model behind a folder that leads out of the workspace, and above it', async () => {
    mkdirSync(at('store', 'models', 'more'), { recursive: true });
    mkdirSync(at('store', 'labels'));
    symlinkSync(at('store'), at('work', 'linked'));
    for (const file of [
      ['models', 'net.onnx'],
      ['models', 'labels.txt'],
      ['models', 'more', 'x.txt'],
      ['labels', 'names.txt'],
    ])
      writeFileSync(at('store', ...file), 'cat\ndog\n');
    symlinkSync(at('secret.txt'), at('store', 'labels', 'innocent.txt'));
    for (const roots of [[filePath(at('work'))], [filePath(at('work-other'))]]) {
      const behind = at('work', 'linked', 'models');
      const readIt = (file: string, named: boolean): Promise<unknown> =>
        new Consulted(new FileReach(path.join(behind, 'net.onnx'), reach({ roots }))).read(file, named);
      const text = { text: 'cat\ndog\n' };
      assert.deepEqual(await readIt(path.join(behind, 'labels.txt'), false), text);
      assert.deepEqual(await readIt(path.join(behind, 'more', 'x.txt'), true), text);
      assert.deepEqual(await readIt(path.join(behind, '..', 'labels', 'names.txt'), false), text);
      // What a file names there, or a link leads to, is another matter.
      for (const [file, named, about] of [
        [path.join(behind, '..', 'labels', 'names.txt'), true, at('store', 'labels', 'names.txt')],
        [path.join(behind, '..', 'labels', 'innocent.txt'), false, secret],
      ] as const)
        await assert.rejects(readIt(file, named), (e: unknown) => e instanceof LensError && e.files?.join() === about);
    }
    // The workspace may be opened by one way and the model by another.
    const inside = new Consulted(
      new FileReach(at('work', 'linked', 'models', 'net.onnx'), reach({ roots: [filePath(at('store'))] })),
    );
    assert.deepEqual(await inside.read(at('work', 'linked', 'models', 'labels.txt')), { text: 'cat\ndog\n' });
  });

  it('are followed as the system follows them, behind links that go on upwards', async () => {
    mkdirSync(at('elsewhere', 'below'), { recursive: true });
    writeFileSync(at('elsewhere', 'own.txt'), 'cat\ndog\n');
    symlinkSync(at('elsewhere', 'below'), at('work', 'sub'));
    symlinkSync('sub/../own.txt', at('work', 'upwards.txt'));
    await asks(at('work', 'upwards.txt'), at('elsewhere', 'own.txt'));
    const none = new Consulted(new FileReach(model, reach({ trusted: false })));
    assert.deepEqual(await none.read(at('work', 'upwards.txt'), true), { kept: true });
    symlinkSync(at('work', 'none.txt'), at('work', 'dangling.txt'));
    assert.deepEqual(await read(at('work', 'dangling.txt'), reach()), {
      unreadable: 'is a link to a file that is not there',
    });
  });

  it('end where a link leads through itself', async () => {
    symlinkSync('itself/inner', at('work', 'itself'));
    const found = read(at('work', 'itself', 'labels.txt'), reach());
    const late = new Promise((resolve) => setTimeout(resolve, 2000, 'nothing'));
    assert.deepEqual(await Promise.race([found, late]), { unreadable: 'is a link that leads in a circle' });
  });

  it('are never looked for on another machine, and links in a circle end', async () => {
    for (const how of [reach(), undefined])
      assert.deepEqual(await read(at('work', 'far.txt'), how), { unreadable: 'is a link to another machine' });
    assert.ok('unreadable' in ((await read(at('work', 'round.txt'), reach())) as object));
  });

  it('are read and said on the command line, where nobody is asked', async () => {
    const consulted = new Consulted(new FileReach(at('work', 'net.onnx')));
    assert.deepEqual(await consulted.read(secret, true), { text: 'cat\ndog\n' });
    assert.match(consulted.notes.join(), /outside the folder of the model: .*secret\.txt was read/);
    assert.deepEqual(await consulted.read(at('work', 'labels.txt'), true), { text: 'cat\ndog\n' });
    assert.equal(consulted.notes.length, 1);
  });
});
