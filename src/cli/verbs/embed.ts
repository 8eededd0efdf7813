import { given } from '../../base/given.js';
import { writeNpy } from '../../base/npy.js';
import type { EmbedAnswer } from '../../protocol/embedding.js';
import { layoutPage } from '../../report/layout.js';
import { json, table } from '../io.js';
import { jobOf, runShare } from '../job.js';
import { inputsOf, modelRequest, usage } from '../options.js';
import { csvLine } from '../../base/csv.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, errorEntry, report, sentenceOf, type Verb } from '../verb.js';

export const embed: Verb = {
  name: 'embed',
  usage: 'embed MODEL FOLDER --method pca|tsne|umap [--layer L]',
  summary: "an embedding of a layer's activations on a data set, or of the last layer's rows (--of weights)",
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
    'of',
    'job',
    'shard',
  ],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    const inputs = inputsOf(line);
    const of = line.of ?? 'activations';
    if (line.method === undefined)
      throw usage('The verb "embed" needs a method.', 'Add --method pca, --method tsne or --method umap.');
    if (of === 'activations' && inputs.length === 0)
      throw usage('The verb "embed" needs a folder of pictures, a list, a .parquet or an .npz file.');
    if (of === 'weights' && inputs.length > 0) throw usage('Rows of weights need no pictures: leave them out.');
    const kind =
      line.out === undefined
        ? undefined
        : outKind(line.out, 'embed', ['.npy', '.csv', '.png', '.svg', '.json', '.html']);
    if (kind === 'folder')
      throw usage('The verb "embed" writes a file: end --out with .npy, .csv, .png, .svg, .json or .html.');
    const { method, layer, params, seed } = line;
    if (of === 'weights' && line.job !== undefined) throw usage('Rows of weights are read at once: leave --job out.');
    const job = await jobOf(context);
    if (job?.shard !== undefined)
      return runShare(context, { ...request, work: 'embed', inputs, job, ...given({ layer }) });
    const answer = await service.embed(
      { ...request, inputs, of, method, params, thumbnails: kind === '.html', ...given({ layer, seed, job }) },
      callOf(context),
    );
    report(context, answer);
    const document = json(documentOf(line.arguments[0]!, answer));
    if (line.out !== undefined) await writeOut(line.out, fileOf(kind!, answer, document));
    for (const { file, error } of answer.embedding.omitted) io.err(`error: ${file}: ${sentenceOf(error)}\n`);
    io.out(line.json ? document : textOf(answer));
    return answer.embedding.omitted.length > 0 ? 2 : 0;
  },
};

function documentOf(model: string, { sha256, provider, preprocessing, warnings, embedding }: EmbedAnswer): object {
  const {
    layer,
    method,
    params,
    files,
    labels,
    predicted,
    points,
    variance,
    explained,
    divergence,
    quality,
    omitted,
    recipe,
  } = embedding;
  const d = points.dims[1] ?? 0;
  return {
    schema: 'onnx-lens/embed/1',
    model,
    sha256,
    provider,
    preprocessing,
    of: embedding.of,
    layer,
    method,
    params,
    files,
    labels,
    ...given({ predicted }),
    points: files.map((_, i) => Array.from(points.data.subarray(i * d, (i + 1) * d))),
    ...given({ explained_variance: variance, explained_variance_ratio: explained, kl: divergence }),
    ...given({ quality: quality === undefined ? undefined : qualityOf(quality) }),
    omitted: omitted.map(({ file, error }) => ({ file, error: errorEntry(error) })),
    warnings,
    recipe,
  };
}

function qualityOf(quality: NonNullable<EmbedAnswer['embedding']['quality']>): object {
  const { trustworthiness, continuity, kept, k, asked, probe, neighbourAccuracy, voters } = quality;
  return {
    trustworthiness,
    continuity,
    neighbours_kept: kept,
    k,
    asked,
    ...given({ probe, neighbour_accuracy: neighbourAccuracy, voters }),
  };
}

function fileOf(
  kind: string,
  { embedding, svg, png, report: layout }: EmbedAnswer,
  document: string,
): Uint8Array | string {
  if (kind === '.npy') return writeNpy(embedding.points);
  if (kind === '.png') return png;
  if (kind === '.svg') return svg;
  if (kind === '.json') return document;
  if (kind === '.html') return layoutPage(layout);
  const { files, labels, predicted, points } = embedding;
  const d = points.dims[1] ?? 0;
  const head = d <= 3 ? ['x', 'y', 'z'].slice(0, d) : Array.from({ length: d }, (_, k) => `x${k + 1}`);
  const rows = files.map((file, i) => [
    ...Array.from(points.data.subarray(i * d, (i + 1) * d), String),
    file,
    labels[i]!,
    predicted?.[i] ?? '',
  ]);
  return [[...head, 'file', 'label', 'predicted'], ...rows].map(csvLine).join('');
}

function textOf({ embedding, provider }: EmbedAnswer): string {
  const { layer, method, files, explained, divergence, quality, omitted } = embedding;
  const rows: string[][] = [
    ['layer', layer],
    ['method', method],
    ['points', `${files.length}${omitted.length > 0 ? ` (${omitted.length} left out)` : ''}`],
  ];
  if (explained !== undefined) rows.push(['share of the variance', explained.slice(0, 5).map(percent).join(', ')]);
  if (divergence !== undefined) rows.push(['divergence (KL)', divergence.toFixed(4)]);
  if (quality !== undefined) {
    const asked = quality.asked < files.length ? `, ${quality.asked} of ${files.length} points asked` : '';
    rows.push(['trustworthiness', `${quality.trustworthiness.toFixed(4)} (${quality.k} neighbours${asked})`]);
    rows.push(['continuity', quality.continuity.toFixed(4)], ['neighbours kept', percent(quality.kept)]);
    if (quality.probe !== undefined) {
      const { accuracy, sd, majority, seeds, examples } = quality.probe;
      rows.push([
        'linear probe',
        `${percent(accuracy)} ± ${percent(sd)} (${seeds} seeds${examples === undefined ? '' : `, ${examples} of ${files.length} points`}; always the largest class: ${percent(majority)})`,
      ]);
    }
    if (quality.neighbourAccuracy !== undefined)
      rows.push(['nearest neighbours', `${percent(quality.neighbourAccuracy)} (of ${quality.voters} that vote)`]);
  }
  return `${table(['', ''], rows)}\nran on ${provider}\n`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
