import path from 'node:path';
import { LensError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import type { FloatTensor } from '../../base/tensor.js';
import { attributionMethodById } from '../../method/index.js';
import type { AttributionMethod, AttributionRequest } from '../../method/method.js';
import { parseParameters } from '../../method/parameters.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import { paintedFiles } from '../../method/target/mask.js';
import { similarFiles } from '../../method/target/similar.js';
import type { Asking } from '../../protocol/attribution.js';
import type { TargetText } from '../../protocol/request.js';
import { AUTO, type MethodChoice, type ParameterSchema, type ParametersOf } from '../../result/method.js';
import { loadInput } from '../input/answers.js';
import { expandInputs } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { choiceFor } from './choice.js';
import { NamedPictures } from './named.js';

/** What is asked of every input alike. */
export interface Question {
  readonly method: AttributionMethod;
  /** Where it was left to us. */
  readonly choice?: MethodChoice;
  /** As it was written, where it was. */
  readonly target: TargetText | undefined;
  readonly asked: Omit<AttributionRequest<ParameterSchema>, 'input' | 'target' | 'labelMap'>;
  /** The picture whose colours are the parts, where the parameters name one. */
  readonly mask?: string;
  /** The pictures that target and parameters name. */
  readonly named: NamedPictures;
  /** What its answers depend on beside the model's files: files that the target and the parameters name, and their folders. */
  readonly files: readonly string[];
  /** What must be said beside every answer. */
  readonly notes: readonly string[];
}

/** A question as it is put to a model. What cannot be asked is refused before any input is touched. */
export async function questionOf(
  model: OpenModel,
  subject: ModelSubject,
  asking: Asking,
  signal: AbortSignal,
): Promise<Question> {
  const { layer } = asking;
  const choice = asking.method === AUTO ? await choiceFor(subject, layer !== undefined, signal) : undefined;
  const method = attributionMethodById(choice?.method ?? asking.method);
  const params = parseParameters(method.id, method.parameters, asking.params);
  if (asking.layer !== undefined) checkLayer(subject, method, asking.layer);
  const background = await backgroundOf(model, params, signal);
  const mask = maskOf(params);
  const { target = '' } = asking;
  const named = [...paintedFiles(target), ...similarFiles(target), ...(mask === undefined ? [] : [mask])];
  const improbable = asking.score === 'probability' && !subject.makesProbabilities;
  return {
    method,
    ...given({ choice, mask }),
    target: asking.target,
    named: new NamedPictures(model, subject),
    files: [...new Set([...named, ...background.files].map((file) => path.resolve(file)))],
    asked: {
      // Where nothing makes a probability, the number itself is all there is.
      score: subject.makesProbabilities ? (asking.score ?? 'logit') : 'logit',
      params,
      seed: asking.seed ?? 0,
      ...given({ layer: asking.layer, background: background.inputs }),
    },
    notes: improbable
      ? [`Nothing in the model makes a probability of "${subject.output.name}": its number itself is explained.`]
      : [],
  };
}

/** Most pictures that stand for what a model usually sees. */
const MOST_BACKGROUND = 64;

interface Background {
  readonly inputs?: readonly FloatTensor[];
  readonly files: readonly string[];
}

/** The inputs that a method's `background` parameter names. One that cannot be read stops the request: it is no input among others. */
async function backgroundOf(
  model: OpenModel,
  params: ParametersOf<ParameterSchema>,
  signal: AbortSignal,
): Promise<Background> {
  const named: unknown = params.background;
  if (typeof named !== 'string' || named === '') return { files: [] };
  const inputs = (await expandInputs(model, [named], signal)).slice(0, MOST_BACKGROUND);
  const out: FloatTensor[] = [];
  for (const input of inputs) out.push((await loadInput(input, signal)).tensor);
  if (out.length === 0) throw new LensError('usage', 'params/background', `There are no pictures in "${named}".`);
  const read = inputs.flatMap((input) => ('file' in input && input.file !== named ? [input.file] : []));
  // A folder's time tells of pictures that come and go.
  return { inputs: out, files: [named, ...read, ...read.map((file) => path.dirname(file))] };
}

/** The picture that the `mask` parameter names, where the parts are those of a mask. */
function maskOf({ parts, mask }: { readonly parts?: unknown; readonly mask?: unknown }): string | undefined {
  return parts === 'mask' && typeof mask === 'string' && mask !== '' ? mask : undefined;
}

/** A layer that does not exist, or that the method has no use for, is refused before any input is touched. */
function checkLayer(subject: ModelSubject, method: AttributionMethod, layer: string): void {
  subject.layer(layer);
  if (method.layer !== 'none') return;
  throw new LensError('usage', 'layer/unused', `The method "${method.id}" explains the input; it takes no layer.`, {
    hint: 'Leave the layer out, or choose a method that looks at one, e.g. gradcam.',
  });
}
