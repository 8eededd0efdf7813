// Entry given to the extension host as extensionTestsPath: runs the bundled *.test.js beside it and reports line by line.
import Mocha from 'mocha';
import * as fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { onlyForbidden, skipReason } from '../../../.build/counts.mjs';

export async function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: Mocha.reporters.Base });
  if (onlyForbidden) mocha.forbidOnly();
  if (process.env.LENS_TEST_GREP) mocha.grep(process.env.LENS_TEST_GREP);
  for (const file of fs.readdirSync(__dirname).filter((name) => name.endsWith('.test.js'))) {
    mocha.addFile(path.join(__dirname, file));
  }
  const line = (report: object) => fs.appendFileSync(process.env.LENS_TEST_RESULTS!, `${JSON.stringify(report)}\n`);
  const { node, electron } = process.versions;
  line({ start: true, vscode: vscode.version, node, electron });
  const failures = await new Promise<number>((resolve) => {
    mocha
      .run(resolve)
      .on('pass', (test) => line({ result: 'passed', title: test.fullTitle(), ms: test.duration }))
      .on('pending', (test) => line({ result: 'skipped', title: test.fullTitle(), reason: skipReason(test) }))
      .on('fail', (test, error: Error) =>
        line({ result: 'failed', title: test.fullTitle(), error: error.stack ?? String(error) }),
      );
  });
  line({ end: true });
  if (failures) throw new Error(`${failures} in-host test(s) failed`); // exit code 1
}
