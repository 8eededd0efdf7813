/**
 * Makes the field guide's networks from nothing, with the project's own trainer:
 *
 *   npm run models [-- NAME ...] [--only draw,train,evaluate,marks] [--at-once 2] [--to models/birds] [--out out/birds]
 *     [--recipes models/birds/recipes.mjs] [--cli dist/cli.js]
 *
 * 1. draws the sets of `recipes.mjs` into out/birds (a set that is complete stays),
 * 2. trains the networks, each on one thread, so that its bytes do not depend on how many there are; what was interrupted
 *    goes on at its last epoch,
 * 3. writes them with their settings into models/birds, and measures them: report.md, curves.svg,
 * 4. writes beside each set which pixels are which mark's.
 *
 * Training may be ended at any time and begun again. A machine that others work on, too, is left to them by `nice npm run
 * models`.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import sharp from 'sharp';
import { labels } from './draw.mjs';
import { evaluate } from './evaluate.mjs';
import { writeReport } from './report.mjs';
import { drawSet, noteSet } from './sets.mjs';

const HERE = 'models/birds';
const { values: option, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    'at-once': { type: 'string', default: '2' },
    to: { type: 'string', default: HERE },
    out: { type: 'string', default: 'out/birds' },
    recipes: { type: 'string', default: path.join(HERE, 'recipes.mjs') },
    cli: { type: 'string', default: 'dist/cli.js' },
  },
});
const OUT = option.out;
const { nets, sets, trainings } = await import(pathToFileURL(option.recipes));
const names = positionals.length > 0 ? positionals : Object.keys(trainings);
for (const name of names) {
  if (!(name in trainings))
    throw new RangeError(`No network is called ${name}. There are: ${Object.keys(trainings).join(', ')}.`);
}
const does = (step) => option.only === undefined || option.only.split(',').includes(step);

const { writeStart, writeTrained, runnerMemory } = await built();
if (does('draw')) await onSets('drawn', drawSet);
if (does('train')) await trainAll();
if (does('evaluate')) {
  await writeReport(option.to, await evaluate({ folder: option.to, sets: OUT }), { nets, trainings });
}
// Nothing waits for them.
if (does('marks')) await onSets('marked', noteSet);

/** Does the sets that are not done yet, or not with these drawings. */
async function onSets(what, work) {
  // The settings of all networks are those of the plain set.
  const wanted = new Set(['plain', 'fresh', ...names.map((name) => trainings[name].set)]);
  const known = new Map();
  for (const [name, plan] of Object.entries(sets)) {
    if (!wanted.has(name.split('/')[0])) continue;
    const done = path.join(OUT, `${name.replaceAll('/', '-')}.${what}`);
    const sum = hashOf([JSON.stringify(plan), ...(await drawingCode())]);
    if (existsSync(done) && (await readFile(done, 'utf8')) === sum) continue;
    await rm(done, { force: true });
    await work(path.join(OUT, name), plan, { known });
    await writeFile(done, sum);
  }
}

async function drawingCode() {
  const files = ['bird', 'draw', 'marks', 'scenery', 'seeded', 'sets', 'stamp'];
  return Promise.all(files.map((file) => readFile(path.join(HERE, `${file}.mjs`), 'utf8')));
}

function hashOf(texts) {
  return texts.reduce((sum, text) => sum.update(text), createHash('sha256')).digest('hex');
}

async function trainAll() {
  await mkdir(path.join(OUT, 'start'), { recursive: true });
  await mkdir(option.to, { recursive: true });
  const said = {};
  const input = settingsFor(await colours());
  const queue = [...names];
  const worker = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const training = trainings[name];
      const net = nets[training.net];
      const start = path.join(OUT, 'start', `${name}.onnx`);
      const parameters = await writeStart(net, start);
      const settings = JSON.stringify({ input: input(net.size), labels }, null, 2) + '\n';
      await writeFile(start.replace(/\.onnx$/, '.lens.json'), settings);
      // Another recipe is another training: it does not go on with what there is of the first.
      const plans = Object.entries(sets).filter(([place]) => place.split('/')[0] === training.set);
      const sum = hashOf([JSON.stringify([net, plans, training.seed, training.params])]);
      const run = path.join(OUT, 'runs', `${name}-${sum.slice(0, 8)}`);
      const { curve, epoch } = await train(name, start, training, run);
      const write = async (file, from) => {
        await writeTrained(net, from, path.join(option.to, `${file}.onnx`));
        await writeFile(path.join(option.to, `${file}.lens.json`), settings);
      };
      await write(name, path.join(run, 'best.onnx'));
      if (training.first !== undefined) await write(training.first, path.join(run, 'epoch_1.onnx'));
      said[name] = { parameters, curve, epoch };
    }
  };
  await Promise.all(Array.from({ length: Number(option['at-once']) }, worker));
  await keepCurves(said);
}

/** The networks are written down in TypeScript over the project's own graphs; what runs them has the runner's memory. */
async function built() {
  const outdir = path.resolve(OUT, 'code');
  const entryPoints = { file: path.join(HERE, 'nets/file.ts'), memory: 'src/host/runner/memory.ts' };
  const node = { platform: 'node', format: 'esm', target: 'node20', outExtension: { '.js': '.mjs' } };
  await build({ entryPoints, outdir, bundle: true, logLevel: 'warning', ...node });
  const load = (name) => import(pathToFileURL(path.join(outdir, `${name}.mjs`)));
  return { ...(await load('file')), ...(await load('memory')) };
}

/** Mean and standard deviation of each channel over the training set, in [0, 1], to three decimals. */
async function colours() {
  const [sum, squares] = [new Float64Array(3), new Float64Array(3)];
  let count = 0;
  for (const { label, file } of sets['plain/train']) {
    const pixels = await sharp(path.join(OUT, 'plain/train', label, file))
      .raw()
      .toBuffer();
    for (let i = 0; i < pixels.length; i++) {
      const value = pixels[i] / 255;
      sum[i % 3] += value;
      squares[i % 3] += value * value;
    }
    count += pixels.length / 3;
  }
  const mean = Array.from(sum, (s) => s / count);
  const std = mean.map((m, c) => Math.sqrt(squares[c] / count - m * m));
  const rounded = (values) => values.map((value) => Number(value.toFixed(3)));
  return { mean: rounded(mean), std: rounded(std) };
}

/** Settings of a network for pictures of a size. */
function settingsFor(colour) {
  return (size) => ({
    layout: 'NCHW',
    color: 'RGB',
    size: [size, size],
    resize: { mode: 'exact', size: [size, size], interpolation: 'bilinear' },
    crop: 'none',
    range: [0, 1],
    ...colour,
  });
}

/** `onnx-lens train` in a process of its own. @returns what it says of the training */
async function train(name, start, { set, seed, params }, folder) {
  const said = Object.entries(params).flatMap(([key, value]) => ['--param', `${key}=${value}`]);
  const place = ['train', start, path.join(OUT, set), '--out', folder];
  const line = [...place, ...said, '--seed', seed, '--threads', 1, '--provider', 'cpu'].map(String);
  const env = { ...process.env, ...runnerMemory(process.env) };
  const child = spawn(process.execPath, [option.cli, ...line], { stdio: ['ignore', 'ignore', 'pipe'], env });
  console.log(`${name}: onnx-lens ${line.join(' ')}`);
  for await (const text of createInterface(child.stderr)) console.log(`${name}: ${text}`);
  const code = child.exitCode ?? (await new Promise((resolve) => child.once('close', resolve)));
  if (code !== 0) throw new Error(`The training of ${name} has ended with ${code}.`);
  return JSON.parse(await readFile(path.join(folder, 'best.json'), 'utf8'));
}

/** The curves of all trainings, without what differs from run to run; those of others stay. */
async function keepCurves(said) {
  const file = path.join(option.to, 'curves.json');
  const all = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : {};
  for (const [name, { parameters, curve, epoch }] of Object.entries(said))
    all[name] = { parameters, kept: epoch, curve: curve.map(({ seconds, ...rest }) => rest) };
  const sorted = Object.keys(trainings).flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]]));
  await writeFile(file, JSON.stringify(Object.fromEntries(sorted), null, 1) + '\n');
}
