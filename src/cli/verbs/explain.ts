import { given } from '../../base/given.js';
import type { ExplainAnswer } from '../../protocol/attribution.js';
import type { Explanation } from '../../result/explanation.js';
import { overlayPng } from '../../runner/attribution/artifacts.js';
import { writeExports, type Exported } from '../exports.js';
import { digits, json, table } from '../io.js';
import { inputsOf, modelRequest, usage } from '../options.js';
import { doubtLines } from '../predictions/doubts.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, entriesOf, exitOf, report, succeeded, type Verb } from '../verb.js';

export const explain: Verb = {
  name: 'explain',
  usage: 'explain MODEL INPUT… --method ID',
  summary: 'one attribution per input: overlay, raw values and recipe in --out DIR',
  options: [
    'out',
    'provider',
    'seed',
    'threads',
    'target',
    'score',
    'layer',
    'method',
    'param',
    'input',
    'config',
    'output',
  ],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    const [model] = line.arguments;
    const inputs = inputsOf(line);
    if (inputs.length === 0)
      throw usage('The verb "explain" needs at least one input.', 'onnx-lens explain MODEL INPUT… --method ID');
    if (line.method === undefined)
      throw usage(
        'The verb "explain" needs --method.',
        'The verb "methods" lists them; "auto" takes the best that fits the model.',
      );
    const kind = line.out === undefined ? undefined : outKind(line.out, 'explain', ['.png', '.npy', '.json']);
    const { method, target, score, layer, seed, out } = line;
    const answer = await service.explain(
      { ...request, inputs, method, params: line.params, ...given({ target, score, layer, seed }) },
      callOf(context),
    );
    const { results } = answer;
    const files =
      out === undefined
        ? new Map<string, string[]>()
        : await writeExports(out, kind!, 'attributions', results.length, succeeded(results).map(exported));
    const document = json(documentOf(model!, answer, files));
    if (kind === '.json') await writeOut(out!, document);
    report(context, answer, results);
    io.out(line.json ? document : textOf(answer, files, out === undefined));
    return exitOf(results);
  },
};

/** What files are made of. */
function exported(e: Explanation): Exported {
  return {
    input: e.input,
    suffix: e.recipe.method,
    values: e.attribution.values,
    document: e.recipe,
    png: () => overlayPng(e),
  };
}

function documentOf(model: string, answer: ExplainAnswer, files: ReadonlyMap<string, string[]>): object {
  const { sha256, provider, preprocessing, warnings } = answer;
  return {
    schema: 'onnx-lens/explain/1',
    model,
    sha256,
    provider,
    preprocessing,
    results: entriesOf(answer.results, (result) => {
      const { target, value, probability, layer, delta, recipe, doubts, choice } = result;
      return {
        method: recipe.method,
        params: recipe.params,
        ...given({ chosen: choice?.sentence }),
        target,
        score: value,
        ...given({ probability, layer, delta, doubts: doubts?.map((d) => d.sentence) }),
        files: files.get(result.input) ?? [],
        recipe,
        warnings: result.warnings,
      };
    }),
    warnings,
  };
}

function textOf(answer: ExplainAnswer, files: ReadonlyMap<string, string[]>, nowhere: boolean): string {
  const rows = succeeded(answer.results).map((e) => [
    e.input,
    e.target.label,
    digits(e.value),
    e.probability === undefined ? '' : digits(e.probability),
    `${digits(e.milliseconds)} ms`,
    files.get(e.input)?.[0] ?? '',
  ]);
  const text =
    table(['input', 'target', 'score', 'probability', 'time', 'file'], rows) + doubtLines(succeeded(answer.results));
  // One choice for the model: the same beside every input.
  const chosen = [...new Set(succeeded(answer.results).flatMap(({ choice }) => choice?.sentence ?? []))];
  return `${text}${chosen.map((sentence) => `${sentence}\n`).join('')}ran on ${answer.provider}\n${nowhere && rows.length > 0 ? 'Nothing was written: say where with --out DIR.\n' : ''}`;
}
