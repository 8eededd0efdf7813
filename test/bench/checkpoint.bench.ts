import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openCheckpoint } from '../../src/checkpoint/reader.js';
import { writeModelFile } from '../../src/checkpoint/writer.js';
import { buildGraph } from '../../src/graph/build.js';
import { layersOf } from '../../src/graph/layers.js';
import { median, zooModel, type Row } from './measure.js';

const ROUNDS = 5;

/** Opening a checkpoint of more than 400 MB, weights inside, up to the layers that the tree shows; against its size. */
export async function bench(): Promise<Row[]> {
  const source = zooModel('vgg11');
  if (source === undefined)
    return [{ what: 'opening a checkpoint of more than 400 MB', skipped: 'the test data is absent' }];
  const folder = await mkdtemp(path.join(os.tmpdir(), 'lens-bench-'));
  try {
    const file = path.join(folder, 'large.onnx');
    await writeModelFile(buildGraph(await openCheckpoint(source)), file, { embed: true });
    const bytes = statSync(file).size;
    const times: number[] = [];
    const reads: number[] = [];
    globalThis.gc?.();
    const before = process.memoryUsage.rss();
    let peak = before;
    for (let round = -1; round < ROUNDS; round++) {
      const start = performance.now();
      layersOf(buildGraph(await openCheckpoint(file)));
      if (round >= 0) times.push(performance.now() - start);
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    for (let round = 0; round < ROUNDS; round++) reads.push(readThrough(file));
    const size = `${(bytes / 1e6).toFixed(0)} MB`;
    const share = median(times) / median(reads);
    const memory = (peak - before) / bytes;
    return [
      {
        what: `opening a ${size} checkpoint up to its layers, over reading the file once through`,
        value: `${share.toFixed(3)} (${median(times).toFixed(0)} ms)`,
        goal: '≤ 0.2',
        met: share <= 0.2,
      },
      {
        what: `memory that opening a ${size} checkpoint adds, over its size`,
        value: `${memory.toFixed(3)} (${((peak - before) / 1e6).toFixed(0)} MB)`,
        goal: '≤ 0.1',
        met: memory <= 0.1,
      },
    ];
  } finally {
    if (existsSync(folder)) await rm(folder, { recursive: true });
  }
}

/** Milliseconds to read a file through one buffer: what any reader that looks at the weights pays at least. */
function readThrough(file: string): number {
  const buffer = Buffer.alloc(1 << 20);
  const start = performance.now();
  const handle = openSync(file, 'r');
  while (readSync(handle, buffer) > 0);
  closeSync(handle);
  return performance.now() - start;
}
