import { LensError } from '../../base/errors.js';
import { floatTensor } from '../../base/tensor.js';
import type { Labels } from '../../input/labels.js';
import type { ModelSubject } from '../subject/modelSubject.js';
import { featureMapOf } from '../attribution/featureMap.js';
import type { Regions } from './regions.js';
import { sampleDims } from '../subject/samples.js';
import type { ScoreAt, Target } from '../subject/subject.js';
import { resolveTarget } from './targets.js';

/**
 * What a person wrote for a target. Beside the words of {@link resolveTarget}:
 * `cat - dog` explains the difference of two classes; `conv3#5` a channel of a layer (its mean over all places), and
 * `conv3#5@2,7` one neuron of it, by row and column.
 *
 * @param scores of the input, for ranks
 * @param regions where the classes are, for a model that says so: a class is the sum of its scores there
 */
export function findTarget(
  text: string,
  scores: ArrayLike<number>,
  labels: Labels,
  subject: ModelSubject,
  regions?: Regions,
): Target {
  const unit = /^(.+)#(\d+)(?:@(\d+),(\d+))?$/.exec(text.trim());
  if (unit !== null) {
    const [, layer, channel, y, x] = unit;
    return unitTarget(subject, layer!, Number(channel), y === undefined ? undefined : [Number(y), Number(x)]);
  }
  const pair = /^(.+?)\s+[-−]\s+(.+)$/.exec(text.trim());
  const single = (name: string): Target => inRegion(resolveTarget(name, scores, labels), regions);
  if (pair === null) return single(text);
  try {
    // A class may have a dash in its name.
    return single(text);
  } catch {
    const [plus, minus] = [single(pair[1]!), single(pair[2]!)];
    const weights = plus.weights?.slice() ?? new Float32Array(scores.length);
    if (minus.weights !== undefined) minus.weights.forEach((w, i) => (weights[i]! -= w));
    else {
      weights[plus.index]! += 1;
      weights[minus.index]! -= 1;
    }
    return { index: plus.index, label: `${plus.label} − ${minus.label}`, weights };
  }
}

function inRegion(target: Target, regions: Regions | undefined): Target {
  if (regions === undefined) return target;
  const { index } = target;
  return { index, label: regions.label(index), weights: regions.weights(index) };
}

function unitTarget(
  subject: ModelSubject,
  name: string,
  channel: number,
  place: readonly [number, number] | undefined,
): Target {
  const layer = subject.layer(name);
  const value = layer.output;
  const label = `${layer.name} channel ${channel}${place === undefined ? '' : ` at ${place.join(', ')}`}`;
  const of = (pick: ScoreAt['pick']): Target => ({ index: channel, label, unit: { value, pick } });
  const map = featureMapOf(subject, value);
  if (map === undefined) {
    const fact = subject.facts.get(value);
    const dims = fact === undefined ? [] : sampleDims(fact, subject.facts);
    if (dims.length !== 1 || place !== undefined)
      throw refuse(`The output of layer "${layer.name}" has no channels with places.`);
    if (channel >= dims[0]!) throw refuse(`Layer "${layer.name}" has ${dims[0]} units, 0 to ${dims[0]! - 1}.`);
    return of({ index: channel });
  }
  if (channel >= map.channels)
    throw refuse(`Layer "${layer.name}" has ${map.channels} channels, 0 to ${map.channels - 1}.`);
  if (place !== undefined) {
    const [y, x] = place;
    if (y >= map.height || x >= map.width)
      throw refuse(`The map of layer "${layer.name}" is ${map.height}×${map.width}.`);
    return of({ index: map.at(channel, y, x) });
  }
  const direction = floatTensor(sampleDims(subject.facts.get(value)!, subject.facts));
  const share = 1 / (map.height * map.width);
  for (let y = 0; y < map.height; y++)
    for (let x = 0; x < map.width; x++) direction.data[map.at(channel, y, x)] = share;
  return of({ direction });
}

function refuse(sentence: string): LensError {
  return new LensError('usage', 'target/unit', sentence, { hint: 'Write LAYER#CHANNEL, or LAYER#CHANNEL@ROW,COLUMN.' });
}
