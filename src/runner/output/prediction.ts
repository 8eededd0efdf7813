import { given } from '../../base/given.js';
import type { Crop } from '../../base/picture.js';
import type { Ranking } from '../../method/activations/prediction.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { PredictedBox, Prediction } from '../../result/explanation.js';
import type { Box } from '../../result/output.js';

/** Numbers of an output that nobody can read, or of a map, are not handed on beyond this. */
const MOST_VALUES = 4096;

/** What a ranking says of one input, as it is shown: classes, values, boxes or text. */
export function predictionOf(
  subject: ModelSubject,
  ranking: Ranking,
  input: { readonly crop?: Crop },
): Omit<Prediction, 'input' | 'label'> {
  const { kind } = subject.output;
  const { decoded = {}, others, top } = ranking;
  // Of what is no list of classes the numbers stand in `values`.
  const ranks = subject.classifier || ranking.regions !== undefined;
  const values = kind === 'unknown' ? Array.from(ranking.logits) : decoded.values;
  return {
    ...(ranks ? { top } : {}),
    ...given({
      values: values !== undefined && values.length <= MOST_VALUES ? values : undefined,
      names: decoded.names,
      map: decoded.map,
      norm: decoded.norm,
      text: decoded.text,
      boxes: decoded.boxes?.map((box): PredictedBox => {
        const placed = toPicture(subject.input, input.crop)?.(box.box);
        return placed === undefined ? box : { ...box, inPicture: placed };
      }),
    }),
    ...(others.length === 0 ? {} : { others }),
  };
}

/** Probabilities of which one class is right, where the model answers with such. */
export function classesOf({ output }: ModelSubject, { probabilities }: Ranking): ArrayLike<number> | undefined {
  return output.kind === 'classes' ? probabilities : undefined;
}

/** From pixels of the model's input to those of the picture that was given; undefined where no picture was. */
export function toPicture(
  { height, width }: { readonly height: number; readonly width: number },
  crop: Crop | undefined,
): ((box: Box['box']) => Box['box']) | undefined {
  if (crop === undefined) return undefined;
  const [sx, sy] = [crop.width / width, crop.height / height];
  return ([x0, y0, x1, y1]) => [crop.left + x0 * sx, crop.top + y0 * sy, crop.left + x1 * sx, crop.top + y1 * sy];
}
