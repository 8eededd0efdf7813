import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { writeNpy } from '../../src/base/npy.js';
import { Random } from '../../src/base/random.js';
import { floatTensor, type FloatTensor } from '../../src/base/tensor.js';
import type { TsneTeam } from '../../src/method/embedding/embed.js';
import { nearestNeighbours } from '../../src/numeric/neighbours.js';
import { principalComponents, principalComponentsOfMany } from '../../src/numeric/pca.js';
import { faithfulness } from '../../src/numeric/quality.js';
import { jointProbabilities, type Affinities } from '../../src/numeric/tsne/affinities.js';
import { Tsne } from '../../src/numeric/tsne/tsne.js';
import { fuzzyGraph } from '../../src/numeric/umap/fuzzy.js';
import { Umap } from '../../src/numeric/umap/umap.js';
import { threadTeam } from '../../src/runner/embedding/threads/team.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { SessionProducts } from '../../src/session/products.js';
import { bundledText } from '../unit/support/bundled.js';
import { processorTime, type Row } from './measure.js';
import { python } from './torch.js';

/** scikit-learn on the same points: processor seconds, and the divergence of t-SNE. */
const SCRIPT = `
import sys, time, json, warnings
warnings.simplefilter('ignore')
import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
what, file = sys.argv[1:3]
x = np.load(file)
PCA(2).fit(x[:100])
start = time.process_time()
if what == 'pca':
    p = PCA(n_components=50).fit(x)
    p.transform(x)
    print(json.dumps({'seconds': time.process_time() - start, 'variance': p.explained_variance_.tolist()}))
else:
    t = TSNE(perplexity=30, init='pca', max_iter=1000, random_state=0)
    t.fit_transform(x)
    print(json.dumps({'seconds': time.process_time() - start, 'kl': float(t.kl_divergence_)}))
`;

const ABSENT = 'scikit-learn is not installed (ONNX_LENS_PYTHON names a Python that has it)';
const PERPLEXITY = 30;

/** Principal components, t-SNE and UMAP of points like features: against scikit-learn, against each other, and by two threads. */
export async function bench(): Promise<Row[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'onnx-lens-embedding-'));
  const products = new SessionProducts(new OrtSessions({ provider: 'cpu', threads: 1 }));
  try {
    return [...(await components(folder, products)), ...(await layouts(folder, products))];
  } finally {
    await products.dispose();
    rmSync(folder, { recursive: true });
  }
}

async function components(folder: string, products: SessionProducts): Promise<Row[]> {
  const what = 'principal components of 50,000 × 512 over scikit-learn, 50 of them';
  const points = features(50_000, 512);
  const theirs = learnt('pca', folder, points) as { seconds: number; variance: number[] } | undefined;
  if (theirs === undefined) return [{ what, skipped: ABSENT }];
  const { seconds, result } = await timed(() => principalComponentsOfMany(points, 50, { products, seed: 0 }));
  const apart = Math.max(...theirs.variance.map((v, k) => Math.abs(result.variance[k]! - v) / v));
  const ratio = seconds / theirs.seconds;
  const value = `${ratio.toFixed(2)} (${seconds.toFixed(1)} s; variances differ by ${apart.toExponential(0)})`;
  return [{ what, value, goal: '≤ 1.5', met: ratio <= 1.5 }];
}

async function layouts(folder: string, products: SessionProducts): Promise<Row[]> {
  const points = features(10_000, 64);
  const start = principalComponents(points, 2).scores;
  const near = await timed(() => nearestNeighbours(points, 3 * PERPLEXITY + 1, { products }));
  const joint = await timed(() => Promise.resolve(jointProbabilities(near.result, PERPLEXITY)));
  const alone = await timed(() => tsneOf(joint.result, start));
  const seconds = near.seconds + joint.seconds + alone.seconds;
  const umap = await timed(async () => umapOf(await nearestNeighbours(points, 14, { products }), start));
  const trust = async (placed: FloatTensor): Promise<number> =>
    (await faithfulness(points, placed, undefined, { products })).trustworthiness;
  const [ofTsne, ofUmap] = [await trust(alone.result.points), await trust(umap.result)];
  const share = umap.seconds / seconds;
  const theirs = learnt('tsne', folder, points) as { seconds: number; kl: number } | undefined;
  const against = 't-SNE of 10,000 × 64 over scikit-learn, at its divergence within 1 %';
  const [together, single] = await byThreads(joint.result, start);
  return [
    theirs === undefined
      ? { what: against, skipped: ABSENT }
      : {
          what: against,
          value: `${(seconds / theirs.seconds).toFixed(2)} (${seconds.toFixed(1)} s; divergence ${alone.result.divergence.toFixed(3)} against ${theirs.kl.toFixed(3)})`,
          goal: '≤ 0.4',
          met: seconds / theirs.seconds <= 0.4 && alone.result.divergence <= 1.01 * theirs.kl,
        },
    {
      what: 'waiting time of that t-SNE by one thread over two',
      value: (single / together).toFixed(2),
      goal: '≥ 1.6',
      met: single / together >= 1.6,
    },
    {
      what: 'UMAP of 10,000 × 64 over that t-SNE, at 0.95 of its trustworthiness or more',
      value: `${share.toFixed(2)} (${umap.seconds.toFixed(1)} s; trustworthiness ${ofUmap.toFixed(3)} against ${ofTsne.toFixed(3)})`,
      goal: '≤ 0.5',
      met: share <= 0.5 && ofUmap >= 0.95 * ofTsne,
    },
  ];
}

async function tsneOf(
  affinities: Affinities,
  start: FloatTensor,
  team?: TsneTeam,
  rounds = 1000,
): Promise<{ readonly points: FloatTensor; readonly divergence: number }> {
  const tsne = new Tsne(affinities, start, {
    rounds,
    ...(team && { allocate: team.allocate, team: (all, theta) => team.forces(all, theta) }),
  });
  while (!tsne.finished) await tsne.step();
  return { points: tsne.points, divergence: tsne.divergence() };
}

function umapOf(near: Awaited<ReturnType<typeof nearestNeighbours>>, start: FloatTensor): FloatTensor {
  const umap = new Umap(fuzzyGraph(near), start);
  while (!umap.finished) umap.step();
  return umap.points;
}

/** Median waiting time in seconds of 200 rounds by two threads and by one, taken in turn. */
async function byThreads(affinities: Affinities, start: FloatTensor): Promise<readonly [number, number]> {
  const thread = bundledText('src/runner/embedding/threads/forcesThread.ts');
  const wait = async (team?: TsneTeam): Promise<number> => {
    const from = performance.now();
    await tsneOf(affinities, start, team, 200);
    await team?.dispose();
    return (performance.now() - from) / 1000;
  };
  const [two, one]: [number[], number[]] = [[], []];
  for (let i = 0; i < 5; i++) {
    two.push(await wait(threadTeam(2, thread)));
    one.push(await wait());
  }
  // The least of each: a neighbour on the machine can only add to it.
  return [Math.min(...two), Math.min(...one)];
}

function learnt(what: 'pca' | 'tsne', folder: string, points: FloatTensor): object | undefined {
  const file = path.join(folder, `${what}.npy`);
  writeFileSync(file, writeNpy(points));
  const answer = python(SCRIPT, what, file);
  return answer === undefined ? undefined : (JSON.parse(answer.split('\n').at(-1)!) as object);
}

/** Processor seconds of all threads of this process. */
async function timed<T>(work: () => Promise<T>): Promise<{ readonly seconds: number; readonly result: T }> {
  const start = processorTime();
  const result = await work();
  return { seconds: (processorTime() - start) / 1000, result };
}

/** Ten groups that overlap, most of their spread in few directions, nothing below zero: as features after a ReLU are. */
function features(count: number, width: number): FloatTensor {
  const random = new Random(1);
  const centres = Array.from({ length: 10 }, () => Float64Array.from({ length: width }, () => random.normal()));
  const out = floatTensor([count, width]);
  for (let i = 0; i < count; i++) {
    const centre = centres[i % 10]!;
    for (let j = 0; j < width; j++)
      out.data[i * width + j] = Math.max(0, (centre[j]! + 1.2 * random.normal()) / (1 + j / 32));
  }
  return out;
}
