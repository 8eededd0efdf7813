import { LensError } from '../../base/errors.js';
import type { FloatTensor, Tensor } from '../../base/tensor.js';
import { maskOf, withMasks } from '../../graph/attention/masks.js';
import type { AttentionSite } from '../../graph/attention/site.js';
import type { SilencedHead } from '../../result/attention.js';
import type { ModelSubject } from '../subject/modelSubject.js';
import { layersNamed, type ModelAttention } from './layers.js';
import { valuesIn, type OtherGraph } from './values.js';

type Layer = ModelAttention['layers'][number];

/** One head of a layer whose values count for nothing, or all of them. */
export interface Cut {
  readonly layer: Layer;
  readonly head?: number;
}

/**
 * What is to be cut, by the names of layers.
 *
 * @throws LensError `attention/head` where the layer has no such head, or its heads cannot be told apart
 */
export function cutsOf(attention: ModelAttention, asked: readonly SilencedHead[]): readonly Cut[] {
  return asked.flatMap(({ layer: name, head }) =>
    layersNamed(attention.layers, name).map((layer): Cut => {
      if (head === undefined) return { layer };
      if (layer.site.headsGuessed)
        throw new LensError('usage', 'attention/head', `The heads of ${layer.name} cannot be told apart.`, {
          hint: 'Silence the layer as a whole: name it without a head.',
        });
      if (head < layer.heads) return { layer, head };
      throw new LensError(
        'usage',
        'attention/head',
        `${layer.name} has ${layer.heads} heads; none is number ${head}.`,
        {
          hint: `Name one from 0 to ${layer.heads - 1}.`,
        },
      );
    }),
  );
}

/** The factor of a head where some are cut. */
function factorOf(cuts: readonly Cut[], layer: Layer): (head: number) => number {
  const own = cuts.filter((c) => c.layer.name === layer.name);
  return (head) => (own.some((c) => c.head === undefined || c.head === head) ? 0 : 1);
}

/** The attention of the model with some heads cut: what it sees, and what layers behind look at without them. */
export function silenced(attention: ModelAttention, cuts: readonly Cut[]): ModelAttention {
  if (cuts.length === 0) return attention;
  const { facts } = attention;
  const layers = [...new Set(cuts.map((c) => c.layer))];
  const n = facts.dynamicBatch ? 1 : facts.batch;
  const stored = new Map<AttentionSite, Tensor>(
    layers.map((layer) => [layer.site, maskOf(layer.site, facts, n, factorOf(cuts, layer))]),
  );
  const masked = withMasks(
    attention.graph,
    facts,
    layers.map((l) => l.site),
    stored,
  );
  return {
    ...attention,
    key: `${attention.key} without ${JSON.stringify(cuts.map((c) => [c.layer.value, c.head]))}`,
    graph: masked.graph,
    facts: masked.facts,
    layers: attention.layers.map((l) => ({ ...l, value: masked.matrices.get(l.site) ?? l.value })),
  };
}

/** The model as a graph made of it has it, for what only needs its values. Shares the model's sessions; one picture at a time. */
export function answeringAs(subject: ModelSubject, graph: OtherGraph): ModelSubject {
  return subject.answeredBy({
    root: subject,
    unseen: () => undefined,
    values: (batch, names, signal) => valuesIn(subject, graph, names, batch, signal),
    differentiate: () => Promise.reject(new Error('Only forward values are asked of a model with heads cut')),
  });
}

/**
 * A model whose heads are cut one after the other, all by one session: each run is fed what counts. With nothing cut it
 * answers exactly what the model answers.
 */
export class Silencer {
  /** The model with what is cut now. Shares the sessions of the given one and is not disposed. */
  readonly subject: ModelSubject;
  private cuts: readonly Cut[] = [];
  private readonly wanted = new Set<string>();
  private known: { readonly batch: FloatTensor; readonly values: ReadonlyMap<string, FloatTensor> } | undefined;

  /** @param attention of the same subject */
  constructor(subject: ModelSubject, attention: ModelAttention) {
    const { graph, facts, masks } = withMasks(
      attention.graph,
      attention.facts,
      attention.layers.map((l) => l.site),
    );
    const other: OtherGraph = { graph, facts, key: `${attention.key} with masks` };
    const fed = (n: number): Record<string, Tensor> =>
      Object.fromEntries(
        attention.layers.map((layer) => [
          masks.get(layer.site)!,
          maskOf(layer.site, facts, n, factorOf(this.cuts, layer)),
        ]),
      );
    this.subject = subject.answeredBy({
      root: subject,
      unseen: () => undefined,
      // Scores and predictions ask one after the other for what one run has.
      values: async (batch, names, signal) => {
        const have = this.known?.batch === batch ? this.known.values : undefined;
        if (have !== undefined && names.every((name) => have.has(name))) return have;
        for (const name of names) this.wanted.add(name);
        const values = await valuesIn(subject, other, [...this.wanted], batch, signal, fed);
        this.known = { batch, values };
        return values;
      },
      differentiate: () => Promise.reject(new Error('Only forward values are asked of a model with heads cut')),
    });
  }

  /** What counts for nothing from now on. */
  cut(cuts: readonly Cut[]): void {
    this.cuts = cuts;
    this.known = undefined;
  }
}
