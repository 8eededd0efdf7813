import { LensError } from '../../base/errors.js';
import { floatTensor } from '../../base/tensor.js';
import { featureMapOf } from '../subject/featureMap.js';
import { sampleDims } from '../subject/samples.js';
import type { TargetKind, TargetQuestion } from './kind.js';
import type { ScoreAt, Target } from './target.js';

/** `conv3#5`, a channel of a layer (its mean over all places), or `conv3#5@2,7`, one neuron of it by row and column. */
export const unit: TargetKind = {
  id: 'unit',
  read: (text, { subject }) => {
    const found = /^(.+)#(\d+)(?:@(\d+),(\d+))?$/.exec(text.trim());
    if (found === null) return undefined;
    const [, layer, channel, y, x] = found;
    return unitTarget(subject, layer!, Number(channel), y === undefined ? undefined : [Number(y), Number(x)]);
  },
};

function unitTarget(
  subject: TargetQuestion['subject'],
  name: string,
  channel: number,
  place: readonly [number, number] | undefined,
): Target {
  const layer = subject.layer(name);
  const value = layer.output;
  const label = `${layer.name} channel ${channel}${place === undefined ? '' : ` at ${place.join(', ')}`}`;
  const of = (pick: ScoreAt['pick']): Target => ({
    index: channel,
    label,
    measure: 'activation',
    unit: { value, pick },
  });
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
