import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { isCancelled, LensError, throwIfCancelled, toErrorData } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import { encodePng } from '../../input/encode.js';
import { visualise } from '../../method/reconstruction/visualise.js';
import type { Call } from '../../protocol/channel.js';
import type {
  VisualizeChannelsAnswer,
  VisualizeChannelsProgress,
  VisualizeChannelsRequest,
} from '../../protocol/reconstruction.js';
import { pictureGrid } from '../../result/grid.js';
import type { ChannelPicture } from '../../result/reconstruction.js';
import type { DatasetRoom } from '../dataset/room.js';
import { answerOf } from '../input/answers.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { recordOf } from '../overview/describe.js';
import { contextOf } from '../reading/context.js';
import { JobUnits, unitKey, type KeptUnits } from '../reading/keptInJob.js';
import { channelsOf } from './form.js';
import { askedOf, readingOf, type Asked, type Reading } from './question.js';
import { pictureOf, saidOf, type Context } from './said.js';

/** Nothing says which way to go for a unit: an answer of its own, and the others are made nevertheless. */
const OF_ITS_OWN: ReadonlySet<string> = new Set(['reconstruction/no-gradient', 'reconstruction/nan']);
/** What says how a picture is held against others is not asked of many, nor what belongs to another question. */
const NOT_OF_MANY = ['natural', 'other', 'direction', 'invert', 'facets'] as const;

/** A picture for every channel of a layer: those that are there are not made again. */
export async function visualizeChannels(
  model: OpenModel,
  room: DatasetRoom,
  request: VisualizeChannelsRequest,
  call: Call<VisualizeChannelsProgress>,
): Promise<VisualizeChannelsAnswer> {
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const question = await channelsQuestion(model, room, request, signal);
  const { reading, count, kept } = question;
  const found: ChannelPicture[] = [];
  try {
    for await (const made of channelUnits(question, call)) if (request.told !== true) found.push(made);
  } finally {
    await kept.settle();
  }
  const { subject, plan, space, notes } = reading;
  const first = await question.asked(0);
  const { params } = first;
  const pictures = Array.from({ length: count }, (_, channel) => {
    const one = found.find((each) => each.channel === channel);
    return one !== undefined && 'picture' in one ? one.picture : undefined;
  });
  const drawn = request.drawn === true ? pictureGrid(pictures, space) : undefined;
  const { provider } = subject;
  const recipe = await recipeOf(model, {
    ...given({ input: reading.start?.input }),
    preprocessing: recordOf(plan),
    method: 'visualize',
    params,
    layer: request.layer,
    target: { index: 0, label: `${request.layer}, each of its ${count} channels` },
    score: 'logit',
    seed: request.seed ?? 0,
    provider: provider?.used ?? 'cpu',
    notes: subject.notes,
  });
  const answer = await answerOf(model, subject, [...notes, ...kept.notes()]);
  return {
    ...answer,
    files: [...answer.files, ...first.files.map(filePath)],
    layer: request.layer,
    count,
    channels: found,
    params,
    ...(drawn === undefined ? {} : { png: await encodePng(drawn.data, drawn.width, drawn.height) }),
    recipe,
  };
}

/** Does the channels of one share of a job; nothing of them is kept but in the job's folder. */
export async function shareChannels(
  model: OpenModel,
  room: DatasetRoom,
  request: VisualizeChannelsRequest,
  call: Call<VisualizeChannelsProgress>,
): Promise<{ readonly done: number; readonly of: number; readonly warnings: readonly string[] }> {
  const question = await channelsQuestion(model, room, request, call.signal);
  let done = 0;
  for await (const _ of channelUnits(question, call)) done++;
  const { warnings } = await answerOf(model, question.reading.subject, []);
  return { done, of: question.count, warnings };
}

interface Kept {
  readonly units?: KeptUnits;
  mine(unit: number): boolean;
  notes(): readonly string[];
  settle(): Promise<void>;
}

interface ChannelsQuestion {
  readonly reading: Reading;
  readonly count: number;
  readonly kept: Kept;
  /** Only what there is. */
  readonly known: boolean;
  asked(channel: number): Promise<Asked>;
  keyOf(channel: number): string;
}

async function channelsQuestion(
  model: OpenModel,
  room: DatasetRoom,
  request: VisualizeChannelsRequest,
  signal: AbortSignal,
): Promise<ChannelsQuestion> {
  const { layer, seed } = request;
  const params = Object.fromEntries(
    Object.entries(request.params ?? {}).filter(([name]) => !(NOT_OF_MANY as readonly string[]).includes(name)),
  );
  const reading = await readingOf(model, params, signal);
  const { channels: count } = channelsOf(reading.subject, layer);
  if (count === undefined) {
    throw new LensError('usage', 'reconstruction/no-channels', `The value of "${layer}" has no channels.`, {
      hint: 'Take another layer, or leave --channel out for all of it at once.',
    });
  }
  const asked = (channel: number): Promise<Asked> =>
    askedOf(reading, { ...request, params, channel, ...given({ seed }) }, signal);
  const { context, ...kept } = await keptOf(model, room, request, reading);
  const { params: settled, question } = await asked(0);
  const files = createHash('sha256');
  for (const planes of [question.start?.planes, ...(question.folder ?? [])])
    if (planes !== undefined) files.update(new Uint8Array(planes.buffer, planes.byteOffset, planes.byteLength));
  // Where the files lie does not matter, nor how often a picture is shown on the way.
  const { start: _start, folder: _folder, every: _every, ...rest } = settled;
  const common = [context, layer, rest, question.seed, files.digest('hex')];
  return {
    reading,
    count,
    kept,
    known: request.known === true,
    asked,
    keyOf: (channel) => unitKey('channel', common, channel),
  };
}

async function keptOf(
  model: OpenModel,
  room: DatasetRoom,
  request: VisualizeChannelsRequest,
  { subject }: Reading,
): Promise<Kept & { readonly context: string }> {
  if (request.job === undefined) {
    const { context, units, notes, settle } = await room.keptFor(model, subject, request);
    return { context, ...given({ units }), mine: () => true, notes, settle };
  }
  const units = new JobUnits(request.job);
  const context = await contextOf(model, subject, request);
  return { context, units, mine: (unit) => units.mine(unit), notes: () => [], settle: () => Promise.resolve() };
}

async function* channelUnits(
  { reading, count, kept, known, asked, keyOf }: ChannelsQuestion,
  call: Call<VisualizeChannelsProgress>,
): AsyncGenerator<ChannelPicture> {
  for (let channel = 0; channel < count; channel++) {
    throwIfCancelled(call.signal);
    if (!kept.mine(channel)) continue;
    const key = keyOf(channel);
    const there = await kept.units?.read(key);
    const before = there === undefined ? undefined : decoded(there, channel);
    if (before === undefined && known) continue;
    const made = before ?? (await one(reading, await asked(channel), channel, { count, call }));
    if (before === undefined) await kept.units?.write(key, serialize(made));
    call.progress({ fraction: (channel + 1) / count, message: `${channel + 1} / ${count} channels`, made });
    yield made;
  }
}

async function one(
  { model, plan, labels }: Reading,
  asked: Asked,
  channel: number,
  { count, call }: { readonly count: number; readonly call: Call<VisualizeChannelsProgress> },
): Promise<ChannelPicture> {
  const { signal } = call;
  const context: Context = { model, plan, labels, asked, signal };
  const { steps } = asked.params;
  try {
    const { facets } = await visualise(asked.subject, asked.question, {
      signal,
      onPicture: (step, planes) =>
        call.progress({
          fraction: (channel + step / steps) / count,
          message: `${channel} / ${count} channels`,
          running: { channel, picture: pictureOf(context, planes) },
        }),
    });
    const picture = pictureOf(context, facets[0]!.planes);
    const { value } = await saidOf(context, picture);
    return { channel, picture, value };
  } catch (error) {
    const data = toErrorData(error);
    if (isCancelled(error) || !OF_ITS_OWN.has(data.code)) throw error;
    return { channel, error: data };
  }
}

/** What a unit holds; nothing of another version. */
function decoded(payload: Uint8Array, channel: number): ChannelPicture | undefined {
  try {
    const said = deserialize(payload) as Partial<ChannelPicture> | null;
    return said?.channel === channel && ('picture' in said || 'error' in said) ? (said as ChannelPicture) : undefined;
  } catch {
    return undefined;
  }
}
