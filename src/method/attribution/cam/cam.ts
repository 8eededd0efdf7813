import { floatTensor } from '../../../base/tensor.js';
import { upsampleLinear, upsampleBilinear } from '../../../result/upsample.js';
import type { AttributionAnswer, AttributionRequest, MethodContext } from '../../method.js';
import type { Subject } from '../../subject/subject.js';
import { camLayerOf, type CamLayer } from './layer.js';
import { toPlanes } from '../../subject/featureMap.js';
import { pixelAttribution, scoreNotes, spaceOf, spaceTensor, unitOf } from '../shared/answer.js';

/** What class activation maps share: a layer, its activations and gradients, and a weighted sum over its channels. */

export const camParameters = {
  upsample: {
    type: 'boolean',
    title: 'To the input',
    default: true,
    description: "resize the map to the input (bilinear); false keeps the layer's own resolution",
  },
  relu: {
    type: 'boolean',
    title: 'Positive only',
    default: true,
    description: 'clip at zero: keep what argues for the target',
  },
} as const;

/** Activations and gradients of one sample, `[channels, places]` each, and the map, `[places]`. */
export type CamFormula = (
  activations: Float32Array,
  gradients: Float32Array,
  channels: number,
  places: number,
) => Float64Array;

export interface RawCam {
  readonly layer: CamLayer;
  /** `[h, w]` of the layer, before clipping. */
  readonly map: Float32Array;
  readonly notes: readonly string[];
}

/** The map at the layer's own resolution. */
export async function rawCam(
  subject: Subject,
  request: Pick<AttributionRequest<Record<string, never>>, 'input' | 'target' | 'score' | 'layer'>,
  signal: AbortSignal,
  formula: CamFormula,
): Promise<RawCam> {
  const of = subject.scoreAt(request.target, request.score);
  const layer = await camLayerOf(subject, request.input, of, request.layer, signal);
  const { value, map } = layer;
  const answer = await subject.gradients(request.input, { of, wrt: [value], values: [value] }, signal);
  const activations = toPlanes(map, answer.values.get(value)!.data);
  const gradients = toPlanes(map, answer.gradients.get(value)!.data);
  const sums = formula(activations, gradients, map.channels, map.height * map.width);
  const notes = [...scoreNotes(subject, request.score), ...layer.notes, ...answer.notes];
  return { layer, map: Float32Array.from(sums), notes };
}

/** A class activation map as an answer: clipped and resized as the parameters say. */
export async function camAttribution(
  subject: Subject,
  request: AttributionRequest<typeof camParameters>,
  context: MethodContext,
  formula: CamFormula,
): Promise<AttributionAnswer> {
  const { layer, map, notes } = await rawCam(subject, request, context.signal, formula);
  const { relu, upsample } = request.params;
  const { height, width } = layer.map;
  const clipped = relu ? map.map((v) => (v <= 0 ? 0 : v)) : map;
  const unit = `${unitOf(subject, request)}, weighted activation`;
  const { height: H, width: W } = subject.input;
  const { space } = layer.map;
  const attribution =
    space !== undefined
      ? pixelAttribution(
          upsample
            ? spaceTensor(subject.input, upsampleLinear(clipped, space, spaceOf(subject.input)))
            : floatTensor(space, clipped),
          !relu,
          unit,
        )
      : upsample
        ? pixelAttribution(floatTensor([H, W], upsampleBilinear(clipped, height, width, H, W)), !relu, unit, [
            height,
            width,
          ])
        : pixelAttribution(floatTensor([height, width], clipped), !relu, unit, [height, width]);
  const nothing = relu && map.some((v) => v < 0) && clipped.every((v) => v === 0);
  const why =
    'Everything in this layer argues against the target: without "Positive only" (relu=false) the map shows it.';
  return { attribution, layer: layer.name, notes: nothing ? [...notes, why] : notes };
}

/** Σ_c w_c A_c */
export function weightedSum(
  activations: Float32Array,
  weights: Float64Array,
  channels: number,
  places: number,
): Float64Array {
  const out = new Float64Array(places);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < places; i++) out[i]! += weights[c]! * activations[c * places + i]!;
  return out;
}

/** Σ_c f(G_c) A_c, place by place. */
export function elementwiseSum(
  activations: Float32Array,
  gradients: Float32Array,
  channels: number,
  places: number,
  f: (gradient: number) => number = (g) => g,
): Float64Array {
  const out = new Float64Array(places);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < places; i++) out[i]! += f(gradients[c * places + i]!) * activations[c * places + i]!;
  return out;
}

/** Grad-CAM's weights: the mean gradient of each channel. */
export const gradcamFormula: CamFormula = (activations, gradients, channels, places) => {
  const weights = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < places; i++) weights[c]! += gradients[c * places + i]!;
    weights[c]! /= places;
  }
  return weightedSum(activations, weights, channels, places);
};
