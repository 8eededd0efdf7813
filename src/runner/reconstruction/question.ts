import path from 'node:path';
import { LensError } from '../../base/errors.js';
import type { FloatTensor } from '../../base/tensor.js';
import { readNpy } from '../../base/npy.js';
import { readFile } from 'node:fs/promises';
import { toFloat32 } from '../../base/tensor.js';
import type { Labels } from '../../input/labels.js';
import type { Preprocessing } from '../../input/settings.js';
import { sourceChannels } from '../../input/preprocessing.js';
import { requirePreprocessing } from '../../input/resolve.js';
import { findAttention } from '../../graph/attention/find.js';
import type { Ranking } from '../../method/activations/prediction.js';
import { hasProbability, type Objective, type Term } from '../../method/reconstruction/graph/objective.js';
import { settled, type VisualizeParameters } from '../../method/reconstruction/presets.js';
import { pictureSpace, tensorPlanes, toPlanes, type PictureSpace } from '../../method/reconstruction/space.js';
import type { VisualizeQuestion } from '../../method/reconstruction/visualise.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { VisualizeRequest } from '../../protocol/reconstruction.js';
import type { TargetSummary } from '../../result/target.js';
import { NamedPictures } from '../attribution/named.js';
import { describe, targetOf } from '../attribution/target.js';
import { loadInput, namesOf, oneInput } from '../input/answers.js';
import { expandInputs, type ExpandedInput, type LoadedInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { plainInput, ranked } from './plain.js';

/** The question as the method asks it, and what is said of it. */
export interface Asked {
  readonly subject: ModelSubject;
  readonly question: VisualizeQuestion;
  readonly params: VisualizeParameters;
  readonly target: TargetSummary;
  /** The class, where the first term is one. */
  readonly objective: Objective;
  readonly start?: { readonly input: ExpandedInput; readonly loaded: LoadedInput };
  /** Files that the question names. */
  readonly files: readonly string[];
}

/** What requests of the same start and folder are read against. */
export interface Reading {
  readonly model: OpenModel;
  readonly subject: ModelSubject;
  readonly space: PictureSpace;
  readonly labels: Labels;
  readonly plan: Preprocessing;
  readonly ranking: Ranking;
  readonly start: { readonly input: ExpandedInput; readonly loaded: LoadedInput } | undefined;
  /** Pictures to look like. */
  readonly folder: readonly Float32Array[] | undefined;
  /** The start, or the plain picture that stands for none. */
  readonly loaded: Pick<LoadedInput, 'tensor' | 'crop'>;
  /** What is known of the classes' names. */
  readonly notes: readonly string[];
}

/** Opens the model, and reads the files that the parameters name. */
export async function readingOf(
  model: OpenModel,
  params: VisualizeRequest['params'] = {},
  signal: AbortSignal,
): Promise<Reading> {
  const plan = requirePreprocessing(model.resolved);
  const subject = await model.subject();
  const space = pictureSpace(subject.input, sourceChannels(plan));
  requireSize(space, Number(params['size'] ?? 0));
  const start = await startOf(model, params, signal);
  const { labels, notes } = namesOf(model, subject, []);
  const loaded = start?.loaded ?? plainInput(subject, plan);
  const ranking = await ranked(subject, labels, loaded, signal);
  const name = String(params['folder'] ?? '');
  const folder = name === '' ? undefined : await folderPlanes(model, space, name, signal);
  return { model, subject, space, labels, plan, ranking, start, folder, loaded, notes };
}

/** @throws LensError `reconstruction/size` where the model's input has a size of its own */
function requireSize({ height, width }: PictureSpace, side: number): void {
  if (!(side > 0) || (height === side && width === side)) return;
  throw new LensError(
    'usage',
    'reconstruction/size',
    `The model takes pictures of ${width} × ${height} pixels and no others: there is none of ${side} × ${side} for it.`,
    { hint: 'Leave size out, or export the model with a free height and width.' },
  );
}

/** The picture or array to start from, where the parameters name one. */
async function startOf(
  model: OpenModel,
  params: VisualizeRequest['params'],
  signal: AbortSignal,
): Promise<Reading['start']> {
  const file = params?.['start'];
  if (file === undefined || file === 'noise' || file === '') return undefined;
  const input = await oneInput(model, String(file), signal);
  return { input, loaded: await loadInput(input, signal) };
}

export async function askedOf(reading: Reading, request: VisualizeRequest, signal: AbortSignal): Promise<Asked> {
  const { start, space, folder } = reading;
  const given = request.params ?? {};
  const first = await termOf(reading, request, signal);
  let { subject } = first;
  const terms: Term[] = [{ weight: 1, objective: first.objective }];
  const array = start !== undefined && isArray(start.input);
  const params = settled(given, {
    height: space.height,
    width: space.width,
    colours: space.colours,
    transformer: findAttention(subject.graph, subject.facts).sites.length > 0,
    start: start === undefined ? 'noise' : array ? 'array' : 'picture',
    folder: folder !== undefined,
    probability: hasProbability(subject, first.objective),
    inversion: first.objective.kind === 'inversion',
  });
  if (params.preset === 'accentuate' && start === undefined) {
    throw new LensError(
      'usage',
      'reconstruction/no-photograph',
      'The preset accentuate changes a photograph, and none was given.',
      {
        hint: 'Name one: --param start=FILE.',
      },
    );
  }
  for (const [weight, text] of othersOf(params.plus)) {
    const other = await targetTerm({ ...reading, subject }, text, signal);
    subject = other.subject;
    terms.push({ weight, objective: other.objective });
  }
  return {
    subject,
    params,
    target: first.target,
    objective: first.objective,
    question: {
      space,
      terms,
      params,
      seed: request.seed ?? 0,
      ...(start === undefined ? {} : { start: startPlanes(space, start.loaded.tensor, !array) }),
      ...(folder === undefined ? {} : { folder }),
    },
    ...(start === undefined ? {} : { start }),
    files: [
      params.start === 'noise' ? '' : params.start,
      params.folder,
      params.direction,
      params.invert,
      params.natural,
      params.other,
    ].filter((f) => f !== ''),
  };
}

function startPlanes(
  space: PictureSpace,
  tensor: FloatTensor,
  colours: boolean,
): NonNullable<VisualizeQuestion['start']> {
  return { planes: colours ? toPlanes(space, tensor) : tensorPlanes(space, tensor.data), colours };
}

const isArray = (input: ExpandedInput): boolean => 'file' in input && path.extname(input.file).toLowerCase() === '.npy';

interface ReadTerm {
  readonly objective: Objective;
  /** The subject that has what the objective adds to the model. */
  readonly subject: ModelSubject;
  readonly target: TargetSummary;
}

async function termOf(reading: Reading, request: VisualizeRequest, signal: AbortSignal): Promise<ReadTerm> {
  const { target, layer, channel } = request;
  const direction = String(request.params?.['direction'] ?? '');
  const words = 'Give --target T, or --layer L with --channel N.';
  const refuse = (sentence: string): LensError =>
    new LensError('usage', 'reconstruction/target', sentence, { hint: words });
  if (target !== undefined && layer !== undefined)
    throw refuse('A target and a layer were given: one of them is meant.');
  if (layer === undefined) {
    if (channel !== undefined) throw refuse('A channel is one of a layer, and none was named.');
    if (direction !== '') throw refuse('A direction is one in a layer, and none was named.');
    if (String(request.params?.['invert'] ?? '') !== '')
      throw refuse('What is inverted is what a layer sees, and none was named.');
    if (target === undefined) throw refuse('Nothing says what the picture is to be of.');
    return targetTerm(reading, target, signal);
  }
  const inverted = String(request.params?.['invert'] ?? '');
  if ([channel !== undefined, direction !== '', inverted !== ''].filter(Boolean).length > 1)
    throw refuse('Of a channel, a direction and a picture to invert, one is meant.');
  if (channel !== undefined) return targetTerm(reading, `${layer}#${channel}`, signal);
  const { subject, model } = reading;
  const { name, output: value } = subject.layer(layer);
  if (inverted !== '') {
    const { tensor } = await loadInput(await oneInput(model, inverted, signal), signal);
    const wanted = (await subject.values(tensor, [value], signal)).get(value)!.data;
    const label = `${name} as in ${path.basename(inverted)}`;
    return { subject, objective: { kind: 'inversion', value, wanted }, target: { index: 0, label } };
  }
  if (direction === '')
    return { subject, objective: { kind: 'layer', value }, target: { index: 0, label: `${name}, all of it` } };
  const numbers = await readDirection(direction);
  const label = `${name} along ${path.basename(direction)}`;
  return { subject, objective: { kind: 'direction', value, direction: numbers }, target: { index: 0, label } };
}

async function readDirection(file: string): Promise<Float32Array> {
  try {
    return toFloat32(readNpy(await readFile(file)));
  } catch (cause) {
    if (cause instanceof LensError) throw cause;
    throw new LensError('input', 'reconstruction/direction', `The direction "${file}" cannot be read.`, {
      hint: 'Name a .npy file with a number for each channel of the layer, or for each of its values.',
      cause,
    });
  }
}

async function targetTerm(reading: Reading, text: string, signal: AbortSignal): Promise<ReadTerm> {
  const { model, subject, labels, ranking, loaded } = reading;
  const named = new NamedPictures(model, subject);
  const target = await targetOf(text, { subject, labels, ranking, loaded, named }, signal);
  return { subject: subject.asking(target), objective: { kind: 'target', target }, target: describe(target) };
}

/** `0.5 * conv3#7; -1 * cat`: weights and targets. */
function othersOf(text: string): [weight: number, target: string][] {
  return text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const found = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*\*\s*(.+)$/i.exec(part);
      if (found !== null) return [Number(found[1]), found[2]!];
      throw new LensError('usage', 'reconstruction/plus', `"${part}" is no weighted target.`, {
        hint: 'Write WEIGHT * TARGET, several with ; between them.',
      });
    });
}

/** Pictures whose statistics are taken: more tell nothing new. */
const MOST_PICTURES = 128;

async function folderPlanes(
  model: OpenModel,
  space: PictureSpace,
  folder: string,
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const inputs = await expandInputs(model, [folder], signal);
  const step = Math.max(1, Math.floor(inputs.length / MOST_PICTURES));
  const chosen = inputs.filter((input, i) => i % step === 0 && 'load' in input).slice(0, MOST_PICTURES);
  const out: Float32Array[] = [];
  for (const input of chosen) out.push(toPlanes(space, (await loadInput(input, signal)).tensor));
  if (out.length > 0) return out;
  throw new LensError('input', 'reconstruction/folder', `There are no pictures in "${folder}" that could be read.`);
}
