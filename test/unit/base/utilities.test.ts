import assert from 'node:assert/strict';
import { address, filePath, type FilePath } from '../../../src/base/place.js';
import { Disposables } from '../../../src/base/disposable.js';
import { LensError } from '../../../src/base/errors.js';
import { given } from '../../../src/base/given.js';
import { memo, perObject, remembered } from '../../../src/base/memo.js';
import { Newest } from '../../../src/base/newest.js';

describe('what was used last', () => {
  it('stays, and the least recently used goes', () => {
    const kept = new Newest<string, number>(2);
    kept.set('a', 1);
    kept.set('b', 2);
    assert.equal(kept.get('a'), 1);
    kept.set('c', 3);
    assert.deepEqual([...kept.keys()], ['a', 'c']);
    assert.equal(kept.peek('a'), 1);
    kept.set('d', 4);
    assert.deepEqual([...kept.keys()], ['c', 'd'], 'a look that is no use does not save an entry');
  });

  it('is counted in the unit that is asked for, and the newest stays however large', () => {
    const kept = new Newest<string, string>(5, (text) => text.length);
    kept.set('a', 'xx');
    kept.set('b', 'xxx');
    kept.set('a', 'xxx');
    assert.deepEqual([...kept.keys()], ['a'], 'a replaced entry counts once');
    assert.equal(kept.total, 3);
    kept.set('c', 'x'.repeat(9));
    assert.deepEqual([...kept.keys()], ['c']);
    kept.clear();
    assert.equal(kept.total, 0);
  });

  it('is forgotten only where it is still the same', () => {
    const kept = new Newest<string, object>(2);
    const [first, second] = [{}, {}];
    kept.set('a', first);
    kept.set('a', second);
    assert.equal(kept.delete('a', first), false);
    assert.equal(kept.delete('a', second), true);
  });
});

describe('what is remembered', () => {
  it('is made once for each owner and key', () => {
    const of = memo<object, string, { readonly made: number }>();
    let made = 0;
    const make = () => ({ made: ++made });
    const [one, two] = [{}, {}];
    assert.deepEqual(
      [of(one, 'a', make), of(one, 'a', make), of(one, 'b', make), of(two, 'a', make)].map((each) => each.made),
      [1, 1, 2, 3],
    );
  });

  it('is computed once for each object', () => {
    let made = 0;
    const of = perObject((one: { readonly name: string }) => ({ name: one.name, made: ++made }));
    const [a, b] = [{ name: 'a' }, { name: 'b' }];
    assert.deepEqual([of(a), of(b), of(a)], [{ name: 'a', made: 1 }, { name: 'b', made: 2 }, of(a)]);
    assert.equal(made, 2);
  });

  it('is forgotten when it fails', async () => {
    const store = new Map<string, Promise<number>>();
    await assert.rejects(remembered(store, 'a', () => Promise.reject(new Error('not now'))));
    assert.equal(await remembered(store, 'a', () => Promise.resolve(2)), 2);
  });
});

describe('fields that are given', () => {
  it('are those with a value, zero and empty text among them', () => {
    const fields: { a?: number; b: number | undefined; c: string; d: undefined } = { b: 0, c: '', d: undefined };
    assert.deepEqual(given(fields), { b: 0, c: '' });
  });
});

describe('disposables', () => {
  it('go once, the last first, and late comers at once', () => {
    const gone: string[] = [];
    const owned = new Disposables();
    const thing = (name: string) => ({ dispose: () => gone.push(name) });
    owned.add(thing('first'));
    owned.addAll(thing('second'), thing('third'));
    owned.dispose();
    owned.dispose();
    owned.onDispose(() => gone.push('late'));
    assert.deepEqual(gone, ['third', 'second', 'first', 'late']);
    assert.ok(owned.isDisposed);
  });
});

describe('base/place', () => {
  it('holds paths and addresses apart', () => {
    const read = (file: FilePath): string => file;
    const place = address('file:///data/cat.png');
    assert.equal(read(filePath('/data/cat.png')), '/data/cat.png');
    // @ts-expect-error an address is no path
    assert.equal(read(place), 'file:///data/cat.png');
    // @ts-expect-error and is not taken for one
    assert.equal(filePath(place), 'file:///data/cat.png');
    // @ts-expect-error nor is any text, until someone takes it for one
    assert.equal(read('/data/cat.png'), '/data/cat.png');
  });
});

describe('what is said', () => {
  it('is one sentence on one line, however long and whatever is quoted', () => {
    const name = `x\n    at f (g.js:1)\0${'long '.repeat(9000)}`;
    const { message, hint } = new LensError('input', 'a/b', `There is no "${name}".`, { hint: `Name another.\r\n` });
    assert.ok(message.length <= 500, `${message.length} letters`);
    assert.match(message, /^There is no "x at f \(g\.js:1\) long .*….*long "\.$/);
    assert.equal(hint, 'Name another.');
  });
});
