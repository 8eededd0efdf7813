import '../support/vscode.js';
import assert from 'node:assert/strict';
import { LensError } from '../../../src/base/errors.js';
import { filePath, type FilePath } from '../../../src/base/place.js';
import { OUTSIDE, type Reach } from '../../../src/base/reach.js';
import { FilesOutside, LEAVE, READ } from '../../../src/host/workspace/outside.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { RunnerApi } from '../../../src/protocol/runner.js';

const SECRET = filePath('/elsewhere/labels.txt');

/** A workspace with a person who gives one answer to every question, and a runner that does as it is told. */
class Workspace {
  readonly questions: string[] = [];
  readonly stored = new Map<string, unknown>();
  trusted = true;
  readonly outside = new FilesOutside({
    memory: {
      get: <T>(key: string) => this.stored.get(key) as T,
      update: (key: string, value: unknown) => (this.stored.set(key, value), Promise.resolve()),
    },
    roots: () => ['/work'] as readonly string[] as readonly FilePath[],
    trusted: () => this.trusted,
    ask: async (text, detail) => {
      this.questions.push(`${text} ${detail}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return this.answer;
    },
  });
  readonly client = this.outside.over({
    predict: (request: { reach: Reach }) => this.run(request),
    outline: (request: { reach: Reach }) => this.run(request),
    status: (request: unknown) => Promise.resolve(JSON.stringify(request)),
  } as unknown as Client<RunnerApi>) as unknown as Record<string, (request: object) => Promise<string>>;

  constructor(readonly answer: string | undefined) {}

  private run({ reach }: { reach: Reach }): Promise<string> {
    assert.deepEqual(reach.roots, ['/work']);
    if (reach.allowed.includes(SECRET)) return Promise.resolve('read');
    if (!reach.trusted || reach.left.includes(SECRET)) return Promise.resolve('left');
    return Promise.reject(new LensError('usage', OUTSIDE, 'It lies outside.', { files: [SECRET] }));
  }
}

const request = { model: '/work/net.onnx' };

describe('a file outside the workspace', () => {
  for (const [answer, outcome] of [
    [READ, 'read'],
    [LEAVE, 'left'],
  ] as const)
    it(`is asked about once, and "${answer}" is remembered`, async () => {
      const workspace = new Workspace(answer);
      const both = [workspace.client['predict']!(request), workspace.client['predict']!(request)];
      assert.deepEqual(await Promise.all(both), [outcome, outcome]);
      assert.equal(await workspace.client['predict']!(request), outcome);
      assert.equal(workspace.questions.length, 1);
      assert.match(workspace.questions[0]!, /net\.onnx.*\/elsewhere\/labels\.txt/);
      const later = new Workspace(undefined);
      for (const [key, value] of workspace.stored) later.stored.set(key, value);
      assert.equal(await later.client['outline']!(request), outcome);
      assert.deepEqual(later.questions, []);
    });

  it('is left alone until the window closes where the question is dismissed', async () => {
    const workspace = new Workspace(undefined);
    assert.equal(await workspace.client['predict']!(request), 'left');
    assert.equal(await workspace.client['predict']!(request), 'left');
    assert.deepEqual([workspace.questions.length, workspace.stored.size], [1, 0]);
  });

  it('is asked about again once the answers are taken back', async () => {
    const workspace = new Workspace(READ);
    await workspace.client['predict']!(request);
    await workspace.outside.forget();
    await workspace.client['predict']!(request);
    assert.equal(workspace.questions.length, 2);
  });

  it('is never asked about by lists, nor in a workspace that is not trusted, whatever was said before', async () => {
    const workspace = new Workspace(READ);
    await assert.rejects(workspace.client['outline']!(request), LensError);
    assert.equal(await workspace.client['predict']!(request), 'read');
    workspace.trusted = false;
    assert.equal(await workspace.client['predict']!(request), 'left');
    assert.equal(workspace.questions.length, 1);
  });

  it('has no part in a request that is about no model', async () =>
    assert.equal(await new Workspace(READ).client['status']!({}), '{}'));

  it('cannot be allowed by whoever asks', async () => {
    const workspace = new Workspace(LEAVE);
    const reach = { roots: ['/'], allowed: [SECRET], left: [], trusted: true };
    assert.equal(await workspace.client['predict']!({ ...request, reach }), 'left');
  });
});
