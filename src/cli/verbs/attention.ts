import { given } from '../../base/given.js';
import { LensError } from '../../base/errors.js';
import { floatTensor, sameDims, type FloatTensor } from '../../base/tensor.js';
import type { AttentionAnswer, AttentionPicture } from '../../protocol/attention.js';
import type { SilencedHead } from '../../result/attention.js';
import { writeExports, type Exported } from '../exports.js';
import { digits, json, table } from '../io.js';
import { inputsOf, modelRequest, usage } from '../options.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, entriesOf, exitOf, report, succeeded, type Verb } from '../verb.js';

export const attention: Verb = {
  name: 'attention',
  usage: 'attention MODEL INPUT…',
  summary: 'what every layer and head of a transformer looks at; --param map=attention|rollout|relevance',
  options: ['out', 'provider', 'threads', 'input', 'config', 'param', 'layer', 'silence', 'target', 'score', 'output'],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    const inputs = inputsOf(line);
    if (inputs.length === 0)
      throw usage('The verb "attention" needs at least one input.', 'onnx-lens attention MODEL INPUT…');
    const { params, layer, silence, target, score, out } = line;
    const kind = out === undefined ? undefined : outKind(out, 'attention', ['.npy', '.png', '.json']);
    const answer = await service.attention(
      {
        ...request,
        inputs,
        params,
        drawn: kind === '.png' || kind === 'folder',
        ...given({ layers: layer === undefined ? undefined : [layer], target, score }),
        ...(silence.length === 0 ? {} : { silenced: silence.map(headOf) }),
      },
      callOf(context),
    );
    const done = succeeded(answer.results);
    const files =
      out === undefined || kind === '.json'
        ? new Map<string, string[]>()
        : await writeExports(out, kind!, 'attention', answer.results.length, done.map(exported));
    const document = json(documentOf(line.arguments[0]!, answer, files));
    if (kind === '.json') await writeOut(out!, document);
    report(context, answer, answer.results);
    io.out(line.json ? document : textOf(answer));
    return exitOf(answer.results);
  },
};

/** `LAYER`, or `LAYER:HEAD` with the number of the head. */
function headOf(text: string): SilencedHead {
  const found = /^(.+):(\d+)$/.exec(text);
  return found === null ? { layer: text } : { layer: found[1]!, head: Number(found[2]) };
}

/** What files are made of. */
function exported(result: AttentionPicture): Exported {
  return {
    input: result.input,
    suffix: result.recipe.method,
    // Only where a file is to hold them: layers that differ in shape can be drawn all the same.
    get values() {
      return valuesOf(result);
    },
    document: { ...entryOf(result), recipe: result.recipe },
    png: () => result.png!,
  };
}

/**
 * `[layers, heads, queries, keys]`, or `[tokens, tokens]` of what joins the layers.
 *
 * @throws LensError where layers differ in shape, and one has to be named
 */
function valuesOf({ joined, layers }: AttentionPicture): FloatTensor {
  if (joined !== undefined) return joined;
  const shapes = layers.map((l) => (l.weights.dims[0] === 1 ? l.weights.dims.slice(1) : l.weights.dims));
  const [first = []] = shapes;
  if (!shapes.every((dims) => sameDims(dims, first)))
    throw new LensError(
      'usage',
      'attention/shapes',
      'The layers of this model differ in shape: one array cannot hold them.',
      {
        hint: `Name one with --layer, e.g. --layer ${layers[0]!.layer}.`,
      },
    );
  const out = floatTensor([layers.length, ...first]);
  layers.forEach(({ weights }, i) => out.data.set(weights.data, i * weights.data.length));
  return out;
}

function documentOf(model: string, answer: AttentionAnswer, files: ReadonlyMap<string, string[]>): object {
  const { sha256, provider, preprocessing, warnings, layers, without, results } = answer;
  return {
    schema: 'onnx-lens/attention/1',
    model,
    sha256,
    provider,
    preprocessing,
    layers: layers.map((l) => ({
      name: l.name,
      kind: l.kind,
      heads: l.heads,
      windows: l.windows,
      tokens: l.queries,
      keys: l.keys,
      ...given({ prefix: l.to?.prefix, grid: l.to?.grid }),
      ...(l.notes.length > 0 ? { notes: l.notes } : {}),
    })),
    without,
    ...(results.length === 1 && !('error' in results[0]!) ? entryOf(results[0]!.result) : {}),
    results: entriesOf(results, (r) => ({ ...entryOf(r), files: files.get(r.input) ?? [], recipe: r.recipe })),
    warnings,
  };
}

function entryOf({ layers, target, notes }: AttentionPicture): object {
  const rows = (of: (l: AttentionPicture['layers'][number]) => Float32Array): (number | null)[][] =>
    layers.map((l) => Array.from(of(l), (v) => (Number.isFinite(v) ? v : null)));
  return {
    ...given({ target }),
    entropy: rows((l) => l.entropy),
    distance: rows((l) => l.distance),
    on_prefix: rows((l) => l.onPrefix),
    on_self: rows((l) => l.onSelf),
    norms: layers.flatMap((l) =>
      l.norms === undefined ? [] : [{ layer: l.layer, outliers: l.outliers?.length ?? 0, norms: Array.from(l.norms) }],
    ),
    notes,
  };
}

function textOf(answer: AttentionAnswer): string {
  const parts = succeeded(answer.results).map((result) => {
    const rows = result.layers.map((m) => {
      const layer = answer.layers.find((l) => l.name === m.layer)!;
      const mean = (values: Float32Array): string => {
        const known = values.filter((v) => Number.isFinite(v));
        return known.length === 0 ? '' : digits(known.reduce((a, b) => a + b, 0) / known.length);
      };
      return [
        m.layer,
        layer.windows > 1 ? `${layer.windows} × ${layer.heads}` : `${layer.heads}`,
        `${layer.queries} × ${layer.keys}`,
        layer.to === undefined
          ? ''
          : `${layer.to.grid.join(' × ')}${layer.to.prefix > 0 ? ` + ${layer.to.prefix}` : ''}`,
        mean(m.entropy),
        mean(m.distance),
        m.outliers === undefined ? '' : `${m.outliers.length}`,
      ];
    });
    const head = ['layer', 'heads', 'queries × keys', 'grid', 'entropy (nats)', 'distance (tokens)', 'outlying tokens'];
    return `${result.input}\n${table(head, rows)}`;
  });
  return `${parts.join('\n')}ran on ${answer.provider}\n`;
}
