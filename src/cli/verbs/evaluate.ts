import { given } from '../../base/given.js';
import type { EvaluateAnswer, EvaluateRequest } from '../../protocol/benchmark.js';
import { METRICS, metricOf } from '../../result/benchmark.js';
import { evaluationDocument } from '../../result/evaluationDocument.js';
import { evaluationCsv, evaluationText } from '../benchmark/evaluation.js';
import { sharedParams } from '../benchmark/methods.js';
import { json, onOneLine } from '../io.js';
import { jobOf, runShare } from '../job.js';
import { inputsOf, modelRequest, usage } from '../options.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, report, sentenceOf, type Verb } from '../verb.js';

const FORM = 'onnx-lens evaluate MODEL FOLDER --method ID[,ID…] [--metric road]';

export const evaluate: Verb = {
  name: 'evaluate',
  usage: 'evaluate MODEL FOLDER --method ID[,ID…] [--metric M]',
  summary: `how good attributions are, beside random pixels and edges: ${METRICS.map(({ id }) => id).join(', ')}`,
  options: [
    'out',
    'provider',
    'threads',
    'seed',
    'target',
    'score',
    'layer',
    'output',
    'method',
    'metric',
    'param',
    'input',
    'config',
    'job',
    'shard',
  ],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    const inputs = inputsOf(line);
    if (inputs.length === 0) throw usage('The verb "evaluate" needs a folder of pictures or another data set.', FORM);
    if (line.method === undefined) throw usage('The verb "evaluate" needs --method.', FORM);
    const kind = line.out === undefined ? undefined : outKind(line.out, 'evaluate', ['.csv', '.png', '.svg', '.json']);
    if (kind === 'folder') throw usage('The verb "evaluate" writes a file: end --out with .csv, .png, .svg or .json.');
    const metric = line.metric ?? METRICS[0]!.id;
    const { most, ...params } = line.params;
    const { methods, own } = sharedParams(
      { ...line, params },
      await service.methods({}, callOf(context)),
      metricOf(metric).parameters,
    );
    const job = await jobOf(context);
    const { target, score, seed } = line;
    const asked: EvaluateRequest = {
      ...request,
      inputs,
      methods,
      metric,
      params: own,
      ...given({ target, score, seed, job, most: countOf(most) }),
    };
    if (job?.shard !== undefined) return runShare(context, { ...asked, work: 'evaluate', job });
    const answer = await service.evaluate(asked, callOf(context));
    report(context, answer);
    const document = json(evaluationDocument(line.arguments[0]!, answer));
    if (line.out !== undefined) await writeOut(line.out, fileOf(kind!, answer, document));
    const { omitted, methods: rows, names } = answer.evaluation;
    for (const { name, error } of omitted) io.err(`error: ${onOneLine(name)}: ${sentenceOf(error)}\n`);
    const failed = rows.flatMap((row) => row.failed.map((each) => ({ row, ...each })));
    for (const { row, picture, error } of failed)
      io.err(`error: ${row.id}, ${onOneLine(names[picture]!)}: ${sentenceOf(error)}\n`);
    io.out(line.json ? document : evaluationText(answer, line.out));
    return omitted.length + failed.length > 0 ? 2 : 0;
  },
};

function fileOf(kind: string, answer: EvaluateAnswer, document: string): Uint8Array | string {
  if (kind === '.csv') return evaluationCsv(answer);
  if (kind === '.svg') return answer.svg;
  return kind === '.png' ? answer.png : document;
}

function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw usage(`--param most=${text}: a number of pictures is meant.`);
  return Number(text);
}
