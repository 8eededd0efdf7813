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

  it('registers every command that it declares', async () => {
    const declared = extension().packageJSON.contributes.commands.map((each: { command: string }) => each.command);
    const registered = new Set(await vscode.commands.getCommands());
    assert.deepEqual(
      declared.filter((id: string) => !registered.has(id)),
      [],
    );
  });

  it('loads nothing native into the extension host', () => {
    const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
    assert.ok(sharedObjects.length > 0);
    assert.deepEqual(
      sharedObjects.filter((file) => /onnxruntime|sharp|libvips/.test(file)),
      [],
    );
  });

  it('holds every file that its manifest names', () => {
    const named = JSON.stringify(extension().packageJSON).match(/(?<=")(\.\/)?(media|dist|models)\/[^"]+/g) ?? [];
    assert.ok(named.length > 0);
    assert.deepEqual(
      named.filter((file) => !fs.existsSync(path.join(extension().extensionPath, file))),
      [],
    );
  });
});
