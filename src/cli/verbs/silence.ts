import { given } from '../../base/given.js';
import type { SilenceAnswer } from '../../protocol/attention.js';
import { digits, json, onOneLine, table } from '../io.js';
import { inputsOf, modelRequest, usage } from '../options.js';
import { csvLine } from '../../base/csv.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, errorEntry, report, sentenceOf, type Verb } from '../verb.js';

const FORM = 'onnx-lens silence MODEL INPUT… [--param each=head|layer] [--layer NAME]';
const EACH = ['head', 'layer'] as const;
/** Rows of the table for people; files have all. */
const SHOWN = 20;

export const silence: Verb = {
  name: 'silence',
  usage: 'silence MODEL INPUT…',
  summary: 'what the prediction loses without each head of a transformer, or each layer: --param each=head|layer',
  options: ['out', 'provider', 'threads', 'input', 'config', 'param', 'layer', 'target', 'score', 'output'],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    const inputs = inputsOf(line);
    if (inputs.length === 0) throw usage('The verb "silence" needs at least one input.', FORM);
    const { out, layer, target, score, params } = line;
    const kind = out === undefined ? undefined : outKind(out, 'silence', ['.csv', '.json']);
    if (kind === 'folder') throw usage('The verb "silence" writes a file: end --out with .csv or .json.');
    const answer = await service.silence(
      { ...request, inputs, each: eachOf(params), ...given({ layer, target, score }) },
      callOf(context),
    );
    const document = json(documentOf(line.arguments[0]!, answer));
    if (out !== undefined) await writeOut(out, kind === '.csv' ? csvOf(answer) : document);
    report(context, answer);
    for (const { input, error } of answer.omitted) io.err(`error: ${onOneLine(input)}: ${sentenceOf(error)}\n`);
    io.out(line.json ? document : textOf(answer, out));
    return answer.omitted.length > 0 ? 2 : 0;
  },
};

function eachOf(params: Readonly<Record<string, string>>): (typeof EACH)[number] {
  const { each = 'head', ...others } = params;
  const [other] = Object.keys(others);
  if (other !== undefined) throw usage(`The verb "silence" has no parameter "${other}". It has each.`, FORM);
  const found = EACH.find((word) => word === each);
  if (found === undefined) throw usage(`--param each=${each}: head or layer is meant.`, FORM);
  return found;
}

function documentOf(model: string, answer: SilenceAnswer): object {
  const { sha256, provider, preprocessing, target, score, counted, of, omitted, rows, whole, recipe, warnings } =
    answer;
  return {
    schema: 'onnx-lens/silence/1',
    model,
    sha256,
    provider,
    preprocessing,
    ...given({ target }),
    score,
    counted,
    of,
    rows,
    ...(whole.length > 0 ? { whole } : {}),
    omitted: omitted.map(({ input, error }) => ({ input, error: errorEntry(error) })),
    recipe,
    warnings,
  };
}

function csvOf({ rows }: SilenceAnswer): string {
  return [
    csvLine(['layer', 'head', 'before', 'after', 'drop', 'changed']),
    ...rows.map((r) => csvLine([r.layer, r.head ?? '', r.before, r.after, r.drop, r.changed ?? ''])),
  ].join('');
}

function textOf(answer: SilenceAnswer, out: string | undefined): string {
  const { rows, counted, of, target, score, whole } = answer;
  const shown = rows.slice(0, SHOWN);
  const head = ['layer', 'head', 'before', 'after', 'drop', 'other first class'];
  const cells = shown.map((r) => [
    r.layer,
    r.head === undefined ? 'all' : `${r.head}`,
    digits(r.before),
    digits(r.after),
    digits(r.drop),
    r.changed === undefined ? '' : `${r.changed} of ${counted}`,
  ]);
  const what = target === undefined ? "each picture's own first class" : target.label;
  const said = [
    `${counted} of ${of} ${of === 1 ? 'picture' : 'pictures'}; ${score} of ${onOneLine(what)}`,
    ...(whole.length === 0
      ? []
      : [`Heads cannot be told apart, so that they were silenced together: ${onOneLine(whole.join(', '))}`]),
  ];
  const rest = rows.length > SHOWN ? `${rows.length - SHOWN} more: --out FILE.csv, --out FILE.json or --json.\n` : '';
  const written = out === undefined ? '' : `written: ${onOneLine(out)}\n`;
  return `${said.join('\n')}\n\n${table(head, cells)}${rest}ran on ${answer.provider}\n${written}`;
}
