import { given } from '../base/given.js';
import type { ErrorData } from '../base/errors.js';
import type { Call, Handlers } from '../protocol/channel.js';
import type { ModelAnswer, WorkProgress } from '../protocol/request.js';
import type { RunnerApi } from '../protocol/runner.js';
import type { Outcome } from '../result/explanation.js';
import { onOneLine, ProgressLine, type Io } from './io.js';
import type { CommandLine, OptionName } from './options.js';

/** What a verb has to work with. */
export interface VerbContext {
  readonly line: CommandLine;
  readonly io: Io;
  readonly service: Handlers<RunnerApi>;
  readonly progress: ProgressLine;
  /** The folder of a job that is put together: nothing is run. */
  readonly merging?: string;
}

/** One word of the command line. `run` answers the exit code. */
export interface Verb {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly options: readonly OptionName[];
  run(context: VerbContext): Promise<number>;
}

/** The call that a verb hands to the service: its signal, and its progress on stderr. */
export function callOf(context: VerbContext): Call<WorkProgress> {
  return {
    signal: context.io.signal,
    progress: ({ fraction, message }) => context.progress.show(fraction, message),
  };
}

/** The results of the inputs that did not fail. */
export function succeeded<T>(results: readonly Outcome<T>[]): T[] {
  return results.flatMap((r) => ('error' in r ? [] : [r.result]));
}

/** What a document says of every input: `entry` of its result, or its error. */
export function entriesOf<T>(results: readonly Outcome<T>[], entry: (result: T) => object): object[] {
  return results.map((r) => ({ input: r.input, ...('error' in r ? { error: errorEntry(r.error) } : entry(r.result)) }));
}

/** An error in a document. */
export function errorEntry(error: ErrorData): { code: string; message: string; hint?: string } {
  return { code: error.code, message: error.message, ...given({ hint: error.hint }) };
}

/** Says warnings and the inputs that failed on stderr. */
export function report(
  context: VerbContext,
  answer: Pick<ModelAnswer, 'warnings'>,
  results: readonly Outcome<unknown>[] = [],
): void {
  context.progress.clear();
  for (const warning of answer.warnings) context.io.err(`warning: ${onOneLine(warning)}\n`);
  for (const outcome of results) {
    if (!('error' in outcome)) continue;
    context.io.err(`error: ${onOneLine(outcome.input)}: ${sentenceOf(outcome.error)}\n`);
    if (outcome.error.kind === 'bug' && outcome.error.stack !== undefined) context.io.err(`${outcome.error.stack}\n`);
  }
}

/** Message, hint and the operators that were refused. */
export function sentenceOf(error: Pick<ErrorData, 'message' | 'hint' | 'refused'>): string {
  const refused = (error.refused ?? []).map(
    (r) => `\n  ${onOneLine(`${r.op}${r.node === '' ? '' : ` (${r.layer ?? r.node})`}: ${r.reason}`)}`,
  );
  return onOneLine([error.message, error.hint ?? ''].join(' ').trimEnd()) + refused.join('');
}

/** Exit code of a run over inputs: 2 when one failed, 3 when all failed because the model cannot be served. */
export function exitOf(results: readonly Outcome<unknown>[]): number {
  const errors = results.flatMap((r) => ('error' in r ? [r.error] : []));
  if (errors.length === 0) return 0;
  return errors.length === results.length && errors.every((e) => e.kind === 'unsupported') ? 3 : 2;
}
