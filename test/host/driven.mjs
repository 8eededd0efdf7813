// The workbench driven as a user drives it: every test/e2e/*.mjs in a fresh server and page, on the installed .vsix.
import fs from 'node:fs';
import path from 'node:path';
import { createDemo, dataFolder } from '../../.build/demo.mjs';
import { newPage, startServer } from './host.mjs';

const folder = 'test/e2e';
const helpers = ['ui.mjs', 'look.mjs'];

class Skip extends Error {}

/** What a spec gets beside the page and the server. */
const tools = {
  /** Leaves the test, and says why. */
  skip(reason) {
    throw new Skip(reason);
  },
  /** A file of the test data, by its path in there; the test is skipped where the data is absent. */
  data(file) {
    const data = dataFolder();
    return data ? path.join(data, file) : tools.skip('the test data is not on this machine');
  },
};

/** Runs one spec file; its tests build on each other, so the rest is not run after a failure. */
async function runSpec(name, context) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const spec = await import(path.resolve(folder, name));
  const { browser, root, extensions, failures } = context;
  const srv = await startServer({ root, extensions, ...spec.options });
  createDemo(srv.ws);
  const page = await newPage(browser, spec.options?.viewport);
  console.log(`  ${name}`);
  try {
    let broken = false;
    for (const [title, test] of await spec.tests(page, srv, tools)) {
      const start = Date.now();
      try {
        if (broken) tools.skip('not run: an earlier step failed');
        await test();
        counts.passed++;
        console.log(`    ok ${title} (${Date.now() - start} ms)`);
      } catch (error) {
        if (error instanceof Skip) {
          counts.skipped++;
          console.log(`    skipped ${title}: ${error.message}`);
          continue;
        }
        broken = true;
        counts.failed++;
        const picture = path.join(failures, `${name}-${title}`.replace(/\W+/g, '-') + '.png');
        await page.screenshot({ path: picture }).catch(() => {});
        console.log(`    FAILED ${title} (${path.relative('.', picture)})\n`, error);
      }
    }
  } finally {
    await page.context().close();
    await srv.stop();
  }
  return counts;
}

/** A spec that could not run counts as one failure. */
const attempt = (name, context) =>
  runSpec(name, context).catch((error) => {
    console.log(`    FAILED ${name}\n`, error);
    return { passed: 0, failed: 1, skipped: 0 };
  });

export async function runDriven({ part = '', ...context }) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const names = fs.readdirSync(folder).filter((file) => file.endsWith('.mjs') && !helpers.includes(file));
  for (const name of names.filter((each) => each.includes(part))) {
    let found = await attempt(name, context);
    if (found.failed) {
      // Editor, server and browser share the machine with whatever else runs on it: a failure counts when it repeats,
      // in a fresh server and page.
      console.log(`  ${name} once more`);
      found = await attempt(name, context);
    }
    for (const key of Object.keys(counts)) counts[key] += found[key];
  }
  return counts;
}
