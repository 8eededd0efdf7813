import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { filePath, type FilePath } from '../../src/base/place.js';
import type { Call } from '../../src/protocol/channel.js';
import { RunnerService } from '../../src/runner/service.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { DATA, dataMissing } from '../data.mjs';
import type { Row } from './measure.js';

const SEEDS = process.argv.includes('--quick') ? [0] : [0, 1, 2, 3, 4];
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

/**
 * Of pictures that are made for each class of one network by each preset, the share that another network for the same
 * classes takes for the class: a network is sure of any pattern that was made for it, another one is not.
 */
export async function bench(): Promise<Row[]> {
  const titles = pairs().map((pair) => `${pair.name}, ${pair.classes} classes, ${SEEDS.length} seeds`);
  if (dataMissing !== undefined)
    return [...titles, ...SUMMARIES].map((what) => ({ what, shares: [], skipped: dataMissing! }));
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lens-transfer-'));
  const runner = new RunnerService({}, new OrtSessions({ provider: 'cpu', threads: 1 }));
  const counted: Counted[][] = [];
  for (const pair of pairs()) {
    const row: Counted[] = [];
    for (const preset of PRESETS) row.push(await countedOf(runner, pair, preset, folder));
    counted.push(row);
    process.stderr.write(`${pair.name}: ${row.map((c) => percent(c.alike / c.all)).join(', ')}\n`);
  }
  await runner.dispose();
  rmSync(folder, { recursive: true, force: true });
  const mean = (of: (counted: Counted) => number): string[] =>
    PRESETS.map((_, i) => percent(counted.reduce((sum, row) => sum + of(row[i]!), 0) / counted.length));
  return [
    ...counted.map((row, i) => ({ what: titles[i]!, shares: row.map((c) => percent(c.alike / c.all)) })),
    { what: SUMMARIES[0], shares: mean((c) => c.alike / c.all) },
    { what: SUMMARIES[1], shares: mean((c) => c.sure / c.all) },
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
  const call: Call<never> = { signal: new AbortController().signal, progress: () => undefined };
  const { visualize, predict } = runner.operations;
  const file = filePath(path.join(folder, 'made.png'));
  let [alike, sure] = [0, 0];
  for (const seed of SEEDS) {
    for (let k = 0; k < pair.classes; k++) {
      const request = { ...asked(pair.from, folder), target: String(k), seed, params: { preset } };
      const { result } = await visualize(request, call);
      if (result.says.probability! > 0.9) sure++;
      writeFileSync(file, result.saved.png);
      const said = await predict({ ...asked(pair.to, folder), inputs: [file] }, call);
      const [first] = said.results;
      if (first !== undefined && 'result' in first && first.result.top?.[0]?.index === k) alike++;
    }
  }
  return { all: pair.classes * SEEDS.length, alike, sure };
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
