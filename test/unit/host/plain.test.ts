import '../support/vscode.js';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { quote, shellOf } from '../../../src/host/explain/commandLine.js';
import { plain, plainRow, plainRows } from '../../../src/host/plain.js';

describe('text from files', () => {
  const visible = (text: string): string => text.replaceAll('\u2060', '');
  // As VS Code reads notifications, and labels.
  const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
  const ICON = /(\\)?\$\(([A-Za-z0-9-]+(?:~[A-Za-z]+)?)\)/;

  for (const text of [
    '[Repair the model](command:workbench.action.terminal.new)',
    '[a](command:x)[b](command:y)',
    '[x](https://example.org "title")',
    '$(error) gone, $(sync~spin)',
  ])
    it(`${text} looks the same and is neither link nor icon`, () => {
      const shown = plain(`The node "${text}" is odd.`);
      assert.equal(visible(shown), `The node "${text}" is odd.`);
      assert.doesNotMatch(shown, LINK);
      assert.doesNotMatch(shown, ICON);
    });

  it('has no controls and nothing that turns or hides letters', () => {
    assert.equal(plain('a\u001b[31mb\u202egnp.exe\u200bc\u0085'), 'a\ufffd[31mb\ufffdgnp.exe\ufffdc\ufffd');
    assert.equal(plain('two\nlines'), 'two\nlines');
    assert.equal(plainRow('two\nlines'), 'two lines');
  });

  it('is cut in its middle where it is long', () => {
    const shown = plain('a'.repeat(1e6) + 'z');
    assert.ok(shown.length < 1300, String(shown.length));
    assert.match(shown, /z$/);
  });

  it('has our icon in a row and none of its own', () => {
    const [row] = plainRows([{ icon: 'sync', label: '$(error) x', description: '$(x)', kept: 1 }]);
    assert.match(row!.label, /^\$\(sync\) /);
    assert.equal(visible(row!.label), '$(sync) $(error) x');
    assert.doesNotMatch(row!.description, ICON);
    assert.equal(row!.kept, 1);
  });

  it('reaches the editor through one file', () => {
    const raw =
      /\bshow(?:Error|Warning|Information)Message\(|\bshowQuickPick[<(]|new vscode\.MarkdownString|\bappendMarkdown\(|\bsetStatusBarMessage\(|new vscode\.CodeLens\(|\bsendText\(|\bisTrusted = true|\bsupportHtml = true/;
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
    const offending = files.filter(
      // The status bar offers our own commands as links, beside texts that are appended as text; CUDA's
      // questions are modal and made plain there.
      (f) =>
        !['plain.ts', 'statusItem.ts', 'provider/cudaCommands.ts'].some(
          (own) => path.normalize(f) === path.join('host', own),
        ) && raw.test(readFileSync(path.join('src', f), 'utf8')),
    );
    assert.deepEqual(offending, []);
  });

  it('is never HTML in a panel', () => {
    const files = readdirSync('webview', { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
    const raw = /\b(?:inner|outer)HTML\b|insertAdjacentHTML|unsafeHTML|unsafeSVG|document\.write/;
    assert.deepEqual(
      files.filter((f) => raw.test(readFileSync(path.join('webview', f), 'utf8'))),
      [],
    );
  });
});

describe('words of a copied command line', () => {
  const words = [
    'plain.onnx',
    'two words',
    "it's",
    '$(touch x)',
    '`id`',
    '%PATH%',
    'a"b',
    'a\\"b',
    'end\\',
    '; rm -rf',
    '&& calc',
    '!x',
    '‘curly’',
    'a\nb\u001b',
  ];

  it('are read back by bash as they were', function () {
    if (spawnSync('bash', ['-c', 'true']).status !== 0) this.skip();
    for (const word of words) {
      const { stdout } = spawnSync('bash', ['-c', `printf %s ${quote(word, 'posix')}`], { encoding: 'utf8' });
      assert.equal(stdout, word);
    }
  });

  it('stay one argument in PowerShell and cmd', () => {
    for (const word of words) {
      for (const shell of ['pwsh', 'powershell'] as const) {
        const line = quote(word, shell);
        if (!line.startsWith("'")) assert.match(line, /^[\w+=:./\\-]+$/);
        // Within single quotes only those are read, doubled.
        else assert.match(line, /^'(?:[^'‘’‚‛\n]|['‘’‚‛]['‘’‚‛])*'$/);
      }
      const line = quote(word, 'cmd');
      if (line.startsWith('^')) assert.match(line, /^(?:\^[()%!^"<>&|]|[^()%!^"<>&|\n])*$/);
      else assert.match(line, /^[\w+:./\\-]+$/);
    }
    assert.equal(quote("it's", 'pwsh'), "'it''s'");
    assert.equal(quote('a "b" c', 'powershell'), `'a \\"b\\" c'`);
    assert.equal(quote('a & b', 'cmd'), '^"a ^& b^"');
  });

  it('are those of the shell that terminals open', () => {
    assert.equal(shellOf('C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe', 'win32'), 'powershell');
    assert.equal(shellOf('C:\\Program Files\\PowerShell\\7\\pwsh.exe', 'win32'), 'pwsh');
    assert.equal(shellOf('C:\\Windows\\System32\\cmd.exe', 'win32'), 'cmd');
    assert.equal(shellOf('/bin/zsh', 'darwin'), 'posix');
    assert.equal(shellOf('C:\\Program Files\\Git\\bin\\bash.exe', 'win32'), 'posix');
    assert.equal(shellOf('', 'win32'), 'powershell');
  });
});
