import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';

const extension = () => vscode.extensions.getExtension('onnx-lens.onnx-lens')!;

describe('the packaged extension', () => {
  it('is the installed one and activates', async () => {
    assert.ok(extension().extensionPath.startsWith(process.env.LENS_TEST_EXTENSIONS!), extension().extensionPath);
    await extension().activate();
  });

  it('holds every file that its manifest names', () => {
    const named = JSON.stringify(extension().packageJSON).match(/(?<=")(\.\/)?(media|dist|models)\/[^"]+/g) ?? [];
    assert.ok(named.length > 0, `named.length: ${named.length}`);
    assert.deepEqual(
      named.filter((file) => !fs.existsSync(path.join(extension().extensionPath, file))),
      [],
    );
  });
});
