import { Uri, window, workspace } from '../support/vscode.js';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type * as vscode from 'vscode';
import { LensError } from '../../../src/base/errors.js';
import { filePath } from '../../../src/base/place.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import type { HostServices } from '../../../src/host/services.js';
import { askForSettings } from '../../../src/host/workspace/findSettings.js';
import type { ModelRequest } from '../../../src/protocol/request.js';
import { RunnerService } from '../../../src/runner/service.js';
import { tinyNet } from '../method/tinyNet.js';
import { call } from '../support/call.js';
import { temporaryFolder } from '../support/temporary.js';

interface Row {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly kind?: number;
}

describe('the command that finds settings, of several models', function () {
  this.timeout(60_000);
  const runner = new RunnerService();
  const folder = temporaryFolder();
  const at = (name: string): string => path.join(folder, name);
  const asked: Row[][] = [];
  const choose = (pick: (rows: readonly Row[]) => Row | undefined): void => {
    window['showOpenDialog'] = async () => [Uri.file(path.resolve('models/birds/pictures'))];
    window['showQuickPick'] = async (rows) => {
      asked.push(rows as Row[]);
      return pick(rows as Row[]);
    };
  };
  const { operations } = runner;
  const services = {
    runner: async () => ({
      findSettings: (request: Parameters<typeof operations.findSettings>[0]) =>
        operations.findSettings(request, call()),
      sidecarText: (request: Parameters<typeof operations.sidecarText>[0]) => operations.sidecarText(request, call()),
    }),
    status: {
      work: (_: string, run: (s: AbortSignal, p: () => void) => unknown) =>
        run(new AbortController().signal, () => undefined),
    },
    request: (model: Uri): ModelRequest => ({ model: filePath(model.fsPath) }),
  } as unknown as HostServices;
  const ask = (...names: readonly string[]): Promise<void> =>
    askForSettings(services, names.map((name) => Uri.file(at(name))) as unknown as readonly vscode.Uri[]);

  before(async () => {
    for (const name of ['a.onnx', 'b.onnx']) await writeModelFile(tinyNet(), at(name));
    writeFileSync(at('broken.onnx'), 'no model');
  });
  after(() => runner.dispose());
  beforeEach(() => void (asked.length = 0));

  it('groups what is said of each part by model, and one that fails stops no other', async () => {
    choose(() => undefined);
    await ask('a.onnx', 'broken.onnx', 'b.onnx');
    const [rows] = asked;
    assert.ok(rows !== undefined, 'the table is shown');
    const groups = rows.filter((row) => row.kind === -1).map((row) => path.basename(row.label));
    assert.deepEqual(groups, ['a.onnx', 'broken.onnx', 'b.onnx']);
    for (const part of ['scale', 'centring', 'order', 'resize', 'crop', 'filter'])
      assert.equal(rows.filter((row) => row.label.includes(`${part}: `)).length, 2, part);
    const failed = rows.filter((row) => row.label.endsWith('failed'));
    assert.equal(failed.length, 1);
    assert.match(failed[0]!.detail!, /not a readable ONNX model/);
    assert.equal(existsSync(at('a.lens.json')), false, 'nothing is written unasked');
  });

  it('writes those of all models by one row, and of one by its own', async () => {
    const written: string[] = [];
    workspace.fs['writeFile'] = async (file: Uri, bytes: Uint8Array) => {
      written.push(path.basename(file.path));
      writeFileSync(file.path, bytes);
    };
    choose((rows) => rows.findLast((row) => row.label.endsWith('Use these settings')));
    await ask('a.onnx', 'b.onnx');
    assert.deepEqual(written.splice(0), ['b.lens.json']);
    choose((rows) => rows[0]);
    await ask('a.onnx', 'broken.onnx', 'b.onnx');
    assert.deepEqual(written, ['a.lens.json', 'b.lens.json']);
    const { input } = JSON.parse(readFileSync(at('a.lens.json'), 'utf8')) as { input: { evidence: { range: string } } };
    assert.match(input.evidence.range, /^found from \d+ of your pictures/);
  });

  it('says what is wrong where there is only one model', async () => {
    choose(() => undefined);
    await assert.rejects(ask('broken.onnx'), (error: unknown) => error instanceof LensError);
    assert.equal(asked.length, 0);
  });
});
