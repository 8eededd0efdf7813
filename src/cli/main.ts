import { isCancelled, LensError, toErrorData } from '../base/errors.js';
import { METRICS } from '../result/benchmark.js';
import { RunnerService } from '../runner/service.js';
import { VERSION } from '../runner/model/version.js';
import { guarded, json, ProgressLine, table, type Io } from './io.js';
import { allowOnly, parseCommandLine, usage, type CommandLine } from './options.js';
import { INTERRUPTED, start } from './process.js';
import { errorEntry, sentenceOf, type Verb } from './verb.js';
import { activations } from './verbs/activations.js';
import { attention } from './verbs/attention.js';
import { check } from './verbs/check.js';
import { compare } from './verbs/compare.js';
import { evaluate } from './verbs/evaluate.js';
import { embed } from './verbs/embed.js';
import { explain } from './verbs/explain.js';
import { gradient } from './verbs/gradient.js';
import { inspect } from './verbs/inspect.js';
import { merge } from './verbs/merge.js';
import { methods } from './verbs/methods.js';
import { predict } from './verbs/predict.js';
import { roar } from './verbs/roar.js';
import { silence } from './verbs/silence.js';
import { train } from './verbs/train.js';
import { visualize } from './verbs/visualize.js';
import { weights } from './verbs/weights.js';

/** `onnx-lens`: the runner's service without an editor. Its words and files are a contract. */

const VERBS: readonly Verb[] = [
  inspect,
  methods,
  predict,
  explain,
  gradient,
  visualize,
  weights,
  activations,
  attention,
  silence,
  embed,
  compare,
  evaluate,
  train,
  roar,
  check,
  merge([predict, embed, compare, visualize, evaluate, roar]),
];

/** Runs one command line in this process. Answers the exit code; nothing is thrown and the process is not ended. */
export async function main(argv: readonly string[], terminal: Io): Promise<number> {
  const progress = new ProgressLine(terminal);
  const io = guarded(terminal);
  try {
    const line = parseCommandLine(argv);
    if (line.version) return (io.out(`${VERSION}\n`), 0);
    if (line.help || line.verb === undefined) {
      (line.help ? io.out : io.err)(helpFor(line));
      return line.help ? 0 : 2;
    }
    const verb = VERBS.find((v) => v.name === line.verb);
    if (verb === undefined)
      throw usage(`There is no verb "${line.verb}".`, `There are ${VERBS.map((v) => v.name).join(', ')}.`);
    allowOnly(line, verb.options);
    const runner = new RunnerService({ idleMs: 0 });
    try {
      return await verb.run({ line, io, service: runner.operations, progress });
    } finally {
      await runner.dispose();
    }
  } catch (error) {
    progress.clear();
    return fail(error, argv, io);
  }
}

function fail(error: unknown, argv: readonly string[], io: Io): number {
  if (isCancelled(error) || io.signal.aborted) {
    io.err('Interrupted.\n');
    return INTERRUPTED;
  }
  const data = toErrorData(error);
  if (argv.includes('--json')) io.out(json({ schema: 'onnx-lens/error/1', hint: '', ...errorEntry(data) }));
  io.err(`error: ${sentenceOf(data)}\n`);
  if (data.kind === 'bug' && data.stack !== undefined)
    io.err(`This was not foreseen; please report it.\n${data.stack}\n`);
  return exitCode(error);
}

/** 2: the caller can mend it. 3: the model cannot be served here. */
function exitCode(error: unknown): number {
  if (!(error instanceof LensError)) return 3;
  if (
    error.kind === 'usage' ||
    error.kind === 'input' ||
    ['session/provider', 'session/provider-cuda'].includes(error.code)
  )
    return 2;
  return 3;
}

function helpFor(line: CommandLine): string {
  const verb = VERBS.find((v) => v.name === line.verb);
  const verbs = verb === undefined ? VERBS : [verb];
  const rows = OPTION_HELP.filter(
    ([name]) => verb === undefined || name === 'json' || (verb.options as readonly string[]).includes(name),
  );
  return [
    'onnx-lens VERB MODEL [INPUT ...] [options]\n',
    table(
      ['', ''],
      verbs.map((v) => [`  ${v.usage}`, v.summary]),
    )
      .trimStart()
      .replace(/^/, '  '),
    'INPUT is a picture, a folder of pictures, a data set (.csv, .tsv, .json, .jsonl, .parquet, .npz), or a .npy tensor that is taken as already preprocessed.\n',
    table(
      ['', ''],
      rows.map(([, form, text]) => [`  ${form}`, text]),
    )
      .trimStart()
      .replace(/^/, '  '),
    'Exit: 0 done; 1 a check failed; 2 bad usage or input; 3 the model cannot be served; 130 interrupted.\n',
  ].join('\n');
}

const OPTION_HELP: readonly (readonly [name: string, form: string, text: string])[] = [
  ['method', '--method ID', 'a method by the id that "methods" prints'],
  ['metric', '--metric M', `by what attributions are measured: ${METRICS.map(({ id }) => id).join(', ')}`],
  ['param', '--param KEY=VALUE', "a method's parameter, repeatable"],
  [
    'target',
    '--target T',
    'top1 (default), top2…, a class index or name, "A - B" (difference), LAYER#CHANNEL, box:1, mask:cat, place:7=e, value:3, similar:FILE',
  ],
  ['score', '--score S', 'logit (default: before a final Softmax or Sigmoid) or probability'],
  ['layer', '--layer NAME', 'a layer by the name that "inspect" prints'],
  [
    'silence',
    '--silence LAYER[:HEAD]',
    'attention that counts for nothing meanwhile: a layer, or one of its heads; repeatable',
  ],
  ['channel', '--channel N', 'a channel of that layer, counted from 0, or all of them'],
  ['output', '--output NAME', 'the output that is read, of several'],
  ['input', '--input NAME=FILE', 'a .npy with the values of another input, repeatable'],
  ['of', '--of WHAT', 'what is embedded: activations (default) or weights, the rows of the last layer'],
  ['find', '--find FOLDER', 'pictures from which it is found how the model wants them'],
  ['seed', '--seed N', 'every random draw follows from it (default 0)'],
  ['job', '--job FOLDER', 'keeps the units of long work there, and goes on from what is there'],
  ['shard', '--shard I/N', 'one share of a job (also read from the variables of Slurm and Kubernetes); then merge'],
  ['top', '--top K', 'classes to show for each input (default 5)'],
  ['only', '--only ID', 'a check by its name, repeatable; left out, all'],
  ['sarif', '--sarif FILE', 'failed checks for code scanning (SARIF 2.1.0)'],
  ['junit', '--junit FILE', 'all checks as a test report (JUnit)'],
  ['out', '--out PATH', 'file or folder to write; the ending chooses the format'],
  ['config', '--config FILE', 'a settings file (.lens.json) to use instead of the one beside the model'],
  ['embed', '--embed', 'copy the weights into the file that is written'],
  ['provider', '--provider NAME', 'auto (default), cpu, webgpu, cuda, dml, coreml'],
  ['threads', '--threads N', 'threads of one run'],
  ['json', '--json', 'one JSON document on stdout and nothing else there'],
];

if (require.main === module) void start(main, __filename);
