import { given } from '../../base/given.js';
import { sourceChannels } from '../../input/preprocessing.js';
import { requirePreprocessing } from '../../input/resolve.js';
import { findAttention } from '../../graph/attention/find.js';
import { visualizeParameters } from '../../method/reconstruction/parameters.js';
import { settled } from '../../method/reconstruction/presets.js';
import { pictureSpace } from '../../method/reconstruction/space.js';
import { featureMapOf } from '../../method/subject/featureMap.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import { sampleDims } from '../../method/subject/samples.js';
import type { VisualizeForm, VisualizeFormRequest } from '../../protocol/reconstruction.js';
import { namesOf } from '../input/answers.js';
import type { OpenModel } from '../model/open.js';
import { plainInput, ranked } from './plain.js';

/** What can be set of a picture that is made for a model, and what each preset sets it to. */
export async function visualizeForm(
  model: OpenModel,
  { start, folder, oneClass, inversion, layer }: VisualizeFormRequest,
  signal: AbortSignal,
): Promise<VisualizeForm> {
  const plan = requirePreprocessing(model.resolved);
  const subject = await model.subject();
  const { height, width, colours } = pictureSpace(subject.input, sourceChannels(plan));
  const facts = {
    height,
    width,
    colours,
    transformer: findAttention(subject.graph, subject.facts).sites.length > 0,
    start,
    folder,
    inversion,
    probability: oneClass && subject.makesProbabilities,
  };
  const presets = visualizeParameters.preset.choices.map((preset) => [preset, settled({ preset }, facts)] as const);
  // What it says of a plain picture: all of its classes.
  const { labels } = namesOf(model, subject, []);
  const { top } = await ranked(subject, labels, plainInput(subject, plan), signal, Infinity);
  const classes = top.map(({ index, label }) => ({ index, label })).sort((a, b) => a.index - b.index);
  return {
    schema: visualizeParameters,
    presets: Object.fromEntries(presets),
    height,
    width,
    colours,
    classes,
    ...given({ layer: layer === undefined ? undefined : channelsOf(subject, layer) }),
  };
}

/** The units of a layer, as targets name them. */
export function channelsOf(subject: ModelSubject, layer: string): NonNullable<VisualizeForm['layer']> {
  const { name, output } = subject.layer(layer);
  const map = featureMapOf(subject, output);
  if (map !== undefined) return { name, channels: map.channels, height: map.height, width: map.width };
  const fact = subject.facts.get(output);
  const dims = fact === undefined ? [] : sampleDims(fact, subject.facts);
  return { name, height: 1, width: 1, ...(dims.length === 1 ? { channels: dims[0]! } : {}) };
}
