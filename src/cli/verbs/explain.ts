import path from 'node:path';
import { writeNpy } from '../../base/npy.js';
import { floatTensor, sameDims, toFloat32 } from '../../base/tensor.js';
import type { ExplainAnswer } from '../../protocol/runner.js';
import type { Explanation } from '../../result/explanation.js';
import { overlayPng } from '../../runner/artifacts.js';
import { digits, json, table } from '../io.js';
import { modelRequest, optional, usage } from '../options.js';
import { outKind, stems, writeOut } from '../outputs.js';
import { callOf, errorEntry, exitOf, report, type Verb } from '../verb.js';

export const explain: Verb = {
  name: 'explain',
  usage: 'explain MODEL INPUT… --method ID',
  summary: 'one attribution per input: overlay, raw values and recipe in --out DIR',
  options: ['out', 'provider', 'seed', 'threads', 'target', 'score', 'layer', 'method', 'param', 'config'],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    const [model, ...inputs] = line.arguments;
    if (inputs.length === 0)
      throw usage('The verb "explain" needs at least one input.', 'onnx-lens explain MODEL INPUT… --method ID');
    if (line.method === undefined) throw usage('The verb "explain" needs --method.', 'The verb "methods" lists them.');
    const kind = line.out === undefined ? undefined : outKind(line.out, 'explain', ['.png', '.npy', '.json']);
    const { method, target, score, layer, seed } = line;
    const answer = await service.explain(
      { ...request, inputs, method, params: line.params, ...optional({ target, score, layer, seed }) },
      callOf(context),
    );
    const files = line.out === undefined ? new Map<string, string[]>() : await write(line.out, kind!, answer);
    const document = json(documentOf(model!, answer, files));
    if (kind === '.json') await writeOut(line.out!, document);
    report(context, answer, answer.results);
    io.out(line.json ? document : textOf(answer, files, line.out === undefined));
    return exitOf(answer.results);
  },
};

/** Writes what `--out` asks for. Answers the files by input. */
async function write(out: string, kind: string, answer: ExplainAnswer): Promise<Map<string, string[]>> {
  const done = answer.results.flatMap((r) => ('error' in r ? [] : [r.result]));
  const files = new Map<string, string[]>();
  if (kind === 'folder') {
    const names = stems(done.map((e) => e.input));
    for (const [i, e] of done.entries()) {
      const base = path.join(out, `${names[i]}.${e.recipe.method}`);
      await writeOut(`${base}.png`, await overlayPng(e));
      await writeOut(`${base}.npy`, writeNpy(e.attribution.values));
      await writeOut(`${base}.json`, json(e.recipe));
      files.set(
        e.input,
        ['png', 'npy', 'json'].map((ending) => `${base}.${ending}`),
      );
    }
    return files;
  }
  if (done.length === 0) return files;
  if (kind === '.npy')
    await writeOut(out, writeNpy(answer.results.length > 1 ? stacked(done) : done[0]!.attribution.values));
  if (kind === '.png') {
    if (answer.results.length > 1) throw usage('One .png holds one input.', 'Give --out a folder.');
    await writeOut(out, await overlayPng(done[0]!));
  }
  for (const e of done) files.set(e.input, [out]);
  return files;
}

function stacked(done: readonly Explanation[]): ReturnType<typeof floatTensor> {
  const [first] = done;
  const { dims } = first!.attribution.values;
  if (!done.every((e) => sameDims(e.attribution.values.dims, dims)))
    throw usage('The attributions differ in shape and cannot be stacked.', 'Give --out a folder.');
  const out = floatTensor([done.length, ...dims]);
  done.forEach((e, k) => out.data.set(toFloat32(e.attribution.values), k * (out.data.length / done.length)));
  return out;
}

function documentOf(model: string, answer: ExplainAnswer, files: ReadonlyMap<string, string[]>): object {
  const { sha256, provider, preprocessing, warnings } = answer;
  return {
    schema: 'onnx-lens/explain/1',
    model,
    sha256,
    provider,
    preprocessing,
    results: answer.results.map((r) => {
      if ('error' in r) return { input: r.input, error: errorEntry(r.error) };
      const { input, target, value, probability, layer, delta, recipe, warnings: notes } = r.result;
      return {
        input,
        method: recipe.method,
        params: recipe.params,
        target,
        score: value,
        probability,
        ...optional({ layer, delta }),
        files: files.get(input) ?? [],
        recipe,
        warnings: notes,
      };
    }),
    warnings,
  };
}

function textOf(answer: ExplainAnswer, files: ReadonlyMap<string, string[]>, nowhere: boolean): string {
  const rows = answer.results.flatMap((r) =>
    'error' in r
      ? []
      : [
          [
            r.input,
            r.result.target.label,
            digits(r.result.value),
            digits(r.result.probability),
            `${digits(r.result.milliseconds)} ms`,
            files.get(r.input)?.[0] ?? '',
          ],
        ],
  );
  const text = table(['input', 'target', 'score', 'probability', 'time', 'file'], rows);
  return `${text}ran on ${answer.provider}\n${nowhere && rows.length > 0 ? 'Nothing was written: say where with --out DIR.\n' : ''}`;
}
