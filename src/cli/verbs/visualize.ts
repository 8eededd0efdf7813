import { writeNpy } from '../../base/npy.js';
import { given } from '../../base/given.js';
import type { VisualizeAnswer } from '../../protocol/reconstruction.js';
import type { NaturalPath, PictureSaid, Reconstruction, Transfer } from '../../result/reconstruction.js';
import { digits, json, table } from '../io.js';
import { modelRequest, usage } from '../options.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, report, type Verb, type VerbContext } from '../verb.js';
import { visualizeChannels } from './visualizeChannels.js';

export const visualize: Verb = {
  name: 'visualize',
  usage: 'visualize MODEL --target T | --layer L [--channel N|all]',
  summary: 'a picture that maximises it; --param preset=naive|smooth|distill|maco|accentuate, start=FILE',
  options: [
    'out',
    'provider',
    'seed',
    'threads',
    'input',
    'config',
    'param',
    'layer',
    'channel',
    'target',
    'output',
    'job',
    'shard',
  ],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    if (line.arguments.length > 1)
      throw usage('The verb "visualize" takes a model and no input.', 'A picture to start from is --param start=FILE.');
    if (line.channel === 'all') return visualizeChannels(context);
    if (line.job !== undefined || line.shard !== undefined)
      throw usage('One picture is made at once: --job is for all channels of a layer.', 'Add --channel all.');
    const { params, layer, channel, target, seed, out } = line;
    const kind = out === undefined ? undefined : outKind(out, 'visualize', ['.npy', '.png', '.json']);
    const answer = await service.visualize(
      { ...request, params, ...given({ layer, channel, target, seed }) },
      callOf(context),
    );
    const files = out === undefined ? [] : await written(answer, line.arguments[0]!, out, kind!);
    const document = json(documentOf(line.arguments[0]!, answer, files));
    if (kind === '.json') await writeOut(out!, document);
    report(context, answer);
    io.out(line.json ? document : textOf(context, answer, files));
    return 0;
  },
};

/** Writes the picture, its values or all of it, and answers the files. */
async function written(answer: VisualizeAnswer, model: string, out: string, kind: string): Promise<string[]> {
  const { result } = answer;
  if (kind === '.json') return [out];
  if (kind === '.png') return pictures(result, out.slice(0, -'.png'.length));
  if (kind === '.npy') {
    await writeOut(out, writeNpy(result.values));
    return [out];
  }
  const base = `${out}/${stemOf(result.target.label)}.${result.preset}`;
  const files = [...(await pictures(result, base)), ...['npy', 'json'].map((ending) => `${base}.${ending}`)];
  await writeOut(`${base}.npy`, writeNpy(result.values));
  await writeOut(`${base}.json`, json(documentOf(model, answer, files)));
  return files;
}

/** Writes the picture, or its facets with their numbers. */
async function pictures({ saved, facets }: Reconstruction, base: string): Promise<string[]> {
  const files: string[] = [];
  for (const [k, each] of (facets ?? [{ saved }]).entries()) {
    const file = `${base}${facets === undefined ? '' : `.${k + 1}`}.png`;
    await writeOut(file, each.saved.png);
    files.push(file);
  }
  return files;
}

/** A name for files: letters, digits and what stands between words. */
const stemOf = (label: string): string => label.replace(/[^\p{L}\p{N}.#@_-]+/gu, '_').slice(0, 80) || 'picture';

function documentOf(model: string, answer: VisualizeAnswer, files: readonly string[]): object {
  const { sha256, provider, preprocessing, warnings, result } = answer;
  const { target, preset, params, trace, steps, ended, says, change, saved, recipe, notes, path, transfer } = result;
  const { facets } = result;
  return {
    schema: 'onnx-lens/visualize/1',
    model,
    sha256,
    provider,
    preprocessing,
    target,
    preset,
    params,
    seed: recipe.seed,
    trace,
    steps,
    ended,
    says: entryOf(says),
    ...(change === undefined
      ? {}
      : { change: { norm: change.norm, most: change.most, before: entryOf(change.before) } }),
    ...given({ transfer, path, facets: facets?.map((f) => ({ trace: f.trace, says: entryOf(f.says) })) }),
    saved: { width: saved.width, height: saved.height, left: saved.left, top: saved.top, exact: saved.exact },
    files,
    recipe,
    notes,
    warnings,
  };
}

const entryOf = ({ top, value, probability }: PictureSaid): object => ({
  ...(Number.isFinite(value) ? { value } : {}),
  ...given({ probability }),
  top,
});

function textOf({ line }: VerbContext, { result, provider }: VisualizeAnswer, files: readonly string[]): string {
  const { target, preset, trace, steps, says, change, ended, path, transfer } = result;
  const ends = { steps: '', reached: ', where the probability was reached', stopped: ', stopped' }[ended];
  const lines = [
    `${target.label}: ${preset}, ${steps} steps${ends}; ${digits(trace[0]!)} at the start, ${digits(trace.at(-1)!)} in the end`,
    ...(change === undefined
      ? []
      : [
          `changed by ${(100 * change.norm).toFixed(2)} % of the picture's length, no colour by more than ${digits(change.most)}`,
        ]),
    'What the model says of the saved picture, which says nothing of how it looks:',
  ];
  const rows = says.top.map((c) => [
    c.label,
    c.probability === undefined ? '' : digits(c.probability),
    digits(c.logit),
  ]);
  const beside = [
    ...(transfer === undefined ? [] : [`${transfer.model} says ${saidBy(transfer)}`]),
    ...(path === undefined
      ? []
      : [`The way of natural pictures of "${path.label}" (1), of others (0):\n${pathTable(path)}`]),
  ];
  const written =
    files.length === 0 && line.out === undefined ? ['Nothing was written: name a file with --out.'] : files;
  return `${lines.join('\n')}\n${table(['class', 'probability', 'score'], rows)}${beside.map((b) => `${b}\n`).join('')}${written.map((f) => `${f}\n`).join('')}ran on ${provider}\n`;
}

function saidBy({ top, agrees }: Transfer): string {
  const [first] = top;
  if (first === undefined) return 'nothing of classes.';
  const sure = first.probability === undefined ? '' : ` (${digits(first.probability)})`;
  const same = agrees === undefined ? '' : agrees ? ': the same class' : ': another class';
  return `${first.label}${sure}${same}`;
}

function pathTable({ layers, other }: NaturalPath): string {
  const number = (v: number | undefined): string => (v === undefined ? '' : v.toFixed(2));
  const rows = layers
    .filter((l) => l.value !== undefined)
    .map((l) => [l.layer, number(l.value), `${number(l.low)} to ${number(l.high)}`, number(l.other)]);
  const silent = layers.length - rows.length;
  const left = silent === 0 ? '' : `${silent} of ${layers.length} layers do not tell its pictures from others.`;
  return `${table(['layer', 'this picture', '8 of 10 natural ones', `as ${other}`], rows)}${left}`;
}
