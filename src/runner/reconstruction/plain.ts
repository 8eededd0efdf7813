import { fromErrorData } from '../../base/errors.js';
import type { Labels } from '../../input/labels.js';
import { toTensor } from '../../input/preprocessing.js';
import type { Preprocessing } from '../../input/settings.js';
import type { Ranking } from '../../method/activations/prediction.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { LoadedInput } from '../input/inputs.js';
import { TAKEN_AS_IS } from '../overview/describe.js';
import { rank } from '../prediction/rank.js';

/** Classes that are said of a picture. */
const TOP = 5;

/** A grey picture, for what has to be asked of an input before there is one. */
export function plainInput(subject: ModelSubject, plan: Preprocessing): LoadedInput {
  const { height, width } = subject.input;
  const picture = { width, height, data: new Uint8Array(3 * width * height).fill(128) };
  const { tensor } = toTensor({ ...picture, channels: 3 }, { ...plan, resize: AS_IT_IS });
  return {
    tensor: { ...tensor, dims: [1, ...subject.inputDims] },
    picture,
    preprocessing: TAKEN_AS_IS,
    notes: [],
    doubts: [],
  };
}

const AS_IT_IS: Preprocessing['resize'] = {
  value: { mode: 'none', size: 0, interpolation: 'nearest' },
  origin: { kind: 'default', detail: '' },
};

export async function ranked(
  subject: ModelSubject,
  labels: Labels,
  loaded: LoadedInput,
  signal: AbortSignal,
  top = TOP,
): Promise<Ranking> {
  const [ranking] = await rank(subject, labels, [loaded], undefined, top, signal);
  if (ranking === undefined) throw new Error('A picture has no ranking');
  if ('error' in ranking) throw fromErrorData(ranking.error);
  return ranking;
}
