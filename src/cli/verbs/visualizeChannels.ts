import { given } from '../../base/given.js';
import type { VisualizeChannelsAnswer } from '../../protocol/reconstruction.js';
import { digits, json, table } from '../io.js';
import { jobOf, runShare } from '../job.js';
import { modelRequest, usage } from '../options.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, errorEntry, report, type VerbContext } from '../verb.js';

/** `visualize MODEL --layer L --channel all`: long work, so that it can be a job. Answers the exit code. */
export async function visualizeChannels(context: VerbContext): Promise<number> {
  const { line, io, service } = context;
  const { layer, target, params, seed, out } = line;
  const model = line.arguments[0]!;
  if (layer === undefined || target !== undefined)
    throw usage('All channels are those of a layer.', 'onnx-lens visualize MODEL --layer L --channel all');
  const kind = out === undefined ? undefined : outKind(out, 'visualize', ['.png', '.json']);
  const job = await jobOf(context);
  const request = { ...modelRequest(line), layer, params, ...given({ seed }) };
  if (job?.shard !== undefined) return runShare(context, { ...request, work: 'visualize', job });
  const answer = await service.visualizeChannels({ ...request, drawn: true, ...given({ job }) }, callOf(context));
  const stem = `${out}/${layer.replace(/[^\p{L}\p{N}._-]+/gu, '_')}.channels`;
  const files = out === undefined ? [] : kind === 'folder' ? [`${stem}.png`, `${stem}.json`] : [out];
  const document = json(documentOf(model, answer, files));
  for (const file of files) await writeOut(file, file.toLowerCase().endsWith('.png') ? answer.png! : document);
  report(context, answer);
  io.out(line.json ? document : textOf(answer, files));
  return 0;
}

function documentOf(model: string, answer: VisualizeChannelsAnswer, files: readonly string[]): object {
  const { sha256, provider, preprocessing, layer, count, channels, params, recipe, warnings } = answer;
  return {
    schema: 'onnx-lens/visualize-channels/1',
    model,
    sha256,
    provider,
    preprocessing,
    layer,
    count,
    params,
    seed: recipe.seed,
    channels: channels.map((one) =>
      'error' in one
        ? { channel: one.channel, error: errorEntry(one.error) }
        : { channel: one.channel, value: one.value },
    ),
    files,
    recipe,
    warnings,
  };
}

function textOf(answer: VisualizeChannelsAnswer, files: readonly string[]): string {
  const { layer, count, channels, params, provider } = answer;
  const without = channels.filter((one) => 'error' in one);
  const head = `${layer}: ${count} channels by ${String(params['preset'])}, ${String(params['steps'])} steps each`;
  const rows = channels.map((one) => [
    String(one.channel),
    'error' in one ? one.error.message : `answers ${digits(one.value)}`,
  ]);
  const left = without.length === 0 ? '' : `${without.length} of them have no picture.\n`;
  const written = files.length === 0 ? ['Nothing was written: name a file with --out.'] : files;
  return `${head}\n${table(['channel', ''], rows)}${left}${written.map((f) => `${f}\n`).join('')}ran on ${provider}\n`;
}
