import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { Uri } from '../support/vscode.js';
import { CancelledError, LensError } from '../../../src/base/errors.js';
import { address } from '../../../src/base/place.js';
import { fileAt, keptFile, named, nameOf } from '../../../src/host/names.js';
import { logged, Panel } from '../../../src/host/panel/panel.js';
import { onDisk, passed } from '../../../src/host/panel/passed.js';
import type { HostServices } from '../../../src/host/services.js';

const uri = (text: string): vscode.Uri => Uri.parse(text) as unknown as vscode.Uri;

describe('names of files', () => {
  it('are the last part of the path, their address with them', () => {
    assert.equal(nameOf({ path: '/models/net.onnx' }), 'net.onnx');
    assert.equal(nameOf({ path: 'net.onnx' }), 'net.onnx');
    assert.deepEqual(named(uri('file:///a/cat.png')), { uri: 'file:///a/cat.png', name: 'cat.png' });
  });

  it('are read with care from what a page has kept', () => {
    assert.equal(keptFile({ uri: 'file:///a/cat.png', name: 'cat.png' })?.path, '/a/cat.png');
    for (const odd of [undefined, null, 'file:///a', {}, { uri: 7 }, { uri: '/a/cat.png' }])
      assert.equal(keptFile(odd), undefined, JSON.stringify(odd));
  });

  it('lead back to the file, or to a sentence where it is on no disk', () => {
    assert.equal(fileAt(address('file:///a/cat.png')).fsPath, '/a/cat.png');
    assert.throws(() => fileAt(address('untitled:///cat.png')), {
      code: 'explain/scheme',
      message: /^cat\.png is not/,
    });
  });
});

describe('what a page is refused', () => {
  it('stands in the log with all that the runtime said; a cancellation does not', async () => {
    const lines: string[] = [];
    const cause = new Error('[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : a very long story');
    const handlers = logged(
      {
        fails: () => Promise.reject(new LensError('runtime', 'session/run', 'Node "a" cannot run.', { cause })),
        stops: () => Promise.reject(new CancelledError()),
      },
      { error: (text) => void lines.push(String(text)) },
      'explain',
    );
    await assert.rejects(handlers.fails(), { code: 'session/run' });
    await assert.rejects(handlers.stops());
    assert.equal(lines.length, 2);
    assert.match(lines[0]!, /"explain" \(fails\): session\/run: Node "a" cannot run/);
    assert.match(lines[1]!, /a very long story/);
  });
});

describe('operations that are handed on', () => {
  interface Asked {
    readonly name: string;
    readonly request: unknown;
  }

  const hosting = (asked: Asked[]) =>
    ({
      request: (model: vscode.Uri) => ({ model: model.fsPath, provider: 'cpu' }),
      status: {
        work: async (_title: string, run: (signal: AbortSignal, report: () => void) => unknown, signal: AbortSignal) =>
          run(signal, () => undefined),
      },
      runner: async () =>
        new Proxy(
          {},
          {
            get: (_target, name) =>
              name === 'then'
                ? undefined
                : async (request: unknown, { onProgress }: { onProgress: (report: object) => void }) => {
                    asked.push({ name: String(name), request });
                    onProgress({ message: 'half', fraction: 0.5 });
                    return `answer of ${String(name)}`;
                  },
          },
        ),
    }) as unknown as HostServices;

  it('get the model and what the settings say, and paths for addresses', async () => {
    const asked: Asked[] = [];
    const model = uri('file:///net.onnx');
    const handlers = passed(hosting(asked), model, ['measure', 'topPictures', 'graphActivations']);
    assert.deepEqual(Object.keys(handlers), ['measure', 'topPictures', 'graphActivations']);
    const reports: unknown[] = [];
    const call = { signal: new AbortController().signal, progress: (report: unknown) => reports.push(report) };
    const folder = address('file:///pictures');
    const answer: unknown = await handlers.topPictures({ inputs: [folder], layer: 'stem', channel: 2 }, call);
    assert.equal(answer, 'answer of topPictures');
    assert.deepEqual(reports, [{ message: 'half', fraction: 0.5 }]);
    await handlers.graphActivations({ input: address('file:///cat.png') }, call);
    assert.deepEqual(asked, [
      {
        name: 'topPictures',
        request: { model: '/net.onnx', provider: 'cpu', inputs: ['/pictures'], layer: 'stem', channel: 2 },
      },
      { name: 'graphActivations', request: { model: '/net.onnx', provider: 'cpu', input: '/cat.png' } },
    ]);
  });

  it('are read in the way of the panel, which may wait for a file', async () => {
    const asked: Asked[] = [];
    let waited = 0;
    const handlers = passed(hosting(asked), uri('file:///net.onnx'), ['weights'], async (read) => {
      waited++;
      return read();
    });
    const call = { signal: new AbortController().signal, progress: () => undefined };
    await handlers.weights({ layer: 'stem' }, call);
    assert.equal(waited, 1);
    assert.equal(asked.length, 1);
  });

  it('leave a request without files as it is, and refuse a file that is on no disk', () => {
    assert.deepEqual(onDisk({ layer: 'stem' }), { layer: 'stem' });
    assert.throws(() => onDisk({ input: address('git:///cat.png') }), { code: 'explain/scheme' });
  });
});

describe('a panel', () => {
  const open = () => {
    const logged: string[] = [];
    let close = (): void => undefined;
    const panel = { onDidDispose: (listener: () => void) => (close = listener) } as unknown as vscode.WebviewPanel;
    const services = { log: { error: (text: string) => logged.push(text) } } as unknown as HostServices;
    class Shown extends Panel {
      say(said: Promise<unknown>): void {
        this.tell(said);
      }
      own(end: () => void): void {
        this.disposables.onDispose(end);
      }
    }
    return { shown: new Shown(panel, services), logged, close: () => close() };
  };

  it('takes a page that is gone for no error, and writes down every other', async () => {
    const { shown, logged } = open();
    shown.say(Promise.reject(new LensError('runtime', 'channel/closed', 'The other side has gone away.')));
    shown.say(Promise.reject(new CancelledError()));
    shown.say(Promise.reject(new Error('a bug of the page')));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(logged.length, 1);
    assert.match(logged[0]!, /a bug of the page/);
  });

  it('ends with its tab what it owns, and at once what comes later', () => {
    const { shown, close } = open();
    const ended: string[] = [];
    shown.own(() => ended.push('first'));
    shown.own(() => ended.push('second'));
    close();
    assert.deepEqual(ended, ['second', 'first']);
    shown.own(() => ended.push('late'));
    assert.equal(ended.at(-1), 'late');
  });
});
