import path from 'node:path';
import { filePath } from '../base/place.js';
import { describeJob } from '../job/description.js';
import { parseShard, shardOfCluster } from '../job/shard.js';
import type { JobPlace } from '../protocol/request.js';
import type { ShareRequest } from '../protocol/job.js';
import { json } from './io.js';
import { usage, type CommandLine } from './options.js';
import { callOf, report, type VerbContext } from './verb.js';

/** The job that a command line is a part of; nothing where it names no folder. The folder is marked as its own. */
export async function jobOf({ line, merging }: VerbContext): Promise<JobPlace | undefined> {
  if (merging !== undefined) return { folder: filePath(merging), merge: true };
  if (line.job === undefined) {
    if (line.shard !== undefined) throw usage('--shard divides a job: it needs --job FOLDER.');
    return undefined;
  }
  const shard = line.shard === undefined ? shardOfCluster(process.env) : parseShard(line.shard);
  const folder = path.resolve(line.job);
  await describeJob(folder, { argv: wordsOf(line), folder: process.cwd(), identity: identityOf(line) });
  return { folder: filePath(folder), ...(shard === undefined ? {} : { shard }) };
}

/** Does one share of a job and says how to go on. Answers the exit code. */
export async function runShare(context: VerbContext, request: ShareRequest): Promise<number> {
  const { io, line, service } = context;
  const { index, count } = request.job.shard!;
  const { done, of, warnings } = await service.share(request, callOf(context));
  report(context, { warnings });
  const { folder } = request.job;
  if (line.json) io.out(json({ schema: 'onnx-lens/job/1', job: folder, shard: { index, count }, units: { done, of } }));
  else
    io.out(
      `share ${index} of ${count} (from 0): ${done} of ${of} units\nWhen all shares are done: onnx-lens merge ${folder}\n`,
    );
  return 0;
}

/** What makes another result, and not how it is written or divided. */
function identityOf(line: CommandLine): unknown {
  const { out, json: _json, threads, job, shard, given, words, help, version, ...rest } = line;
  void [out, _json, threads, job, shard, given, words, help, version];
  // The same words in another folder are about other files.
  return { ...rest, arguments: line.arguments.map((name) => path.resolve(name)) };
}

/** The words of a command line, without those that say how it is divided. */
function wordsOf({ words }: CommandLine): string[] {
  const out: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (/^--(job|shard)$/.test(word)) i++;
    else if (!/^--(job|shard)=/.test(word)) out.push(word);
  }
  return out;
}
