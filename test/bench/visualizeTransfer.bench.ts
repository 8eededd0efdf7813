import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { filePath, type FilePath } from '../../src/base/place.js';
import type { Call } from '../../src/protocol/channel.js';
import { RunnerService } from '../../src/runner/service.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { DATA, dataMissing } from '../data.mjs';
import type { Row } from './measure.js';

const SEEDS = process.argv.includes('--quick') ? [0] : [0, 1];
const PRESETS = ['naive', 'smooth', 'distill', 'maco'] as const;

interface Pair {
  readonly name: string;
  readonly from: FilePath;
  readonly to: FilePath;
  readonly classes: number;
}

function pairs(): readonly Pair[] {
  const birds = (name: string): FilePath => filePath(path.resolve('models/birds', `birds_${name}.onnx`));
  const digits = (name: string): FilePath => filePath(path.join(DATA, 'models', `mnist_${name}.onnx`));
  const both = (what: string, of: (name: string) => FilePath, classes: number): Pair[] => [
    { name: `${what}, CNN → transformer`, from: of('cnn'), to: of('vit'), classes },
    { name: `${what}, transformer → CNN`, from: of('vit'), to: of('cnn'), classes },
  ];
  return [...both('digits', digits, 10), ...both('birds', birds, 8)];
}

/** Pictures that were counted already, a line of JSON each: what was stopped goes on. Remove it to count anew. */
const COUNTED = path.resolve('out/transfer.jsonl');

/**
 * Of pictures that are made for each class of one network by each preset, the share that another network for the same
 * classes takes for the class: a network is sure of any pattern that was made for it, another one is not.
 */
export async function bench(): Promise<Row[]> {
  const titles = pairs().map(({ name }) => name);
  if (dataMissing !== undefined)
    return [...titles, ...SUMMARIES].map((what) => ({ what, shares: [], skipped: dataMissing! }));
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lens-transfer-'));
  const runner = new RunnerService({}, new OrtSessions({ provider: 'cpu', threads: 1 }));
  const rows: Counted[][] = [];
  for (const pair of pairs()) {
    const row: Counted[] = [];
    for (const preset of PRESETS) row.push(await countedOf(runner, pair, preset, folder));
    rows.push(row);
    process.stderr.write(`${pair.name}: ${row.map((c) => percent(c.alike / c.all)).join(', ')}\n`);
  }
  await runner.dispose();
  rmSync(folder, { recursive: true, force: true });
  const mean = (of: (one: Counted) => number): string[] =>
    PRESETS.map((_, i) => percent(rows.reduce((sum, row) => sum + of(row[i]!), 0) / rows.length));
  return [
    ...rows.map((row, i) => ({
      what: titles[i]!,
      shares: [String(row[0]!.all), ...row.map((c) => percent(c.alike / c.all))],
    })),
    { what: SUMMARIES[0], shares: ['', ...mean((c) => c.alike / c.all)] },
    { what: SUMMARIES[1], shares: ['', ...mean((c) => c.sure / c.all)] },
  ];
}

const SUMMARIES = ['mean of the pairs', 'sure of it themselves (p > 0.9)'] as const;

/** Pictures of one preset. */
interface Counted {
  readonly all: number;
  /** The other network takes them for the class. */
  readonly alike: number;
  /** The network that they were made for says the class with p > 0.9. */
  readonly sure: number;
}

async function countedOf(runner: RunnerService, pair: Pair, preset: string, folder: string): Promise<Counted> {
  let [alike, sure] = [0, 0];
  for (const seed of SEEDS) {
    for (let target = 0; target < pair.classes; target++) {
      const one = await judged(runner, pair, { preset, seed, target }, folder);
      if (one.alike) alike++;
      if (one.own > 0.9) sure++;
    }
  }
  return { all: pair.classes * SEEDS.length, alike, sure };
}

/** One picture: what the network that it was made for says of its class, and whether the other one says the same. */
interface Judged {
  readonly own: number;
  readonly alike: boolean;
}

const counted = new Map<string, Judged>();
if (existsSync(COUNTED))
  for (const line of readFileSync(COUNTED, 'utf8').split('\n').filter(Boolean)) {
    const { key, ...one } = JSON.parse(line) as Judged & { readonly key: string };
    counted.set(key, one);
  }

async function judged(
  runner: RunnerService,
  pair: Pair,
  { preset, seed, target }: { readonly preset: string; readonly seed: number; readonly target: number },
  folder: string,
): Promise<Judged> {
  const call: Call<never> = { signal: new AbortController().signal, progress: () => undefined };
  const { visualize, visualizeForm, predict } = runner.operations;
  const made = asked(pair.from, folder);
  // What the preset is set to is a part of what is counted.
  const about = { start: 'noise', folder: false, oneClass: true, inversion: false } as const;
  const { presets } = await visualizeForm({ ...made, ...about }, call);
  const names = [pair.from, pair.to].map((file) => path.basename(file));
  const key = JSON.stringify([names, seed, target, presets[preset]]);
  const known = counted.get(key);
  if (known !== undefined) return known;
  const { result } = await visualize({ ...made, target: String(target), seed, params: { preset } }, call);
  const file = filePath(path.join(folder, 'made.png'));
  writeFileSync(file, result.saved.png);
  const said = await predict({ ...asked(pair.to, folder), inputs: [file] }, call);
  const [first] = said.results;
  const alike = first !== undefined && 'result' in first && first.result.top?.[0]?.index === target;
  const one = { own: result.says.probability!, alike };
  counted.set(key, one);
  appendFileSync(COUNTED, `${JSON.stringify({ key, ...one })}\n`);
  return one;
}

/** What the networks for digits do not say of how they want their pictures. */
function asked(model: FilePath, folder: string): { readonly model: FilePath; readonly config?: FilePath } {
  const name = path.basename(model);
  if (!name.startsWith('mnist_')) return { model };
  const file = path.join(folder, `${name}.json`);
  const range = name.includes('vit') ? { range: [0, 1], mean: [0.1307], std: [0.3081] } : { range: [0, 255] };
  writeFileSync(file, JSON.stringify({ input: { color: 'gray', size: [28, 28], ...range } }));
  return { model, config: filePath(file) };
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
