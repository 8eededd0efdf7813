import path from 'node:path';
import { given } from '../../base/given.js';
import { filePath, type FilePath } from '../../base/place.js';
import type { CompareModelsRequest } from '../../protocol/comparison.js';
import type { ModelRequest } from '../../protocol/request.js';
import { comparisonPage } from '../../report/comparison.js';
import type { Comparison } from '../../result/comparison.js';
import { findingsOf } from '../../result/comparisonWords.js';
import { comparisonDocument } from '../comparison/document.js';
import { json, onOneLine } from '../io.js';
import { jobOf, runShare } from '../job.js';
import { modelRequest, usage, type CommandLine } from '../options.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, report, sentenceOf, type Verb } from '../verb.js';

const FORM = 'onnx-lens compare MODEL_A MODEL_B [FOLDER]';
/** In place of a model: the other one with its weights drawn anew. */
const RANDOM = 'random';

export const compare: Verb = {
  name: 'compare',
  usage: 'compare MODEL_A MODEL_B [FOLDER]',
  summary: 'two models side by side (random: the other one with random weights): weights; on a folder all else',
  options: [
    'out',
    'provider',
    'threads',
    'seed',
    'layer',
    'output',
    'method',
    'param',
    'input',
    'config',
    'job',
    'shard',
  ],
  async run(context) {
    const { line, io, service } = context;
    const { request, other } = modelsOf(line);
    const [, , folder, ...more] = line.arguments;
    if (more.length > 0) throw usage('The verb "compare" takes one folder.', FORM);
    const kind = line.out === undefined ? undefined : outKind(line.out, 'compare', ['.html', '.json']);
    if (kind === 'folder') throw usage('The verb "compare" writes a file: end --out with .html or .json.');
    const { method, layer, seed } = line;
    const { layout, explained, layered, ...params } = line.params;
    if (method === undefined && Object.keys(params).length > 0)
      throw usage(
        `"${Object.keys(params)[0]}" is a parameter of a method.`,
        'Name one with --method; without it there are layout (pca, tsne, umap), explained and layered (numbers of pictures).',
      );
    if (folder === undefined && (method ?? layer ?? layout) !== undefined)
      throw usage('Without pictures only weights are compared.', FORM);
    if (folder === undefined && line.job !== undefined) throw usage('Weights are read at once: leave --job out.', FORM);
    const job = await jobOf(context);
    const asked: CompareModelsRequest = {
      ...request,
      other,
      ...given({
        place: folder === undefined ? undefined : filePath(folder),
        method,
        params: method === undefined ? undefined : params,
        layer,
        layout,
        explained: countOf('explained', explained),
        layered: countOf('layered', layered),
        seed,
        job,
      }),
    };
    if (job?.shard !== undefined && asked.place !== undefined)
      return runShare(context, { ...asked, work: 'compare', place: asked.place, job });
    const comparison = await service.compareModels(asked, callOf(context));
    const document = json(comparisonDocument(comparison));
    if (line.out !== undefined) await writeOut(line.out, kind === '.html' ? comparisonPage(comparison) : document);
    report(context, { warnings: warningsOf(comparison) });
    const omitted = comparison.set?.omitted ?? [];
    for (const { name, error } of omitted) io.err(`error: ${onOneLine(name)}: ${sentenceOf(error)}\n`);
    io.out(line.json ? document : textOf(comparison, line.out));
    return omitted.length > 0 ? 2 : 0;
  },
};

/** Both requests; the same options hold for both. */
function modelsOf(line: CommandLine): { readonly request: ModelRequest; readonly other: ModelRequest } {
  const [a, b] = line.arguments;
  if (a === undefined || b === undefined) throw usage('The verb "compare" needs two models.', FORM);
  if (a === RANDOM && b === RANDOM)
    throw usage('One of the two must be a model: the other is that with random weights.', FORM);
  const randomWeights = line.seed ?? 0;
  const of = (name: string, twin: string): ModelRequest => {
    const model: FilePath = filePath(path.resolve(name === RANDOM ? twin : name));
    return { ...modelRequest(line), model, ...(name === RANDOM ? { randomWeights } : {}) };
  };
  return { request: of(a, b), other: of(b, a) };
}

function countOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw usage(`--param ${name}=${text}: a number of pictures is meant.`);
  return Number(text);
}

function warningsOf({ a, b, set }: Comparison): string[] {
  return [...new Set([...a.warnings, ...b.warnings, ...(set?.notes ?? [])])];
}

function textOf(comparison: Comparison, out: string | undefined): string {
  const { a, b, set } = comparison;
  const lines = [
    `${a.name} beside ${b.name}`,
    ...(set === undefined ? [] : [`${set.names.length} of ${set.of} pictures of ${set.place}`]),
    '',
    ...findingsOf(comparison).map((finding) => `- ${finding}`),
    '',
    ...(set === undefined
      ? []
      : [`ran on ${a.provider === b.provider ? a.provider : `${a.provider} and ${b.provider}`}`]),
    out === undefined ? 'All of it: --out FILE.html, --out FILE.json or --json.' : `written: ${out}`,
  ];
  return `${lines.map(onOneLine).join('\n')}\n`;
}
