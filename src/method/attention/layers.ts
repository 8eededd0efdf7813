import { isCancelled, LensError, throwIfCancelled } from '../../base/errors.js';
import { memo, remembered } from '../../base/memo.js';
import type { Tensor } from '../../base/tensor.js';
import { expandWhere } from '../../gradient/sweep/expansion.js';
import { findAttention } from '../../graph/attention/find.js';
import {
  carriersOf,
  mapBehind,
  placeGraph,
  placeNumbers,
  standsNowhere,
  type PlaceMap,
} from '../../graph/attention/places.js';
import type { Operand } from '../../graph/attention/products.js';
import type { AttentionSite } from '../../graph/attention/site.js';
import { dimsAt, type Facts } from '../../graph/facts.js';
import type { Graph } from '../../graph/graph.js';
import { operator } from '../../graph/operators/operators.js';
import type { AttentionLayer, TokenLayout, WithoutMatrix } from '../../result/attention.js';
import { zeros } from '../../session/probe.js';
import type { Subject } from '../subject/subject.js';
import { allWithout, layoutOf, retold } from './layout.js';
import { NOT_TOLD, withTokens } from './said.js';

/** The attention of a model: its matrices by structure, in a graph in which none is hidden. */
export interface ModelAttention {
  /** The model's own graph, with fused attention written out. */
  readonly graph: Graph;
  readonly facts: Facts;
  /** Tells this graph from others that were made of the same model. */
  readonly key: string;
  readonly layers: readonly (AttentionLayer & { readonly site: AttentionSite })[];
  readonly without: readonly WithoutMatrix[];
}

/** What attention is found by. */
export type Attending = Pick<Subject, 'graph' | 'facts' | 'derived' | 'tokens'>;

const known = new WeakMap<Graph, Promise<ModelAttention>>();

/** What attention a model has; found once. */
export async function attentionOf(subject: Attending, signal: AbortSignal): Promise<ModelAttention> {
  let found = known.get(subject.graph);
  if (found === undefined) {
    // Whoever asks first may cancel; others wait for the same.
    found = find(subject, new AbortController().signal);
    known.set(subject.graph, found);
    found.catch(() => known.delete(subject.graph));
  }
  const attention = await found;
  throwIfCancelled(signal);
  return subject.tokens === undefined
    ? attention
    : { ...attention, layers: withTokens(attention.layers, subject.tokens) };
}

/** @throws LensError `attention/none` where a model has none */
export function requireAttention(attention: ModelAttention): ModelAttention {
  const { layers, without } = attention;
  if (layers.length > 0) return attention;
  const [first] = without;
  const because =
    first === undefined ? '' : ` What joins two computed values is ${first.op} "${first.node}": ${first.reason}.`;
  throw new LensError('unsupported', 'attention/none', `This model has no attention.${because}`, {
    hint: 'Explain its pictures by another method: the verb "methods" lists them.',
  });
}

/**
 * The layers that a name means: of a module all that lie in it.
 *
 * @throws LensError `attention/layer` where there is none
 */
export function layersNamed(layers: ModelAttention['layers'], name: string): ModelAttention['layers'] {
  const exactly = layers.filter((l) => l.name === name || l.node === name);
  const found = exactly.length > 0 ? exactly : layers.filter((l) => l.name.startsWith(`${name}.`));
  if (found.length > 0) return found;
  const shown = layers.slice(0, 12).map((l) => l.name);
  throw new LensError('usage', 'attention/layer', `There is no attention in a layer "${name}".`, {
    hint: `There is some in ${shown.join(', ')}${layers.length > 12 ? ' …' : ''}.`,
  });
}

/** The attention of a model as far as its graph tells without being run: where tokens stand is not known. */
export function structureOf({ graph, facts }: Pick<Subject, 'graph' | 'facts'>): ModelAttention {
  return structure(graph, 'found', () => look(graph, facts));
}

const structure = memo<Graph, string, ModelAttention>();

function look(own: Graph, ownFacts: Facts): ModelAttention {
  const fused = (node: Parameters<typeof operator>[0]): boolean => operator(node).attends === true;
  const { graph, facts, refused } = own.nodes.some(fused)
    ? expandWhere(own, ownFacts, fused)
    : { graph: own, facts: ownFacts, refused: [] };
  const { sites, unclaimed } = findAttention(graph, facts);
  const names = new Map<string, number>();
  const layers = sites.map((site) => {
    const base = site.scope === '' ? site.node.name : site.scope;
    const times = (names.get(base) ?? 0) + 1;
    names.set(base, times);
    return layerOf(site, times === 1 ? base : `${base} (${times})`);
  });
  const without = [
    ...graph.nodes.filter(fused).map((node) => ({
      node: node.name,
      op: node.op,
      reason: refused.find((r) => r.node === node.name)?.reason ?? 'its matrix cannot be read out of it',
    })),
    ...unclaimed.map(({ node, reading }) => ({ node: node.name, op: node.op, reason: reading })),
  ];
  return { graph, facts, key: 'attention', layers, without };
}

async function find(subject: Attending, signal: AbortSignal): Promise<ModelAttention> {
  const found = structureOf(subject);
  const { graph, facts, layers } = found;
  const layouts = await layoutsOf(
    subject,
    graph,
    facts,
    layers.map((l) => l.site),
    signal,
  );
  return { ...found, layers: layers.map((layer, i) => placed(layer, layouts[i]!)) };
}

interface Layouts {
  /** As its places tell it. */
  readonly site: AttentionSite;
  readonly from?: TokenLayout;
  readonly to?: TokenLayout;
  /** The keys are known to have no place. */
  readonly nowhere: boolean;
}

function layerOf(site: AttentionSite, name: string): ModelAttention['layers'][number] {
  const notes: string[] = [];
  if (site.headsGuessed)
    notes.push('How many heads there are is not said by the graph: heads and windows may be mixed up.');
  if (site.kind === 'channels')
    notes.push('This attention is over channels: it says nothing about places of the picture.');
  if (site.kind === 'fixed')
    notes.push(
      'The query does not depend on the picture, or is a constant after folding: it may be a pool or a router.',
    );
  const { heads, windows, queries, keys, kind } = site;
  return {
    site,
    name,
    node: site.node.name,
    value: site.matrix,
    kind,
    heads,
    windows,
    queries,
    keys,
    notes,
  };
}

function placed(
  found: ModelAttention['layers'][number],
  { nowhere, site, ...layouts }: Layouts,
): ModelAttention['layers'][number] {
  const layer = site === found.site ? found : layerOf(site, found.name);
  if (layer.kind === 'channels' || layouts.to !== undefined) return { ...layer, ...layouts };
  const note = nowhere
    ? 'The keys are no places of the picture: learned queries, or tokens of none, look at each other.'
    : NOT_TOLD;
  return { ...layer, notes: [...layer.notes, note], ...layouts, ...(nowhere && { nowhere }) };
}

/** Where queries and keys of each site stand, by moving the numbers of places as the model moves tokens. */
async function layoutsOf(
  subject: Attending,
  graph: Graph,
  facts: Facts,
  sites: readonly AttentionSite[],
  signal: AbortSignal,
): Promise<Layouts[]> {
  const carriers = carriersOf(sites);
  const maps = new Map<string, { map: PlaceMap; values: Set<string> }>();
  const mapped = (value: string): PlaceMap | undefined => {
    const map = mapBehind(graph, facts, value, carriers);
    if (map === undefined) return undefined;
    remembered(maps, map.value, () => ({ map, values: new Set<string>() })).values.add(value);
    return map;
  };
  const asked = sites.map((site) =>
    site.kind === 'channels'
      ? {}
      : { to: mapped(site.values.value), from: site.query === undefined ? undefined : mapped(site.query.value) },
  );
  const moved = new Map<string, Tensor>();
  for (const { map, values } of maps.values()) {
    const places = placeGraph(graph, facts, map, [...values], carriers);
    const feeds: Record<string, Tensor> = {
      [places.input]: { type: 'float32', dims: map.dims, data: placeNumbers(map) },
    };
    for (const input of places.graph.inputs)
      if (input.name !== places.input) feeds[input.name] = zerosOf(facts, input.name);
    try {
      const answer = await subject.derived(`places ${map.value}`, places.graph, feeds, signal);
      for (const [value, output] of places.outputs) moved.set(`${map.value}\n${value}`, answer[output]!);
    } catch (error) {
      // What the runtime does not move is not known to stand anywhere; the matrices are there all the same.
      if (!(error instanceof LensError) || isCancelled(error)) throw error;
    }
  }
  return sites.map((found, i) => {
    const told = asked[i]!.to === undefined ? undefined : moved.get(`${asked[i]!.to.value}\n${found.values.value}`);
    const site = told === undefined ? found : retold(found, told, found.values.contracted[0]!);
    const layout = (map: PlaceMap | undefined, side: 'from' | 'to'): TokenLayout | undefined => {
      const operand = side === 'to' ? site.values : site.query;
      const tensor =
        map === undefined || operand === undefined ? undefined : moved.get(`${map.value}\n${operand.value}`);
      const axis = side === 'to' ? operand?.contracted[0] : operand?.own[0]?.axis;
      if (map === undefined || tensor === undefined || axis === undefined) return undefined;
      return layoutOf(site, map, tensor, { axis, tokens: side === 'to' ? site.keys : site.queries });
    };
    const nowhere = (operand: Operand | undefined): boolean =>
      operand !== undefined && standsNowhere(graph, facts, operand.value, carriers);
    const to = layout(asked[i]!.to, 'to');
    const seen = to?.prefix === site.keys ? undefined : to;
    // A class token alone, or learned queries: rows without a place, over the places of the keys.
    const from =
      layout(asked[i]!.from, 'from') ??
      (seen !== undefined && nowhere(site.query) ? allWithout(site.queries, seen.grid) : undefined);
    return {
      site,
      ...(from && { from }),
      ...(seen && { to: seen }),
      nowhere: to !== undefined ? to !== seen : nowhere(site.values),
    };
  });
}

function zerosOf(facts: Facts, name: string): Tensor {
  const fact = facts.get(name);
  return zeros(fact?.type ?? 'float32', fact === undefined ? [] : dimsAt(fact, facts.batch), name);
}
