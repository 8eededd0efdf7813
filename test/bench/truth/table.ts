import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import { fitsOf } from '../../../src/method/choice/fits.js';
import { attributionMethods } from '../../../src/method/index.js';
import type { AttributionMethod } from '../../../src/method/method.js';
import { forwardPasses } from '../../../src/result/method.js';
import { parseParameters } from '../../../src/method/parameters.js';
import { sanityCurve } from '../../../src/method/sanity/badge.js';
import type { Target } from '../../../src/method/target/target.js';
import type { SanityVerdict } from '../../../src/result/sanity.js';
import type {
  Curves,
  Found,
  MethodTruth,
  NetworkTruth,
  ReferenceTruth,
  TruthNetwork,
  TruthTable,
} from '../../../src/result/truth.js';
import { DATA } from '../../data.mjs';
import { median } from '../measure.js';
import { curves } from './curves.js';
import { drawMarked, type Marked } from './marks.js';
import { estimate, massOn, peakOn, randomMap, rounded, sobel } from './measures.js';
import { importance, magnitudes, mapOf, openNetwork, SIGNAL, type Network, type Seen } from './network.js';

export const NETWORKS: readonly TruthNetwork[] = [
  { id: 'birds_cnn', title: 'residual network', kind: 'convolutional' },
  { id: 'birds_vit', title: 'vision transformer', kind: 'transformer' },
];

export interface TruthPlan {
  /** Ids; default all. */
  readonly methods?: readonly string[];
  readonly pictures: number;
  /** Pictures for methods that take more than {@link DEAR} passes; default all. */
  readonly dear?: number;
  /** Pictures on which each method is checked against random networks. */
  readonly checked: number;
  /** Photographs at most. */
  readonly photographs: number;
  readonly say?: (line: string) => void;
}

/** Forward passes for one map that are many. */
const DEAR = 300;

interface Asked {
  readonly seen: Seen;
  readonly target: Target;
  readonly mark: Uint8Array;
}

/** Measures the table; the photographs only where the test data is. */
export async function measureTruth(plan: TruthPlan): Promise<TruthTable> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lens-truth-'));
  try {
    const { area, networks } = await onMarks(plan, folder);
    return tableOf(plan, area, networks, await onPhotographs(plan, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What was measured on one network. */
export interface OnNetwork {
  readonly methods: Readonly<Record<string, NetworkTruth>>;
  readonly references: Readonly<Record<ReferenceTruth['id'], Found & { readonly network: string }>>;
}

const REFERENCES = ['random', 'edges'] as const;
const methodsOf = ({ methods }: TruthPlan): readonly AttributionMethod[] =>
  attributionMethods.filter(({ id }) => methods?.includes(id) ?? true);

/** Puts together what was measured. */
export function tableOf(
  plan: TruthPlan,
  area: number,
  networks: readonly OnNetwork[],
  photographs: Photographs | undefined,
): TruthTable {
  const curves = (id: string): { readonly photographs?: Curves } => {
    const found = photographs?.curves[id];
    return found === undefined ? {} : { photographs: found };
  };
  return {
    pictures: plan.pictures,
    area,
    networks: NETWORKS,
    methods: methodsOf(plan).map(({ id }): MethodTruth => ({
      id,
      networks: networks.flatMap(({ methods }) => methods[id] ?? []),
      ...curves(id),
    })),
    references: REFERENCES.map((id) => ({ id, networks: networks.map((n) => n.references[id]), ...curves(id) })),
    ...(photographs === undefined
      ? {}
      : { photographs: { network: photographs.network, pictures: photographs.pictures } }),
  };
}

/** Maps of drawings whose mark is known, by all networks or those that are named. */
export async function onMarks(
  plan: TruthPlan,
  folder: string,
  only: readonly string[] = NETWORKS.map(({ id }) => id),
): Promise<{ readonly area: number; readonly networks: readonly OnNetwork[] }> {
  const opened: Network[] = [];
  try {
    for (const { id } of NETWORKS) opened.push(await openNetwork(path.resolve('models/birds', `${id}.onnx`)));
    const marked = await drawMarked(opened, plan.pictures, folder);
    const networks: OnNetwork[] = [];
    for (const [i, network] of opened.entries()) {
      const { id } = NETWORKS[i]!;
      if (only.includes(id)) networks.push(await onNetwork(network, id, await askedOf(network, i, marked), plan));
    }
    return { area: rounded(marked.reduce((sum, { mark }) => sum + share(mark), 0) / marked.length), networks };
  } finally {
    for (const network of opened) await network.dispose();
  }
}

async function onNetwork(network: Network, id: string, asked: readonly Asked[], plan: TruthPlan): Promise<OnNetwork> {
  const gradient = await timeOfGradient(network, asked);
  const methods: Record<string, NetworkTruth> = {};
  for (const method of methodsOf(plan)) {
    if (!fits(network, method)) continue;
    const few = forwardPasses(method) > DEAR ? asked.slice(0, plan.dear) : asked;
    methods[method.id] = { network: id, ...(await ofMethod(network, method, few, gradient, plan.checked)) };
    plan.say?.(`${id} ${method.id} ${JSON.stringify(methods[method.id])}`);
  }
  return {
    methods,
    references: {
      random: { network: id, ...foundBy(asked, ({ mark }, k) => randomMap(mark.length, k)) },
      edges: { network: id, ...foundBy(asked, ({ seen }) => sobel(seen.loaded.picture)) },
    },
  };
}

const fits = ({ subject }: Network, { id }: AttributionMethod): boolean =>
  fitsOf(subject).find((fit) => fit.id === id)?.refused === undefined;

const share = (mark: Uint8Array): number => mark.reduce((a, b) => a + b, 0) / mark.length;

/** @param place of the network among those that have seen the drawings */
async function askedOf(network: Network, place: number, marked: readonly Marked[]): Promise<Asked[]> {
  const out: Asked[] = [];
  for (const { seen, species, twin, mark } of marked) {
    const own = seen[place]!;
    out.push({ seen: own, mark, target: await network.target(`${species} - ${twin}`, own) });
  }
  return out;
}

function foundBy(asked: readonly Asked[], map: (asked: Asked, k: number) => Float32Array): Found {
  const maps = asked.map((each, k) => map(each, k));
  return {
    mass: estimate(maps.map((values, k) => massOn(values, asked[k]!.mark))),
    peak: estimate(maps.map((values, k) => peakOn(values, asked[k]!.mark))),
  };
}

async function timeOfGradient(network: Network, asked: readonly Asked[]): Promise<number> {
  const gradient = attributionMethods.find(({ id }) => id === 'gradient')!;
  const times: number[] = [];
  for (const { seen, target } of asked) times.push((await mapOf(network, gradient, seen.loaded, target)).milliseconds);
  return median(times);
}

async function ofMethod(
  network: Network,
  method: AttributionMethod,
  asked: readonly Asked[],
  gradient: number,
  checked: number,
): Promise<Omit<NetworkTruth, 'network'>> {
  const maps: Float32Array[] = [];
  const times: number[] = [];
  for (const { seen, target } of asked) {
    const { attribution, milliseconds } = await mapOf(network, method, seen.loaded, target);
    maps.push(magnitudes(attribution));
    times.push(milliseconds);
  }
  const verdicts: SanityVerdict[] = [];
  for (const { seen, target } of asked.slice(0, checked)) {
    const question = {
      method,
      params: parseParameters(method.id, method.parameters, {}),
      input: seen.loaded.tensor,
      target,
      score: 'logit',
      seed: 0,
    } as const;
    const context = { signal: SIGNAL, progress: () => undefined };
    verdicts.push((await sanityCurve(network.subject.asking(target), question, context)).verdict);
  }
  return {
    pictures: asked.length,
    ...foundBy(asked, (_, k) => maps[k]!),
    cost: Number((median(times) / gradient).toPrecision(2)),
    verdict: mostlySaid(verdicts),
    learned: [verdicts.filter((v) => v === 'learned').length, verdicts.length],
  };
}

const DOUBT: readonly SanityVerdict[] = ['learned', 'partly', 'picture', 'empty'];

/** The word in the middle of those that were said, the more doubtful of two. */
function mostlySaid(verdicts: readonly SanityVerdict[]): SanityVerdict {
  const sorted = [...verdicts].sort((a, b) => DOUBT.indexOf(a) - DOUBT.indexOf(b));
  return sorted[Math.floor(sorted.length / 2)] ?? 'empty';
}

const PHOTO_NETWORK = 'squeezenet_v1.0_dc';
/** A curve of a probability that is small from the start says nothing. */
const SURE = 0.5;
const CAFFE = { range: [0, 255], mean: [123, 117, 104], resize: { mode: 'shortSide', size: 256 }, crop: 'center' };

export interface Photographs {
  readonly network: string;
  readonly pictures: number;
  /** By method, and by what says nothing of the network. */
  readonly curves: Readonly<Record<string, Curves>>;
}

/** Deletion and insertion for the best class of photographs, by a network that was trained on photographs. */
export async function onPhotographs(plan: TruthPlan, folder: string): Promise<Photographs | undefined> {
  const file = path.join(DATA, 'models', `${PHOTO_NETWORK}.onnx`);
  const photos = path.join(DATA, 'images/photos');
  if (plan.photographs === 0 || !existsSync(file) || !existsSync(photos)) return undefined;
  const config = path.join(folder, 'photographs.lens.json');
  writeFileSync(config, JSON.stringify({ input: CAFFE }));
  const network = await openNetwork(file, config);
  const areas = new Map<string, { deletion: number; insertion: number }[]>();
  let asked = 0;
  try {
    for (const name of readdirSync(photos).sort()) {
      const seen = await network.see(filePath(path.join(photos, name)));
      if (seen.probability < SURE || asked === plan.photographs) continue;
      asked++;
      const target = await network.target('top1', seen);
      const { tensor, picture } = seen.loaded;
      const add = async (id: string, map: Float32Array): Promise<void> => {
        const found = await curves(network.subject, tensor, target, map);
        areas.set(id, [...(areas.get(id) ?? []), found]);
        plan.say?.(`${PHOTO_NETWORK} ${name} ${id} ${JSON.stringify(found)}`);
      };
      for (const method of methodsOf(plan).filter((m) => fits(network, m)))
        await add(method.id, importance((await mapOf(network, method, seen.loaded, target)).attribution));
      await add('random', randomMap(picture.width * picture.height, asked));
      await add('edges', sobel(picture));
    }
  } finally {
    await network.dispose();
  }
  const all = [...areas].map(([id, list]): [string, Curves] => [
    id,
    { deletion: estimate(list.map((a) => a.deletion)), insertion: estimate(list.map((a) => a.insertion)) },
  ]);
  return { network: PHOTO_NETWORK, pictures: asked, curves: Object.fromEntries(all) };
}
