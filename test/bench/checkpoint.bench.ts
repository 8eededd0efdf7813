import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { filePath } from '../../src/base/place.js';
import { floatTensor } from '../../src/base/tensor.js';
import { FileSource, type ByteSource } from '../../src/checkpoint/byteSource.js';
import { openCheckpoint } from '../../src/checkpoint/reader.js';
import { buildGraph } from '../../src/graph/build/build.js';
import { RunnerService } from '../../src/runner/service.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { probeFacts } from '../../src/session/probe.js';
import { largeModel } from './large.js';
import { interleaved, median, processorTime, zooModel, type Row } from './measure.js';
import { call } from '../unit/support/call.js';

const ROUNDS = 5;

/** What opening a checkpoint costs, up to the overview that its editor shows first. */
export async function bench(): Promise<Row[]> {
  return [...(await manyNodes()), ...(await shapes('swin_t')), ...(await shapes('vgg11')), ...(await manyBytes())];
}

/** What comes before the first run of any method: the shapes of all values, against a plain session run as often. */
async function shapes(name: string): Promise<Row[]> {
  const what = `learning the shape of every value of ${name} over opening it and running it as often`;
  const file = zooModel(name);
  if (file === undefined) return [{ what, skipped: 'the test data is absent' }];
  const sessions = new OrtSessions({ provider: 'cpu' });
  const graph = buildGraph(await openCheckpoint(file));
  const [input, output] = [graph.inputs[0]!.name, graph.outputs[0]!.name];
  const { probe, plain } = await interleaved(
    {
      probe: () => probeFacts(graph, sessions),
      plain: async () => {
        const session = await sessions.open(graph);
        for (const batch of [1, 2]) {
          const picture = floatTensor([batch, 3, 224, 224], new Float32Array(batch * 3 * 224 * 224).fill(0.5));
          await session.run({ [input]: picture }, [output]);
        }
        await session.dispose();
      },
    },
    3,
  );
  const value = `${(probe / plain).toFixed(2)} (${probe.toFixed(0)} ms)`;
  return [{ what, value, goal: '≤ 1.5', met: probe <= 1.5 * plain }];
}

/** A checkpoint of 1 GB, weights inside: time against reading it, bytes and memory against its size. */
async function manyBytes(): Promise<Row[]> {
  const file = await largeModel();
  if (file === undefined) return [{ what: 'opening a checkpoint of 1 GB', skipped: 'the test data is absent' }];
  const bytes = statSync(file).size;
  const size = `${(bytes / 1e9).toFixed(2)} GB`;
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const [times, reads]: [number[], number[]] = [[], []];
  let peak = before;
  for (let round = -1; round < ROUNDS; round++) {
    const start = processorTime();
    await overview(file);
    if (round >= 0) times.push(processorTime() - start);
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  for (let round = 0; round < ROUNDS; round++) reads.push(readThrough(file));
  const share = median(times) / median(reads);
  const memory = (peak - before) / bytes;
  const touched = (await bytesRead(file)) / bytes;
  return [
    {
      what: `overview of a ${size} checkpoint over reading the file once through`,
      value: `${share.toFixed(3)} (${median(times).toFixed(0)} ms)`,
      goal: '≤ 0.2',
      met: share <= 0.2,
    },
    {
      what: `bytes read to open a ${size} checkpoint, over its size`,
      value: `${touched.toExponential(1)} (${((touched * bytes) / 1e3).toFixed(0)} kB)`,
      goal: '≤ 0.001',
      met: touched <= 0.001,
    },
    {
      what: `memory that opening a ${size} checkpoint adds, over its size`,
      value: `${memory.toFixed(3)} (${((peak - before) / 1e6).toFixed(0)} MB)`,
      goal: '≤ 0.1',
      met: memory <= 0.1,
    },
  ];
}

/** A checkpoint of thousands of nodes: processor time against parsing it, and of a second question against the first. */
async function manyNodes(): Promise<Row[]> {
  const file = zooModel('swin_t');
  if (file === undefined) return [{ what: 'overview of swin_t', skipped: 'the test data is absent' }];
  const times: Record<'parse' | 'first' | 'later', number[]> = { parse: [], first: [], later: [] };
  const timed = async (list: number[], round: number, work: () => Promise<unknown>): Promise<void> => {
    const start = processorTime();
    await work();
    if (round >= 0) list.push(processorTime() - start);
  };
  for (let round = -1; round < ROUNDS; round++) {
    await timed(times.parse, round, () => openCheckpoint(file));
    const runner = new RunnerService();
    const service = runner.operations;
    await timed(times.first, round, () => service.overview({ model: filePath(file) }, call()));
    // What the tree asks, and the editor with another provider.
    await timed(times.later, round, () => service.outline({ model: filePath(file) }, call()));
    await runner.dispose();
  }
  const [parse, first, later] = [median(times.parse), median(times.first), median(times.later)];
  return [
    {
      what: 'overview of swin_t (6,285 nodes) over parsing its file once',
      value: `${(first / parse).toFixed(2)} (${first.toFixed(0)} ms)`,
      goal: '≤ 4',
      met: first <= 4 * parse,
    },
    {
      what: 'the tree’s question about swin_t after its overview, over the overview: nothing is computed twice',
      value: (later / first).toFixed(3),
      goal: '≤ 0.2',
      met: later <= 0.2 * first,
    },
  ];
}

async function overview(file: string): Promise<void> {
  const runner = new RunnerService();
  const service = runner.operations;
  await service.overview({ model: filePath(file) }, call());
  await runner.dispose();
}

async function bytesRead(file: string): Promise<number> {
  const inner = new FileSource(file);
  let read = 0;
  const source: ByteSource = {
    size: inner.size,
    read: (target, offset) => ((read += target.length), inner.read(target, offset)),
  };
  await openCheckpoint(file, { source });
  inner.close();
  return read;
}

/** Processor time to read a file through one buffer: what any reader that looks at the weights pays at least. */
function readThrough(file: string): number {
  const buffer = Buffer.alloc(1 << 20);
  const start = processorTime();
  const handle = openSync(file, 'r');
  while (readSync(handle, buffer) > 0);
  closeSync(handle);
  return processorTime() - start;
}
