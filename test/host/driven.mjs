// The workbench driven as a user drives it: every test/e2e/*.e2e.mjs in a fresh server and page, on the installed .vsix.
import fs from 'node:fs';
import path from 'node:path';
import { addCounts, countSkipped, noCounts } from '../../.build/counts.mjs';
import { createDemo } from '../../.build/demo.mjs';
import { DATA, dataMissing } from '../data.mjs';
import { newPage, startServer } from './host.mjs';

const folder = 'test/e2e';

class Skip extends Error {}

/** What a spec gets beside the page and the server. */
const tools = {
  /** Leaves the test, and says why. */
  skip(reason) {
    throw new Skip(reason);
  },
  /** A file of the test data, by its path in there; the test is skipped where the data is absent. */
  data(file) {
    return dataMissing ? tools.skip(dataMissing) : path.join(DATA, file);
  },
};

/** Runs one spec file and answers its counts, with the titles of what failed; its tests build on each other, so the rest is not run after a failure. */
async function runSpec(name, context) {
  const counts = { ...noCounts(), broken: [] };
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
          countSkipped(counts, error.message);
          console.log(`    skipped ${title}: ${error.message}`);
          continue;
        }
        broken = true;
        counts.failed++;
        counts.broken.push(`${name}: ${title}`);
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
    return { ...noCounts(), failed: 1, broken: [`${name} as a whole`] };
  });

export async function runDriven({ part = '', ...context }) {
  const counts = noCounts();
  const names = fs.readdirSync(folder).filter((file) => file.endsWith('.e2e.mjs'));
  for (const name of names.filter((each) => each.includes(part))) {
    let found = await attempt(name, context);
    if (found.failed) {
      // Editor, server and browser share the machine with whatever else runs on it: a failure counts when it repeats,
      // in a fresh server and page. One that does not is flaky, and named at the end.
      console.log(`  ${name} once more`);
      const { broken } = found;
      found = await attempt(name, context);
      if (!found.failed) found.flaky.push(...broken);
    }
    addCounts(counts, found);
  }
  return counts;
}
