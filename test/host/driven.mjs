// The workbench driven as a user drives it: every test/e2e/*.e2e.mjs in a fresh server and page, on the installed .vsix.
import fs from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import { addCounts, countSkipped, noCounts } from '../../.build/counts.mjs';
import { createDemo } from '../../.build/demo.mjs';
import { DATA, dataMissing } from '../data.mjs';
import { newPage, startBrowser, startServer } from './host.mjs';

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

/** No step of a spec takes so long; one that hangs must not hold up the others. */
const LONGEST_MS = 480_000;

/** What a promise settles to, or an error where that takes too long. */
function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing has come of it in ${ms / 1000} s.`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Runs one spec file and answers its counts, with the titles of what failed; its tests build on each other, so the rest is not run after a failure. */
async function runSpec(name, { say, ...context }) {
  const counts = { ...noCounts(), broken: [] };
  const spec = await import(path.resolve(folder, name));
  const { browser, root, extensions, failures } = context;
  const srv = await startServer({ root, extensions, ...spec.options });
  createDemo(srv.ws);
  const page = await newPage(browser, spec.options?.viewport);
  say(`  ${name}`);
  try {
    let broken = false;
    for (const [title, test] of await spec.tests(page, srv, tools)) {
      const start = Date.now();
      try {
        if (broken) tools.skip('not run: an earlier step failed');
        await within(LONGEST_MS, test());
        counts.passed++;
        say(`    ok ${title} (${Date.now() - start} ms)`);
      } catch (error) {
        if (error instanceof Skip) {
          countSkipped(counts, error.message);
          say(`    skipped ${title}: ${error.message}`);
          continue;
        }
        broken = true;
        counts.failed++;
        counts.broken.push(`${name}: ${title}`);
        const picture = path.join(failures, `${name}-${title}`.replace(/\W+/g, '-') + '.png');
        await page.screenshot({ path: picture }).catch(() => {});
        say(`    FAILED ${title} (${path.relative('.', picture)})\n`, error);
      }
    }
  } finally {
    await within(10_000, page.context().close()).catch(() => {});
    await srv.stop();
  }
  return counts;
}

/** A spec that could not run counts as one failure. */
const attempt = (name, context) =>
  runSpec(name, context).catch((error) => {
    context.say(`    FAILED ${name}\n`, error);
    return { ...noCounts(), failed: 1, broken: [`${name} as a whole`] };
  });

/** Runs the specs, some at a time, each of these in a browser of its own: a clipboard belongs to a browser. */
export async function runDriven({ part = '', browser, ...context }) {
  const counts = noCounts();
  const names = fs.readdirSync(folder).filter((file) => file.endsWith('.e2e.mjs') && file.includes(part));
  // The longest first, as far as their length tells.
  const queue = names.sort((a, b) => fs.statSync(path.join(folder, b)).size - fs.statSync(path.join(folder, a)).size);
  const failed = new Map();
  const lane = async (own) => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const lines = [];
      const say = (...text) => lines.push(format(...text));
      const found = await attempt(name, { ...context, browser: own, say });
      console.log(lines.join('\n'));
      if (found.failed) failed.set(name, found);
      else addCounts(counts, found);
    }
  };
  const second = names.length > 1 ? await startBrowser() : undefined;
  try {
    await Promise.all([lane(browser), ...(second ? [lane(second)] : [])]);
  } finally {
    await second?.close();
  }
  for (const [name, { broken }] of failed) {
    // Editor, server and browser share the machine with whatever else runs on it: a failure counts when it repeats, alone and
    // in a fresh server and page. One that does not is flaky, and named at the end.
    console.log(`  ${name} once more`);
    const found = await attempt(name, { ...context, browser, say: console.log });
    if (!found.failed) found.flaky.push(...broken);
    addCounts(counts, found);
  }
  return counts;
}
