import { given } from '../../base/given.js';
import { formatDims } from '../../base/tensor.js';
import type { ActivationsAnswer } from '../../protocol/activations.js';
import type { ActivationExport } from '../../result/activations.js';
import { writeExports, type Exported } from '../exports.js';
import { digits, json, table } from '../io.js';
import { inputsOf, modelRequest, usage } from '../options.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, entriesOf, exitOf, report, succeeded, type Verb } from '../verb.js';

export const activations: Verb = {
  name: 'activations',
  usage: 'activations MODEL INPUT… --layer L',
  summary: "a layer's value on a picture: a grid of its channels (.png), the values (.npy), statistics (.json)",
  options: ['out', 'layer', 'provider', 'threads', 'input', 'config'],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    const [model] = line.arguments;
    const inputs = inputsOf(line);
    const { layer, out } = line;
    if (inputs.length === 0)
      throw usage('The verb "activations" needs an input.', 'onnx-lens activations MODEL INPUT --layer L');
    if (layer === undefined)
      throw usage('The verb "activations" needs --layer.', 'The verb "inspect" lists the layers of a model.');
    const kind = out === undefined ? undefined : outKind(out, 'activations', ['.png', '.npy', '.json']);
    const answer = await service.exportActivations({ ...request, inputs, layer }, callOf(context));
    const { results } = answer;
    const files =
      out === undefined
        ? new Map<string, string[]>()
        : await writeExports(out, kind!, 'activations', results.length, succeeded(results).map(exported));
    const document = json(documentOf(model!, layer, answer, files));
    if (kind === '.json') await writeOut(out!, document);
    report(context, answer, results);
    io.out(line.json ? document : textOf(answer, files, out === undefined));
    return exitOf(results);
  },
};

/** What files are made of. */
function exported(e: ActivationExport): Exported {
  const { input, layer } = e.activation;
  return {
    input,
    suffix: layer.replaceAll(/[^\w.-]+/g, '_'),
    values: e.values,
    document: { ...numbersOf(e), recipe: e.recipe },
    png: () => e.png,
  };
}

function numbersOf({ activation: a }: ActivationExport): object {
  const s = a.statistics;
  return {
    layer: a.layer,
    op: a.op,
    value: a.value,
    shape: a.dims,
    channels: a.channels,
    map: [a.height, a.width],
    ...(a.prefixTokens > 0 ? { prefixTokens: a.prefixTokens } : {}),
    min: a.min,
    max: a.max,
    mean: a.mean,
    zero: a.zero,
    nan: a.nan,
    infinite: a.infinite,
    dead: [...s.zero.keys()].filter((c) => s.zero[c] === 1),
    perChannel: Object.fromEntries(
      Object.entries(s).map(([name, values]) => [name, Array.from(values as Float32Array)]),
    ),
    ...given({ receptiveField: a.receptiveField }),
  };
}

function documentOf(
  model: string,
  layer: string,
  answer: ActivationsAnswer,
  files: ReadonlyMap<string, string[]>,
): object {
  const { sha256, provider, preprocessing, warnings } = answer;
  return {
    schema: 'onnx-lens/activations/1',
    model,
    sha256,
    provider,
    preprocessing,
    layer,
    results: entriesOf(answer.results, (result) => ({
      ...numbersOf(result),
      files: files.get(result.activation.input) ?? [],
      recipe: result.recipe,
      warnings: result.activation.notes,
    })),
    warnings,
  };
}

function textOf(answer: ActivationsAnswer, files: ReadonlyMap<string, string[]>, nowhere: boolean): string {
  const rows = succeeded(answer.results).map(({ activation: a }) => [
    a.input,
    formatDims(a.dims),
    digits(a.min),
    digits(a.max),
    digits(a.mean),
    `${digits(100 * a.zero)} %`,
    `${a.dead} of ${a.channels}`,
    files.get(a.input)?.[0] ?? '',
  ]);
  const text = table(['input', 'shape', 'min', 'max', 'mean', 'zero', 'dead channels', 'file'], rows);
  return `${text}ran on ${answer.provider}\n${nowhere && rows.length > 0 ? 'Nothing was written: say where with --out PATH.\n' : ''}`;
}
