import { isCancelled, LensError } from '../../../base/errors.js';
import { memo } from '../../../base/memo.js';
import { isFloating, type FloatTensor } from '../../../base/tensor.js';
import { lastConvolution } from '../../../graph/layers/heads.js';
import { indexOf, type Graph, type GraphNode } from '../../../graph/graph.js';
import { readsOf } from '../../../graph/order.js';
import type { Subject } from '../../subject/subject.js';
import type { ScoreAt } from '../../target/target.js';
import { featureMapOf, type FeatureMap } from '../../subject/featureMap.js';
import { decidingScale, scalesOf, type Candidate } from './scales.js';

/** The layer that a class activation map is taken at. */
export interface CamLayer {
  readonly name: string;
  readonly value: string;
  readonly map: FeatureMap;
  readonly notes: readonly string[];
}

/** How many candidates from the end are asked whether the score still depends on their places. */
const CANDIDATES = 8;
/** Share of the patch tokens that the score must depend on. For grids of a convolutional network any place will do: a maximum pool behind them passes the gradient to few. */
const ENOUGH = 0.5;
/** Share of the places of a grid under which single places are read. */
const FEW = 0.1;

const chosen = memo<Graph, string, Promise<CamLayer>>();

/**
 * The layer that was asked for, or the best one: the last value that still has places and on all of whose places the
 * score depends. For a convolutional network that is the end of the last convolutional block; for a transformer the last
 * normalised tokens before attention mixes them for the last time (behind it, patch tokens no longer reach a class token).
 */
export async function camLayerOf(
  subject: Subject,
  input: FloatTensor,
  of: ScoreAt,
  layerName: string | undefined,
  signal: AbortSignal,
): Promise<CamLayer> {
  if (layerName !== undefined) return named(subject, layerName);
  const path = between(subject, of.value);
  const maps = gridsOn(subject, path);
  // Which of several scales decides depends on the picture and on what is asked.
  if (tokensOn(subject, path).length === 0 && scalesOf(subject, of.value, maps).size > 1) {
    const found = await atScale(subject, input, of, maps, signal);
    if (found !== undefined) return found;
  }
  try {
    return await chosen(subject.graph, of.value, () => choose(subject, input, of, signal));
  } catch (error) {
    // Another question that was choosing has been cancelled.
    if (isCancelled(error) && !signal.aborted) return camLayerOf(subject, input, of, layerName, signal);
    throw error;
  }
}

/** Whether the model has a layer that a class activation map could be taken at. */
export function hasCamLayer(subject: Subject, score: string): boolean {
  return candidatesOf(subject, score).length > 0;
}

/** Whether attention mixes the places on the way to a score. */
export function mixesTokens(subject: Subject, score: string): boolean {
  return between(subject, score).some((node) => isTokenMixer(node));
}

function named(subject: Subject, layerName: string): CamLayer {
  const layer = subject.layer(layerName);
  const map = featureMapOf(subject, layer.output);
  if (map === undefined || map.height * map.width < 2) {
    throw new LensError(
      'usage',
      'layer/no-picture',
      `The output of layer "${layer.name}" has no place in the picture.`,
      {
        hint: 'Choose a layer whose output has height and width, or patch tokens.',
      },
    );
  }
  return { name: layer.name, value: layer.output, map, notes: [] };
}

async function choose(subject: Subject, input: FloatTensor, of: ScoreAt, signal: AbortSignal): Promise<CamLayer> {
  const candidates = candidatesOf(subject, of.value).slice(-CANDIDATES);
  if (candidates.length === 0) {
    throw new LensError(
      'unsupported',
      'cam/no-layer',
      'The model has no layer whose output has a place in the picture.',
      {
        hint: 'Choose a method that explains the input itself, e.g. gradient.',
      },
    );
  }
  const { gradients } = await subject.gradients(input, { of, wrt: candidates.map((c) => c.value) }, signal);
  const reached = candidates.map((c) => reach(c.map, gradients.get(c.value)!.data));
  const best = reached.findLastIndex(
    (share, i) => share >= (candidates[i]!.map.kind === 'NCHW' ? Number.MIN_VALUE : ENOUGH),
  );
  // Where the score depends on few places everywhere (dead units), the layer that reaches most is the best there is.
  const index = best >= 0 ? best : reached.lastIndexOf(Math.max(...reached));
  const { map } = candidates[index]!;
  // One place of the last map is read: the head of a detector with one scale.
  if (map.kind === 'NCHW' && reached[index]! < FEW && reached[index]! > 0) {
    const found = await atScale(subject, input, of, gridsOn(subject, between(subject, of.value)), signal);
    if (found !== undefined) return found;
  }
  return layerAt(subject, candidates[index]!, 'which was chosen for this model');
}

async function atScale(
  subject: Subject,
  input: FloatTensor,
  of: ScoreAt,
  maps: readonly Candidate[],
  signal: AbortSignal,
): Promise<CamLayer | undefined> {
  const found = await decidingScale(subject, input, of, maps, signal);
  return found === undefined ? undefined : layerAt(subject, found.candidate, found.note);
}

function layerAt(subject: Subject, { value, map }: Candidate, why: string): CamLayer {
  const name = nameOf(subject, value);
  return {
    name,
    value,
    map,
    notes: [`Taken at "${name}" (${(map.space ?? [map.height, map.width]).join('×')}), ${why}.`],
  };
}

/** Share of the places where any channel has a gradient. */
function reach(map: FeatureMap, gradient: Float32Array): number {
  let places = 0;
  for (let y = 0; y < map.height; y++) {
    for (let x = 0; x < map.width; x++) {
      for (let c = 0; c < map.channels; c++) {
        if (gradient[map.at(c, y, x)] === 0) continue;
        places++;
        break;
      }
    }
  }
  return places / (map.height * map.width);
}

/** Values that a class activation map could be taken at, in the order of the graph. */
function candidatesOf(subject: Subject, score: string): Candidate[] {
  const path = between(subject, score);
  const tokens = tokensOn(subject, path);
  if (tokens.length > 0) return tokens;
  const last = lastConvolution(subject.graph, subject.facts, [score]);
  const grid = last === undefined ? undefined : featureMapOf(subject, last.outputs[0]!);
  const maps = path.flatMap((node) => {
    const map = mapOf(subject, node);
    return map === undefined ? [] : [map];
  });
  if (grid === undefined) return maps;
  // The last convolution's own resolution: pools behind it only lose places.
  return maps.filter(({ map }) => map.height === grid.height && map.width === grid.width);
}

const tokensOn = (subject: Subject, path: readonly GraphNode[]): Candidate[] =>
  path.some((node) => isTokenMixer(node)) ? tokenCandidates(subject, path) : [];

/** Maps `[n, C, h, w]` on the way. */
function gridsOn(subject: Subject, path: readonly GraphNode[]): Candidate[] {
  return path.flatMap((node) => {
    const found = mapOf(subject, node);
    return found?.map.kind === 'NCHW' ? [found] : [];
  });
}

/** Attention, however it was exported: a Softmax on the way is no classifier's. */
function isTokenMixer(node: GraphNode): boolean {
  return node.op === 'Softmax' || node.op === 'Attention' || node.op === 'MultiHeadAttention';
}

/** Normalised tokens, and sums that join a block to its input. */
function tokenCandidates(subject: Subject, path: readonly GraphNode[]): Candidate[] {
  return path.flatMap((node) => {
    const normalised = node.op === 'LayerNormalization' || node.op === 'RMSNormalization';
    const joined = node.op === 'Add' && node.inputs.every((v) => !subject.graph.weights.has(v));
    const map = normalised || joined ? mapOf(subject, node) : undefined;
    return map === undefined || (map.map.kind === 'NCHW' && joined) ? [] : [map];
  });
}

function mapOf(subject: Subject, node: GraphNode): Candidate | undefined {
  const value = node.outputs[0] ?? '';
  const fact = subject.facts.get(value);
  if (fact === undefined || !isFloating(fact.type)) return undefined;
  const map = featureMapOf(subject, value);
  return map === undefined || map.height * map.width < 2 ? undefined : { value, map };
}

/** The nodes that the score depends on and that depend on the picture, in the graph's order; the score's own not. */
function between(subject: Subject, score: string): GraphNode[] {
  const { graph, input } = subject;
  const needed = new Set([score]);
  const behind: GraphNode[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((o) => needed.has(o))) continue;
    behind.push(node);
    for (const value of readsOf(node)) needed.add(value);
  }
  const from = new Set([input.name]);
  const path: GraphNode[] = [];
  for (const node of behind.reverse()) {
    if (!readsOf(node).some((v) => from.has(v))) continue;
    for (const o of node.outputs) from.add(o);
    if (!node.outputs.includes(score)) path.push(node);
  }
  return path;
}

/** The layer's name where the value is a layer's output, else the node's. */
function nameOf(subject: Subject, value: string): string {
  const layer = subject.layers.find((l) => l.output === value);
  return layer?.name ?? indexOf(subject.graph).producer(value)?.name ?? value;
}
