import path from 'node:path';
import { writeNpy } from '../../base/npy.js';
import { floatTensor, formatDims, sameDims, type FloatTensor } from '../../base/tensor.js';
import type { ActivationsAnswer } from '../../protocol/modelOperations.js';
import type { ActivationExport } from '../../result/activations.js';
import { digits, json, table } from '../io.js';
import { modelRequest, optional, usage } from '../options.js';
import { outKind, stems, writeOut } from '../outputs.js';
import { callOf, errorEntry, exitOf, report, type Verb } from '../verb.js';

export const activations: Verb = {
  name: 'activations',
  usage: 'activations MODEL INPUT… --layer L',
  summary: "a layer's value on a picture: a grid of its channels (.png), the values (.npy), statistics (.json)",
  options: ['out', 'layer', 'provider', 'threads', 'config'],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    const [model, ...inputs] = line.arguments;
    const { layer, out } = line;
    if (inputs.length === 0)
      throw usage('The verb "activations" needs an input.', 'onnx-lens activations MODEL INPUT --layer L');
    if (layer === undefined)
      throw usage('The verb "activations" needs --layer.', 'The verb "inspect" lists the layers of a model.');
    const kind = out === undefined ? undefined : outKind(out, 'activations', ['.png', '.npy', '.json']);
    const answer = await service.exportActivations({ ...request, inputs, layer }, callOf(context));
    const files = out === undefined ? new Map<string, string[]>() : await write(out, kind!, answer);
    const document = json(documentOf(model!, layer, answer, files));
    if (kind === '.json') await writeOut(out!, document);
    report(context, answer, answer.results);
    io.out(line.json ? document : textOf(answer, files, out === undefined));
    return exitOf(answer.results);
  },
};

/** Writes what `--out` asks for. Answers the files by input. */
async function write(out: string, kind: string, answer: ActivationsAnswer): Promise<Map<string, string[]>> {
  const done = answer.results.flatMap((r) => ('error' in r ? [] : [r.result]));
  const files = new Map<string, string[]>();
  if (done.length === 0) return files;
  if (kind === 'folder') {
    const names = stems(done.map((e) => e.activation.input));
    for (const [i, e] of done.entries()) {
      const base = path.join(out, `${names[i]}.${e.activation.layer.replaceAll(/[^\w.-]+/g, '_')}`);
      await writeOut(`${base}.png`, e.png);
      await writeOut(`${base}.npy`, writeNpy(e.values));
      await writeOut(`${base}.json`, json({ ...numbersOf(e), recipe: e.recipe }));
      files.set(
        e.activation.input,
        ['png', 'npy', 'json'].map((ending) => `${base}.${ending}`),
      );
    }
    return files;
  }
  if (kind === '.npy') await writeOut(out, writeNpy(answer.results.length > 1 ? stacked(done) : done[0]!.values));
  if (kind === '.png') {
    if (answer.results.length > 1) throw usage('One .png holds one input.', 'Give --out a folder.');
    await writeOut(out, done[0]!.png);
  }
  for (const e of done) files.set(e.activation.input, [out]);
  return files;
}

function stacked(done: readonly ActivationExport[]): FloatTensor {
  const { dims } = done[0]!.values;
  if (!done.every((e) => sameDims(e.values.dims, dims)))
    throw usage('The activations differ in shape and cannot be stacked.', 'Give --out a folder.');
  const out = floatTensor([done.length, ...dims]);
  done.forEach((e, k) => out.data.set(e.values.data, k * e.values.data.length));
  return out;
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
    ...optional({ receptiveField: a.receptiveField }),
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
    results: answer.results.map((r) => {
      if ('error' in r) return { input: r.input, error: errorEntry(r.error) };
      const { activation, recipe } = r.result;
      return {
        input: activation.input,
        ...numbersOf(r.result),
        files: files.get(activation.input) ?? [],
        recipe,
        warnings: activation.notes,
      };
    }),
    warnings,
  };
}

function textOf(answer: ActivationsAnswer, files: ReadonlyMap<string, string[]>, nowhere: boolean): string {
  const rows = answer.results.flatMap((r) => {
    if ('error' in r) return [];
    const { activation: a } = r.result;
    return [
      [
        a.input,
        formatDims(a.dims),
        digits(a.min),
        digits(a.max),
        digits(a.mean),
        `${digits(100 * a.zero)} %`,
        `${a.dead} of ${a.channels}`,
        files.get(a.input)?.[0] ?? '',
      ],
    ];
  });
  const text = table(['input', 'shape', 'min', 'max', 'mean', 'zero', 'dead channels', 'file'], rows);
  return `${text}ran on ${answer.provider}\n${nowhere && rows.length > 0 ? 'Nothing was written: say where with --out PATH.\n' : ''}`;
}
