import path from 'node:path';
import { asSentence } from '../../base/shorter.js';
import { GUESSED } from '../../input/conventions/fallback.js';
import type { Raster } from '../../input/resize.js';
import type { ResolvedInput } from '../../input/resolve.js';
import type { Preprocessing } from '../../input/settings.js';
import { sidecarPath } from '../../input/sidecar.js';
import type { Doubt } from '../../result/doubt.js';

/** Doubts about an answer that can be seen without understanding it. */

/** Whether nobody has said what pixels become: range, mean and standard deviation are a default. */
export function isGuessed(plan: Preprocessing | undefined): boolean {
  // A model that takes bytes gets bytes: what they become is its own matter.
  return (
    plan !== undefined &&
    [plan.range, plan.mean, plan.std].every((s) => s.origin.kind === 'default') &&
    !/because the model takes u?int8/.test(plan.range.origin.detail)
  );
}

/**
 * What is doubtful of every picture that a model is given.
 *
 * @param says what the model's own text says of its pictures
 */
export function settingDoubts(plan: Preprocessing | undefined, modelPath: string, says?: string): Doubt[] {
  if (plan === undefined || !isGuessed(plan)) return [];
  const sidecar = path.basename(sidecarPath(modelPath));
  return [
    {
      kind: 'guessed',
      short: 'settings guessed',
      sentence: `How this model wants its pictures is a guess (${plan.range.origin.detail}), so this answer may be wrong.${says === undefined ? '' : ` The file itself says: "${asSentence(says)}".`} Find the settings from pictures of its kind ("Find the Settings…", inspect --find FOLDER), or say them in ${sidecar}.`,
    },
  ];
}

/**
 * What is odd about the settings, beside answers that say their doubts: that they are guessed is a doubt of each picture, and
 * none of a tensor, which is taken as it is.
 */
export function settingWarnings({
  preprocessing,
  warnings,
}: Pick<ResolvedInput, 'preprocessing' | 'warnings'>): readonly string[] {
  return isGuessed(preprocessing) ? warnings.filter((w) => !w.startsWith(GUESSED)) : warnings;
}

/** Mean distance of the greatest from the least channel of a pixel, of 255, from which a picture counts as coloured. */
const COLOURED = 12;
/** A model's side in pixels up to which pictures are squeezed, and how many of the picture's pixels then share one. */
const SMALL_SIDE = 64;
const SQUEEZE = 6;

/** What is doubtful of one picture under a plan. */
export function pictureDoubts(picture: Raster, plan: Preprocessing): Doubt[] {
  const doubts: Doubt[] = [];
  if (plan.color.value === 'gray' && colourOf(picture) > COLOURED) {
    doubts.push({
      kind: 'grey',
      short: 'colour made grey',
      sentence:
        'The picture is coloured and the model takes grey ones: it sees the luminance only. Give it pictures like those that it was trained on.',
    });
  }
  const [height, width] = plan.size.value;
  const factor = Math.min(picture.height / height, picture.width / width);
  if (Math.max(height, width) <= SMALL_SIDE && factor >= SQUEEZE) {
    doubts.push({
      kind: 'squeezed',
      short: `squeezed into ${width}×${height}`,
      sentence: `${picture.width}×${picture.height} pixels are squeezed into ${width}×${height}: little of the picture is left. Cut out what matters, or give it pictures like those that it was trained on.`,
    });
  }
  return doubts;
}

/** Mean spread of the channels, over at most some thousand pixels. */
function colourOf({ data, channels }: Raster): number {
  if (channels !== 3) return 0;
  const pixels = data.length / 3;
  const step = Math.max(1, Math.floor(pixels / 4000));
  let sum = 0;
  let count = 0;
  for (let p = 0; p < pixels; p += step, count++) {
    const [r, g, b] = [data[3 * p]!, data[3 * p + 1]!, data[3 * p + 2]!];
    sum += Math.max(r, g, b) - Math.min(r, g, b);
  }
  return count === 0 ? 0 : sum / count;
}

/**
 * Probabilities that are nearly alike: the best is below three times an equal share, of few classes barely above it.
 *
 * @param probabilities of one of several classes, which add up to 1
 * @param takesPictures whether the model's input is a picture, and no text, signal or volume
 */
export function uniformDoubts(probabilities: ArrayLike<number>, takesPictures: boolean): Doubt[] {
  const classes = probabilities.length;
  if (classes < 2) return [];
  let top = 0;
  let sum = 0;
  for (let i = 0; i < classes; i++) {
    top = Math.max(top, probabilities[i]!);
    sum += probabilities[i]!;
  }
  const equal = 1 / classes;
  // Three shares of ten are .3; from there down to two classes the same part of the way from equal to certain.
  if (Math.abs(sum - 1) > 1e-3 || top >= Math.min(3 * equal, equal + (1 - equal) * (2 / 9))) return [];
  const [what, check] = takesPictures
    ? ['pictures', 'the settings with a picture']
    : ['input', 'how it is prepared with an input'];
  return [
    {
      kind: 'uniform',
      short: 'nearly uniform',
      sentence: `The model hardly prefers any of its ${classes} classes: it does not know, or it gets its ${what} in another form than it was trained on. Check ${check} whose class you know.`,
    },
  ];
}

/**
 * All doubts about the answer to one input.
 *
 * @param ofInput what is doubtful of the input itself
 * @param probabilities those of one of several classes, where the model's answer is that
 * @returns undefined where there are none
 */
export function doubtsOf(
  ofInput: readonly Doubt[],
  probabilities: ArrayLike<number> | undefined,
  takesPictures: boolean,
): readonly Doubt[] | undefined {
  const all = [...ofInput, ...(probabilities === undefined ? [] : uniformDoubts(probabilities, takesPictures))];
  return all.length === 0 ? undefined : all;
}
