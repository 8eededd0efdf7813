import { given } from '../../base/given.js';
import type { Rgb } from '../../base/picture.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import type { Labels } from '../../input/labels.js';
import { toPicture, toTensor } from '../../input/preprocessing.js';
import type { Preprocessing } from '../../input/settings.js';
import type { Ranking } from '../../method/activations/prediction.js';
import { onCanvas, type Canvas } from '../../method/reconstruction/canvas.js';
import { fromPlanes, tensorOfPlanes } from '../../method/reconstruction/space.js';
import { isOneScore } from '../../method/target/target.js';
import type { PictureSaid } from '../../result/reconstruction.js';
import type { OpenModel } from '../model/open.js';
import { recordOf } from '../overview/describe.js';
import { ranked } from './plain.js';
import type { Asked } from './question.js';

/** What every part of an answer needs. */
export interface Context {
  readonly model: OpenModel;
  readonly plan: Preprocessing;
  readonly labels: Labels;
  readonly asked: Asked;
  readonly signal: AbortSignal;
}

export const isClass = ({ objective, subject }: Asked): boolean =>
  objective.kind === 'target' && isOneScore(objective.target) && subject.makesProbabilities;

/** The picture that planes are, with 8 bits for each colour. */
export function pictureOf({ plan, asked }: Context, planes: Float32Array): Rgb {
  const { space, start } = asked.question;
  const colours = start?.colours ?? true;
  const values = colours ? fromPlanes(space, planes) : tensorOfPlanes(space, planes);
  return toPicture(floatTensor(picturedDims(asked), values), plan);
}

function picturedDims({ question: { space } }: Asked): number[] {
  const { height, width, order, layout } = space;
  return layout === 'NCHW' ? [1, order.length, height, width] : [1, height, width, order.length];
}

export function canvasOf(picture: Rgb, plan: Preprocessing): Canvas & { readonly exact: boolean } {
  const canvas = onCanvas(picture, plan);
  return canvas === undefined ? { picture, left: 0, top: 0, exact: false } : { ...canvas, exact: true };
}

/** What the model says of a picture, read as any picture is. */
export async function saidOf({ plan, labels, asked, signal }: Context, picture: Rgb): Promise<PictureSaid> {
  const { subject } = asked;
  const { tensor, view } = toTensor({ ...picture, channels: 3 }, plan);
  const loaded = { tensor: { ...tensor, dims: [1, ...subject.inputDims] }, picture: view };
  const ranking = await ranked(
    subject,
    labels,
    { ...loaded, preprocessing: recordOf(plan), notes: [], doubts: [] },
    signal,
  );
  return said(asked, ranking, loaded.tensor, signal);
}

export async function said(
  asked: Asked,
  ranking: Ranking,
  tensor: FloatTensor,
  signal: AbortSignal,
): Promise<PictureSaid> {
  const { subject, objective } = asked;
  const [value = NaN] =
    objective.kind === 'target' ? await subject.scores(tensor, objective.target, 'logit', signal) : [NaN];
  return {
    top: ranking.top,
    value,
    ...given({
      probability:
        isClass(asked) && objective.kind === 'target' ? ranking.probabilities?.[objective.target.index] : undefined,
    }),
  };
}
