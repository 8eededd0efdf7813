import assert from 'node:assert/strict';
import { KeptStates } from '../../../src/host/panel/keptStates.js';

/** Stands in for the editor's memory: what is stored went through JSON. */
class Memory {
  readonly stored = new Map<string, string>();
  get<T>(key: string): T | undefined {
    const text = this.stored.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }
  async update(key: string, value: unknown): Promise<void> {
    this.stored.set(key, JSON.stringify(value));
  }
  get size(): number {
    return [...this.stored.values()].reduce((sum, text) => sum + text.length, 0);
  }
}

describe('states of panels, kept by the extension host', () => {
  it('gives back the newer of what it has and what the editor stored', async () => {
    const kept = new KeptStates(new Memory());
    await kept.keep({ panel: 'a', at: 20, state: 'ours' });
    assert.equal(kept.newest({ panel: 'a', at: 10, state: 'the editor’s' }), 'ours');
    assert.equal(kept.newest({ panel: 'a', at: 0, state: null }), 'ours', 'the tab was stored before it had a state');
    assert.equal(kept.newest({ panel: 'a', at: 30, state: 'the editor’s' }), 'the editor’s');
    assert.equal(kept.newest({ panel: 'b', at: 10, state: 'the editor’s' }), 'the editor’s');
    assert.deepEqual(kept.of('a'), { panel: 'a', at: 20, state: 'ours' });
    assert.equal(kept.of('b'), undefined);
  });

  it('keeps one state for each panel, and none that is older', async () => {
    const memory = new Memory();
    const kept = new KeptStates(memory);
    await kept.keep({ panel: 'a', at: 20, state: 1 });
    await kept.keep({ panel: 'a', at: 30, state: 2 });
    await kept.keep({ panel: 'a', at: 25, state: 3 });
    assert.deepEqual(memory.get('keptPanels'), [{ panel: 'a', at: 30, state: 2 }]);
  });

  it('prunes those that have not changed for longest', async () => {
    const memory = new Memory();
    const kept = new KeptStates(memory);
    for (let i = 0; i < 100; i++) await kept.keep({ panel: `panel ${i}`, at: i + 1, state: {} });
    await kept.keep({ panel: 'panel 60', at: 200, state: {} });
    for (let i = 100; i < 139; i++) await kept.keep({ panel: `panel ${i}`, at: 100 + i, state: {} });
    assert.equal(memory.get<unknown[]>('keptPanels')!.length, 40);
    assert.ok(kept.of('panel 60'), 'it was used since');
    assert.equal(kept.of('panel 99'), undefined);
  });

  it('stays small: large states push older ones out, and one that is too large is left to the editor', async () => {
    const memory = new Memory();
    const kept = new KeptStates(memory);
    for (let i = 0; i < 20; i++) await kept.keep({ panel: `panel ${i}`, at: i + 1, state: 'x'.repeat(150_000) });
    assert.ok(memory.size < 520_000, `memory.size: ${memory.size}`);
    assert.ok(kept.of('panel 19'));
    assert.equal(kept.of('panel 0'), undefined);
    await kept.keep({ panel: 'huge', at: 1, state: 'x'.repeat(300_000) });
    assert.equal(kept.of('huge'), undefined);
    assert.ok(kept.of('panel 19'));
  });

  it('takes nothing that is not an entry, from a page or from an older version', async () => {
    const memory = new Memory();
    const kept = new KeptStates(memory);
    for (const wrong of [undefined, null, 'x', {}, { panel: 'a' }, { panel: '', at: 1, state: 1 }])
      await kept.keep(wrong);
    for (const wrong of [
      { panel: 'a', at: Number.NaN, state: 1 },
      { panel: 'a'.repeat(1000), at: 1, state: 1 },
      { panel: 1, at: 1, state: 1 },
    ])
      await kept.keep(wrong);
    assert.equal(memory.size, 0);
    for (const wrong of [undefined, null, 'x', { subject: {} }]) assert.equal(kept.newest(wrong), undefined);
    await memory.update('keptPanels', { a: 1 });
    assert.equal(kept.of('a'), undefined);
    await memory.update('keptPanels', [1, { panel: 'a', at: 1, state: 'good' }]);
    assert.equal(kept.newest({ panel: 'a', at: 0, state: null }), 'good');
  });
});
