import { sizeOf } from '../../../base/tensor.js';
import { dimsAt, type Facts } from '../../../graph/facts.js';
import { featureMapOf, type FeatureMap } from '../../subject/featureMap.js';
import type { ModelSubject } from '../../subject/modelSubject.js';
import { valuesRead, type Term } from './objective.js';
import type { Value, Writer } from './writer.js';

/**
 * What tells facets of one unit apart (Olah et al. 2017, Feature Visualization): which features go together in them, the
 * products of channels summed over places as in texture synthesis; the cosine of these is to be small between pictures.
 */
export interface FacetSite {
  /** The value of the model that is looked at. */
  readonly value: string;
  /** Without one the numbers themselves are compared. */
  readonly map: FeatureMap | undefined;
}

/** Where facets are compared: at the unit's own layer where that has a map, else at the last layer that has one. */
export function facetSite(subject: ModelSubject, terms: readonly Term[]): FacetSite {
  const [own] = valuesRead(subject, terms);
  const mapped = (value: string): FeatureMap | undefined => {
    const map = featureMapOf(subject, value);
    return map !== undefined && map.height * map.width > 1 && map.channels > 1 ? map : undefined;
  };
  const layers = subject.layers.map(({ output }) => output).reverse();
  for (const value of [own!, ...layers]) {
    const map = mapped(value);
    if (map !== undefined) return { value, map };
  }
  return { value: own!, map: undefined };
}

/** So that the length of what is nowhere active has a slope. */
const LITTLE = 1e-12;

/** The mean cosine of each picture's features to those of the others, `[pictures, 1]`, over all views of each. */
export function writeSimilarity(
  w: Writer,
  facts: Facts,
  { value, map }: FacetSite,
  { pictures, batch }: { readonly pictures: number; readonly batch: number },
): Value {
  const fact = facts.get(value);
  if (fact === undefined) throw new Error(`Nothing is known of "${value}"`);
  const dims = dimsAt(fact, batch);
  const size = sizeOf(dims) / batch;
  const known = w.known(value, dims);
  const rows = w.reshape(fact.type === w.type ? known : w.cast(known, w.type), [batch, size]);
  let features = rows;
  if (map !== undefined) {
    const { channels, height, width } = map;
    const places = height * width;
    const offsets = Array.from({ length: channels * places }, (_, i) => {
      const place = i % places;
      return map.at(Math.floor(i / places), Math.floor(place / width), place % width);
    });
    const x = w.reshape(w.gather(rows, 1, offsets), [batch, channels, places]);
    features = w.reshape(w.matmul(x, w.transpose(x, [0, 2, 1])), [batch, channels * channels]);
  }
  const each = features.dims[1]!;
  const views = batch / pictures;
  const mean = w.reduce('ReduceMean', w.reshape(features, [pictures, views, each]), [1], false);
  const length = w.one('Sqrt', w.add(w.reduce('ReduceSum', w.square(mean), [1]), LITTLE));
  const unit = w.div(mean, length);
  const cosines = w.matmul(unit, w.transpose(unit, [1, 0]));
  // Each is as like as can be to itself.
  return w.mul(w.sub(w.reduce('ReduceSum', cosines, [1]), 1), 1 / (pictures - 1));
}
