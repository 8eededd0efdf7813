import path from 'node:path';
import { parseArgs } from 'node:util';
import { given } from '../base/given.js';
import { LensError } from '../base/errors.js';
import { filePath, type FilePath } from '../base/place.js';
import type { ModelRequest } from '../protocol/request.js';
import { METRICS, type MetricId } from '../result/benchmark.js';
import type { ScoreKind } from '../result/recipe.js';

const PROVIDERS = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;
const SCORES = ['logit', 'probability'] as const;

const OPTIONS = {
  json: { type: 'boolean' },
  out: { type: 'string' },
  provider: { type: 'string' },
  seed: { type: 'string' },
  threads: { type: 'string' },
  target: { type: 'string' },
  score: { type: 'string' },
  layer: { type: 'string' },
  silence: { type: 'string', multiple: true },
  channel: { type: 'string' },
  output: { type: 'string' },
  method: { type: 'string' },
  metric: { type: 'string' },
  of: { type: 'string' },
  param: { type: 'string', multiple: true },
  input: { type: 'string', multiple: true },
  config: { type: 'string' },
  find: { type: 'string' },
  job: { type: 'string' },
  shard: { type: 'string' },
  top: { type: 'string' },
  only: { type: 'string', multiple: true },
  sarif: { type: 'string' },
  junit: { type: 'string' },
  embed: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

export type OptionName = keyof typeof OPTIONS;

/** A command line, checked as far as it can be without a model. */
export interface CommandLine {
  readonly verb: string | undefined;
  readonly arguments: readonly string[];
  readonly given: ReadonlySet<OptionName>;
  readonly json: boolean;
  readonly embed: boolean;
  readonly help: boolean;
  readonly version: boolean;
  readonly out?: string;
  readonly provider?: NonNullable<ModelRequest['provider']>;
  readonly seed?: number;
  readonly threads?: number;
  readonly target?: string;
  readonly score?: ScoreKind;
  readonly layer?: string;
  /** Heads that count for nothing, `LAYER` or `LAYER:HEAD` each. */
  readonly silence: readonly string[];
  readonly channel?: number | 'all';
  readonly output?: string;
  readonly method?: string;
  /** By which attributions are measured. */
  readonly metric?: MetricId;
  /** What is embedded. */
  readonly of?: 'activations' | 'weights';
  readonly params: Readonly<Record<string, string>>;
  /** Files for other inputs, by name. */
  readonly otherInputs: Readonly<Record<string, string>>;
  readonly config?: string;
  /** A folder of pictures from which settings are found. */
  readonly find?: string;
  readonly top?: number;
  /** A folder that keeps the units of long work, and which share of them is meant. */
  readonly job?: string;
  readonly shard?: string;
  /** Checks that are meant. */
  readonly only: readonly string[];
  readonly sarif?: string;
  readonly junit?: string;
  /** As it was said. */
  readonly words: readonly string[];
}

export function usage(message: string, hint = 'See onnx-lens --help.'): LensError {
  return new LensError('usage', 'cli/usage', message, { hint });
}

/** What takes one value is not given two of which one would be lost. */
function onceEach(names: readonly string[]): void {
  const twice = names.find((name, i) => {
    const option: { readonly type: string; readonly multiple?: boolean } = OPTIONS[name as OptionName];
    return option.type === 'string' && option.multiple !== true && names.indexOf(name) < i;
  });
  if (twice !== undefined) throw usage(`--${twice} is given more than once, and takes one value.`, 'Give it once.');
}

/** Parses the arguments after the program's name. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true, tokens: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const known = Object.keys(OPTIONS)
      .map((name) => `--${name}`)
      .join(' ');
    throw usage(`${message.split('. ')[0]!.replace(/\.$/, '')}.`, `Options: ${known}.`);
  }
  const { values, positionals, tokens } = parsed;
  onceEach(tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : [])));
  const [verb, ...rest] = positionals;
  const provider = oneOf('provider', values.provider, PROVIDERS);
  const score = oneOf('score', values.score, SCORES);
  const of = oneOf('of', values.of, ['activations', 'weights']);
  const metric = oneOf(
    'metric',
    values.metric,
    METRICS.map(({ id }) => id),
  );
  const seed = wholeNumber('seed', values.seed, 0);
  const channel = values.channel === 'all' ? ('all' as const) : wholeNumber('channel', values.channel, 0);
  const threads = wholeNumber('threads', values.threads, 1);
  const top = wholeNumber('top', values.top, 1);
  return {
    verb,
    words: argv,
    arguments: rest,
    given: new Set(Object.keys(values) as OptionName[]),
    json: values.json ?? false,
    embed: values.embed ?? false,
    help: values.help ?? false,
    version: values.version ?? false,
    silence: values.silence ?? [],
    only: values.only ?? [],
    params: pairs('param', 'KEY=VALUE', values.param ?? []),
    otherInputs: pairs('input', 'NAME=FILE', values.input ?? []),
    ...given({
      out: values.out,
      provider,
      seed,
      threads,
      target: values.target,
      score,
      layer: values.layer,
      channel,
      output: values.output,
      method: values.method,
      metric,
      config: values.config,
      find: values.find,
      job: values.job,
      shard: values.shard,
      sarif: values.sarif,
      junit: values.junit,
      of,
      top,
    }),
  };
}

/** The part of a request that every verb about a model has. */
export function modelRequest(line: CommandLine): ModelRequest {
  const [model] = line.arguments;
  if (model === undefined) throw usage(`The verb "${line.verb}" needs a model.`, `onnx-lens ${line.verb} MODEL`);
  const { provider, threads, config, output } = line;
  const others = Object.entries(line.otherInputs).map(([name, file]) => [name, filePath(path.resolve(file))] as const);
  return {
    model: filePath(path.resolve(model)),
    ...(others.length === 0 ? {} : { otherInputs: Object.fromEntries(others) }),
    ...given({ provider, threads, output, config: config === undefined ? undefined : filePath(path.resolve(config)) }),
  };
}

/** What a verb is to read beside the model: pictures, folders, `.npy` files. */
export function inputsOf(line: CommandLine): readonly FilePath[] {
  return line.arguments.slice(1).map(filePath);
}

/** Options that a verb does not know are refused, not ignored. */
export function allowOnly(line: CommandLine, names: readonly OptionName[]): void {
  const always: readonly OptionName[] = ['json', 'help', 'version'];
  for (const name of line.given) {
    if (always.includes(name) || names.includes(name)) continue;
    throw usage(
      `The verb "${line.verb}" has no option --${name}.`,
      names.length === 0 ? 'It has --json.' : `It has ${[...names, 'json'].map((n) => `--${n}`).join(', ')}.`,
    );
  }
}

function oneOf<const T extends readonly string[]>(
  name: string,
  value: string | undefined,
  words: T,
): T[number] | undefined {
  if (value === undefined || words.includes(value)) return value;
  throw usage(`--${name} must be one of ${words.join(', ')}, not "${value}".`);
}

function wholeNumber(name: string, text: string | undefined, minimum: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= minimum) return value;
  throw usage(`--${name} must be a whole number of at least ${minimum}, not "${text}".`);
}

function pairs(option: string, form: string, texts: readonly string[]): Record<string, string> {
  const found = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) throw usage(`--${option} must be ${form}, not "${text}".`);
    const key = text.slice(0, at);
    if (found.has(key)) throw usage(`--${option} ${key} is given more than once.`, 'Give it once.');
    found.set(key, text.slice(at + 1));
  }
  return Object.fromEntries(found);
}
