import { throwIfCancelled, toErrorData, isCancelled, type ErrorData } from '../../base/errors.js';
import { canonical } from '../../base/canonical.js';
import type { EvaluateRequest } from '../../protocol/benchmark.js';
import type { MeasuredPicture } from '../../result/benchmark.js';
import { decodeAnswer, encodeAnswer } from '../reading/answers.js';
import type { DatasetRoom } from '../dataset/room.js';
import { Contents } from '../reading/contents.js';
import { contextOf } from '../reading/context.js';
import { JobUnits, unitKey, type KeptUnits } from '../reading/keptInJob.js';
import { maskHash } from './masks.js';
import { measureRow, readPicture, type ReadPicture } from './picture.js';
import type { EvaluateQuestion, Row } from './question.js';

/** What a row got on a picture, or why it got nothing. */
export type Got = { readonly measured: Omit<MeasuredPicture, 'picture'> } | { readonly error: ErrorData };

/** As it is kept. */
type Kept = Got | { readonly unreadable: ErrorData };

/** What the machine could not do is no answer: it is tried again another time. */
const isAnswer = ({ kind }: ErrorData): boolean => kind !== 'runtime' && kind !== 'bug';

/** One picture with all rows; `unreadable` where nothing could be asked of it. */
export interface PictureUnit {
  readonly picture: number;
  readonly rows: readonly Got[];
  readonly unreadable?: ErrorData;
}

export interface Working {
  /** A row of a picture is begun. */
  working?(picture: number, row: Row): void;
}

/**
 * Picture by picture, all rows on each, so that what a picture gets does not depend on what else is asked. What is kept, in a
 * job's folder or in the store, is not measured again; others than this process's share are passed over.
 */
export async function* evaluateUnits(
  question: EvaluateQuestion,
  request: EvaluateRequest,
  room: DatasetRoom,
  signal: AbortSignal,
  { working }: Working = {},
): AsyncGenerator<PictureUnit> {
  const { model, subject, inputs, rows } = question;
  const job = request.job === undefined ? undefined : new JobUnits(request.job);
  const kept = job === undefined ? await room.keptFor(model, subject, request) : undefined;
  const units: KeptUnits | undefined = job ?? kept?.units;
  const contents = kept?.contents ?? new Contents();
  const context = units === undefined ? '' : (kept?.context ?? (await contextOf(model, subject, request)));
  try {
    for (const [picture, input] of inputs.entries()) {
      throwIfCancelled(signal);
      if (job !== undefined && !job.mine(picture)) continue;
      const content = await contents.of(input);
      const beside = await maskHash(question, input);
      const keys =
        units === undefined || content === undefined
          ? undefined
          : rows.map((row) => keyOf(question, row, context, content + beside));
      let read: ReadPicture | undefined;
      let unreadable: ErrorData | undefined;
      const got: Got[] = [];
      for (const [r, row] of rows.entries()) {
        const known = keys === undefined ? undefined : decodeAnswer<Kept>(await units!.read(keys[r]!));
        if (known !== undefined && 'unreadable' in known) {
          unreadable = known.unreadable;
          break;
        }
        if (known !== undefined) {
          got.push(known);
          continue;
        }
        working?.(picture, row);
        try {
          read ??= await readPicture(question, input, content, signal);
        } catch (error) {
          if (isCancelled(error)) throw error;
          unreadable = toErrorData(error);
          if (keys !== undefined && isAnswer(unreadable))
            for (const key of keys) await units!.write(key, encodeAnswer({ unreadable } satisfies Kept));
          break;
        }
        const found = await attempted(() => measureRow(question, row, read!, signal));
        if (keys !== undefined && ('measured' in found || isAnswer(found.error)))
          await units!.write(keys[r]!, encodeAnswer(found));
        got.push(found);
      }
      yield { picture, rows: unreadable === undefined ? got : [], ...(unreadable === undefined ? {} : { unreadable }) };
    }
  } finally {
    await kept?.settle();
  }
}

async function attempted(work: () => Promise<Omit<MeasuredPicture, 'picture'>>): Promise<Got> {
  try {
    return { measured: await work() };
  } catch (error) {
    if (isCancelled(error)) throw error;
    return { error: toErrorData(error) };
  }
}

/** Of all that a number depends on: nothing of it is which other methods or pictures are asked about. */
function keyOf({ metric, params, seed, target }: EvaluateQuestion, row: Row, context: string, content: string): string {
  const asked =
    row.kind === 'baseline'
      ? [row.baseline]
      : [row.question.method.id, canonical(row.question.asked.params), row.layer ?? null, row.question.asked.score];
  return unitKey('evaluate', context, metric.id, canonical(params), row.seeds, seed, target ?? null, ...asked, content);
}
