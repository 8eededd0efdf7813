import path from 'node:path';
import { LensError } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { whyNoPlace } from '../../base/reach.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { stratified } from '../../method/dataset/draw.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { CheckRequest } from '../../protocol/sanity.js';
import { concatBatches } from '../../session/batches.js';
import type { DatasetRoom } from '../dataset/room.js';
import { classNameOf, loadInput, namesOf } from '../input/answers.js';
import { expandInputs, type LoadedInput, type PendingInput } from '../input/inputs.js';
import type { ModelFiles } from '../model/files.js';
import type { OpenModel } from '../model/open.js';

/** Pictures that the accuracy is taken over, at most. */
const MOST = 2000;
/** Pictures whose activations are looked at, at most. */
const FEW = 64;

/** What checks look at: read when the first of them asks. */
export class CheckMaterial {
  private asked: Promise<ModelSubject> | undefined;
  private listed: Promise<readonly PendingInput[]> | undefined;
  private readonly loaded = new Map<PendingInput, Promise<LoadedInput>>();
  /** What must be said beside the answer. */
  readonly notes: string[] = [];

  constructor(
    readonly model: OpenModel,
    readonly room: DatasetRoom,
    readonly files: ModelFiles,
    readonly request: CheckRequest,
    /** Nothing where nobody named any. */
    readonly place: string | undefined,
    readonly signal: AbortSignal,
    /** Awaited between runs: more urgent work goes first. */
    readonly pause: () => Promise<void>,
  ) {}

  get seed(): number {
    return this.request.seed ?? 0;
  }

  get plan(): OpenModel['resolved']['preprocessing'] {
    return this.model.resolved.preprocessing;
  }

  subject(): Promise<ModelSubject> {
    return (this.asked ??= this.model.subject());
  }

  /** Those of many are drawn by a fixed seed with the shares of the classes kept. */
  inputs(): Promise<readonly PendingInput[]> {
    return (this.listed ??= this.list());
  }

  private async list(): Promise<readonly PendingInput[]> {
    if (this.place === undefined) return [];
    const all = await expandInputs(this.model, [this.place], this.signal);
    const found = all.filter((input): input is PendingInput => 'load' in input);
    for (const input of all) if ('error' in input) this.notes.push(`${input.name}: ${input.error.message}`);
    if (found.length <= MOST) return found;
    this.notes.push(
      `${MOST.toLocaleString('en')} of ${found.length.toLocaleString('en')} pictures, drawn by a fixed seed with the shares of the classes kept.`,
    );
    return stratified(found.map(classNameOf), MOST).map((i) => found[i]!);
  }

  /** Some of them, the classes in turn. */
  async some(most: number): Promise<readonly PendingInput[]> {
    const inputs = await this.inputs();
    return stratified(inputs.map(classNameOf), most).map((i) => inputs[i]!);
  }

  load(input: PendingInput): Promise<LoadedInput> {
    const known = this.loaded.get(input) ?? loadInput(input, this.signal);
    if (this.loaded.size < FEW) this.loaded.set(input, known);
    return known;
  }

  /** Some pictures as a model gets them; where there are none, noise. */
  async tensors(most = FEW): Promise<{ readonly batch: FloatTensor; readonly noise: boolean }> {
    const inputs = await this.some(most);
    const tensors: FloatTensor[] = [];
    for (const input of inputs)
      try {
        tensors.push((await this.load(input)).tensor);
      } catch (error) {
        if (!(error instanceof LensError)) throw error;
        this.notes.push(`${input.name}: ${error.message}`);
      }
    if (tensors.length > 0) return { batch: concatBatches(tensors), noise: false };
    const { inputDims } = await this.subject();
    const noise = floatTensor([2, ...inputDims]);
    new Random(this.seed).fillNormal(noise.data, 0, 1);
    return { batch: noise, noise: true };
  }

  /** Pictures whose folders name classes of the model, with the numbers of those. */
  async labelled(most?: number): Promise<{
    readonly inputs: readonly PendingInput[];
    readonly truths: readonly number[];
    readonly nameOf: (index: number) => string;
  }> {
    const inputs = most === undefined ? await this.inputs() : await this.some(most);
    const subject = await this.subject();
    const { labels, truth } = namesOf(this.model, subject, inputs);
    const known = inputs.flatMap((input) => {
      const className = classNameOf(input);
      const index = className === undefined ? undefined : truth(className);
      return index === undefined ? [] : [{ input, index }];
    });
    return {
      inputs: known.map(({ input }) => input),
      truths: known.map(({ index }) => index),
      nameOf: (index) => labels.names[index] ?? `class ${index}`,
    };
  }
}

/** The data that a request names, else the settings file; nothing where neither does. */
export async function placeOf(model: OpenModel, { place }: CheckRequest): Promise<string | undefined> {
  if (place !== undefined) return place;
  const { sidecar, consulted } = model.resolved;
  const said = sidecar?.content.checks?.data;
  if (said === undefined) return undefined;
  const odd = whyNoPlace(said);
  const file = path.resolve(path.dirname(sidecar!.path), said);
  const looked = odd === undefined ? await consulted.look(file, true) : undefined;
  const why = odd ?? (looked !== undefined && 'unreadable' in looked ? `it ${looked.unreadable}` : undefined);
  if (why !== undefined || looked === undefined || !('real' in looked))
    throw new LensError(
      'input',
      'check/data',
      `The data "${said}" of "checks" in ${path.basename(sidecar!.path)} is not read: ${why ?? 'it lies outside the workspace'}.`,
      { hint: 'Name a folder or another data set beside the settings file.' },
    );
  return looked.real;
}
