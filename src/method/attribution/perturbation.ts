import { LensError, throwIfCancelled } from '../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { fillTensor, gridOf } from '../fill.js';
import { attributionMethod } from '../method.js';
import type { InputSpec } from '../subject/subject.js';
import { runningPicture } from './shared/runningPicture.js';
import { pixelAttribution, scoreNotes, spaceOf, unitOf } from './shared/answer.js';
import { fillParameter, stepsParameter } from './shared/parameters.js';
import { BoundedAdam, SoftMask, totalVariation } from './shared/softMask.js';

/** A mask that differs less from the whole picture covers nothing. */
const UNTOUCHED = 1e-3;

/** Exponent of the total variation, as in the paper. */
const BETA = 3;

/**
 * A mask m (1 keeps, 0 covers) learned by gradient. Deletion: the smallest cover that lowers the score,
 * min λ₁·mean(1 - m) + λ₂·TV(m) + s(x'), where x' = m·x + (1 - m)·fill. Preservation: the smallest part that keeps the
 * score, min λ₁·mean(m) + λ₂·TV(m) - s(x'). s is the score as a share of what the whole fill changes, so that the
 * weights mean the same for logits and probabilities of any model and a constant added to the score changes nothing.
 */
export const perturbation = attributionMethod({
  id: 'perturbation',
  title: 'Meaningful Perturbation',
  summary: 'Which smallest part of the picture, when covered, makes the score fall (or, when kept, upholds it)?',
  citation:
    'Fong, Vedaldi 2017, Interpretable Explanations of Black Boxes by Meaningful Perturbation, arXiv:1704.03296',
  parameters: {
    game: {
      type: 'choice',
      title: 'Game',
      default: 'deletion',
      choices: ['deletion', 'preservation'],
      description: 'deletion: cover as little as possible; preservation: keep as little as possible',
    },
    fill: { ...fillParameter, default: 'blur' },
    steps: { ...stepsParameter, default: 150, description: 'steps of the optimiser; the paper takes 300' },
    grid: {
      type: 'integer',
      title: 'Grid',
      default: 0,
      minimum: 0,
      maximum: 256,
      description: 'cells of the mask along the shorter side; 0 is an eighth of it, at least 8',
    },
    area: {
      type: 'number',
      title: 'Weight of the area',
      default: 0.5,
      minimum: 0,
      maximum: 100,
      description: 'λ₁: what covering (or keeping) the whole picture costs, in units of what it changes in the score',
    },
    smoothness: {
      type: 'number',
      title: 'Weight of the total variation',
      default: 0.2,
      minimum: 0,
      maximum: 100,
      description: 'λ₂: what a ragged mask costs',
    },
    rate: {
      type: 'number',
      title: 'Step size',
      default: 0.1,
      minimum: 0.0001,
      maximum: 1,
      description: 'learning rate of Adam',
    },
  },
  group: 'without',
  needs: 'gradient',
  passes: { gradient: 'steps' },
  layer: 'none',
  properties: { signed: false, complete: false, seeded: true, shape: 'pixel' },
  async run(subject, request, context) {
    const { input, target, score, params } = request;
    const { height, width } = subject.input;
    const space = spaceOf(subject.input);
    if (space.length !== 2)
      throw new LensError(
        'usage',
        'perturbation/no-picture',
        `Meaningful Perturbation smooths its mask over rows and columns; this input is ${space.join('×')}.`,
        { hint: 'Choose occlusion, RISE or a gradient, which cover every axis.' },
      );
    const deletion = params.game === 'deletion';
    const of = subject.scoreAt(target, score);
    const fill = fillTensor(params.fill, input, subject.input, context.random);
    const [whole] = await subject.scores(input, target, score, context.signal);
    const [covered] = await subject.scores(fill, target, score, context.signal);
    const notes = new Set(scoreNotes(subject, score));
    const range = Math.max(1e-6, Math.abs(whole! - covered!));
    // Evidence for a class makes its score larger; a number that is no class may as well be held down.
    const rises = whole! < covered! && unitOf(subject, request) === 'value';

    const side = Math.min(height, width);
    const cells = Math.min(side, params.grid > 0 ? params.grid : Math.max(8, Math.round(side / 8)));
    const [rows, columns] = [Math.round((cells * height) / side), Math.round((cells * width) / side)];
    const unitName = unitOf(subject, request);
    if (rises) notes.add(`The fill alone has a higher ${unitName} than the picture: what holds it down is looked for.`);
    else if (whole! <= covered!)
      notes.add(`The fill alone has no lower ${unitName} than the picture: there is little to find with this fill.`);
    const soft = new SoftMask(rows, columns, height, width, side / cells / 2);
    const mask = new Float64Array(rows * columns);
    const unit = deletion ? 'share covered' : 'share kept';
    const picture = (full: Float64Array): ReturnType<typeof pixelAttribution> => {
      // The enlarged mask adds up weights: what is left of 1 - 1 is rounding.
      const map = Float32Array.from(full, (m) => (deletion ? (1 - m > 1e-9 ? 1 - m : 0) : m));
      return pixelAttribution(floatTensor([height, width], map), false, unit, [rows, columns]);
    };
    const show = runningPicture(context, 'steps');
    const learn = async (start: number): Promise<void> => {
      mask.fill(start);
      const adam = new BoundedAdam(mask, params.rate);
      for (let step = 1; step <= params.steps; step++) {
        throwIfCancelled(context.signal);
        const full = soft.enlarge(mask);
        const answer = await subject.gradients(mixed(input, fill, full, subject.input), { of }, context.signal);
        for (const note of answer.notes) notes.add(note);
        const slopes = maskGradient(answer.gradients.get(subject.input.name)!, input, fill, subject.input);
        const sign = (deletion === rises ? -1 : 1) / range;
        const gradient = soft.adjoint(slopes.map((s) => s * sign));
        const ragged = totalVariation(mask, rows, columns, BETA).gradient;
        const price = ((deletion ? -1 : 1) * params.area) / mask.length;
        for (let i = 0; i < mask.length; i++) gradient[i]! += price + params.smoothness * ragged[i]!;
        adam.step(gradient);
        show(step, params.steps, () => picture(full));
      }
    };
    await learn(1);
    if (deletion && (rises || whole! > covered!) && mask.every((m) => m > 1 - UNTOUCHED)) {
      // Where no small cover moves the score, no slope leads away from the whole picture.
      notes.add(
        'No small cover changes the score: the mask was learned from the covered picture, not from the whole one.',
      );
      await learn(0);
    }
    const full = soft.enlarge(mask);
    const final = await subject.scores(mixed(input, fill, full, subject.input), target, score, context.signal);
    const kept = full.reduce((a, b) => a + b, 0) / full.length;
    const share = (100 * (deletion ? 1 - kept : kept)).toFixed(1);
    const words = `the ${unitName} is ${final[0]!.toPrecision(3)} then, ${whole!.toPrecision(3)} for the whole picture and ${covered!.toPrecision(3)} for the fill alone.`;
    notes.add(
      deletion
        ? `The mask covers ${share} % of the picture: ${words}`
        : `The mask keeps ${share} % of the picture: ${words}`,
    );
    return { attribution: picture(full), params: { grid: cells }, notes: [...notes] };
  },
});

/** m·x + (1 - m)·fill. */
function mixed(input: FloatTensor, fill: FloatTensor, mask: Float64Array, spec: InputSpec): FloatTensor {
  const out = floatTensor(input.dims);
  eachPixel(spec, (at, pixel) => {
    const m = mask[pixel]!;
    out.data[at] = m * input.data[at]! + (1 - m) * fill.data[at]!;
  });
  return out;
}

/** ds/dm of each pixel: Σ over channels of ds/dx' · (x - fill). */
function maskGradient(gradient: FloatTensor, input: FloatTensor, fill: FloatTensor, spec: InputSpec): Float64Array {
  const out = new Float64Array(spec.height * spec.width);
  eachPixel(spec, (at, pixel) => {
    out[pixel]! += gradient.data[at]! * (input.data[at]! - fill.data[at]!);
  });
  return out;
}

function eachPixel(spec: InputSpec, visit: (at: number, pixel: number) => void): void {
  const grid = gridOf(spec);
  for (let c = 0; c < grid.channels; c++)
    for (let y = 0; y < grid.height; y++)
      for (let x = 0; x < grid.width; x++) visit(grid.at(c, y, x), y * grid.width + x);
}
