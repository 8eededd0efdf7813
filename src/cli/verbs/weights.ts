import path from 'node:path';
import { given } from '../../base/given.js';
import { writeNpy } from '../../base/npy.js';
import { formatDims } from '../../base/tensor.js';
import type { WeightsExport, WeightStatistics } from '../../result/weights.js';
import { digits, json, table } from '../io.js';
import { modelRequest, usage } from '../options.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, report, type Verb } from '../verb.js';

export const weights: Verb = {
  name: 'weights',
  usage: 'weights MODEL --layer L',
  summary: "a layer's weights: a picture of them (.png), the values (.npy), statistics (.json)",
  options: ['out', 'layer', 'param', 'provider', 'threads', 'input', 'config'],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    const { layer, out } = line;
    if (layer === undefined)
      throw usage('The verb "weights" needs --layer.', 'The verb "inspect" lists the layers of a model.');
    const { weight, ...rest } = line.params;
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) throw usage(`The verb "weights" has no parameter "${unknown}".`, 'It has weight=NAME.');
    const kind = out === undefined ? undefined : outKind(out, 'weights', ['.png', '.npy', '.json']);
    const answer = await service.exportWeights({ ...request, layer, ...given({ weight }) }, callOf(context));
    const files = out === undefined ? [] : filesOf(out, kind!, answer);
    const document = json(documentOf(line.arguments[0]!, answer, files));
    for (const file of files) await writeOut(file, contentOf(file, answer, document));
    report(context, { warnings: answer.notes });
    io.out(line.json ? document : textOf(answer, files));
    return 0;
  },
};

/** One file by its ending, or all three in a folder. */
function filesOf(out: string, kind: string, answer: WeightsExport): string[] {
  if (kind !== 'folder') return [out];
  const stem = path.join(out, `${answer.layer.replaceAll(/[^\w.-]+/g, '_')}.weights`);
  return ['png', 'npy', 'json'].map((ending) => `${stem}.${ending}`);
}

function contentOf(file: string, answer: WeightsExport, document: string): Uint8Array | string {
  switch (path.extname(file).toLowerCase()) {
    case '.png':
      return answer.png;
    case '.npy':
      return writeNpy(answer.values);
    default:
      return document;
  }
}

function documentOf(model: string, answer: WeightsExport, files: readonly string[]): object {
  const { sha256, layer, op, shown, recipe, notes } = answer;
  return {
    schema: 'onnx-lens/weights/1',
    model,
    sha256,
    layer,
    op,
    shown: shown.name,
    weights: answer.weights.map(({ name, role, dims, type, label, view, statistics }) => ({
      name,
      role,
      shape: dims,
      type,
      ...given({ label }),
      view,
      ...numbersOf(statistics),
    })),
    files,
    recipe,
    warnings: notes,
  };
}

function numbersOf(s: WeightStatistics): object {
  return {
    count: s.count,
    min: s.min,
    max: s.max,
    mean: s.mean,
    std: s.std,
    sparsity: s.sparsity,
    l1: s.l1,
    l2: s.l2,
    nan: s.nan,
    infinite: s.infinite,
    histogram: { min: s.histogram.min, max: s.histogram.max, counts: Array.from(s.histogram.counts) },
    filters: { norms: Array.from(s.filterNorms), dead: [...s.dead.keys()].filter((i) => s.dead[i] === 1) },
  };
}

function textOf(answer: WeightsExport, files: readonly string[]): string {
  const rows = answer.weights.map(({ name, role, dims, type, label, statistics: s }) => [
    name,
    role,
    formatDims(dims),
    label ?? type,
    digits(s.min),
    digits(s.max),
    digits(s.mean),
    digits(s.std),
    `${digits(100 * s.sparsity)} %`,
    s.dead.reduce((a, b) => a + b, 0),
  ]);
  const head = ['weight', 'role', 'shape', 'type', 'min', 'max', 'mean', 'std', 'zero', 'dead'];
  return `${table(head, rows)}${files.map((f) => `${f}\n`).join('')}${files.length === 0 ? 'Nothing was written: say where with --out PATH.\n' : ''}`;
}
