import path from 'node:path';
import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import type { Call } from '../../protocol/channel.js';
import type { RoarAnswer, RoarProgress, RoarRequest } from '../../protocol/benchmark.js';
import { ROAR_PARAMETERS } from '../../result/roar.js';
import { roarCsv, roarDocument } from '../../result/roarDocument.js';
import { sharedParams } from '../benchmark/methods.js';
import { roarText } from '../benchmark/roar.js';
import { duration, json, onOneLine } from '../io.js';
import { jobOf, runShare } from '../job.js';
import { inputsOf, modelRequest, usage } from '../options.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, report, sentenceOf, type Verb, type VerbContext } from '../verb.js';

const FORM = 'onnx-lens roar MODEL FOLDER --method ID[,ID…] --job FOLDER';
/** The methods of the paper that a model can be asked with, where nobody names others. */
const METHODS = 'gradient,smoothgrad,smoothgrad_squared,vargrad,integrated_gradients';

export const roar: Verb = {
  name: 'roar',
  usage: 'roar MODEL FOLDER [--method ID[,ID…]] --job FOLDER',
  summary: 'remove what methods point at, and retrain: what can still be learned; --param train.epochs=N …',
  options: ['out', 'threads', 'seed', 'layer', 'output', 'method', 'param', 'config', 'job', 'shard'],
  async run(context) {
    const { line, io, service } = context;
    const inputs = inputsOf(line);
    if (inputs.length !== 1) throw usage('The verb "roar" needs one data set, with labels.', FORM);
    const kind = line.out === undefined ? undefined : outKind(line.out, 'roar', ['.csv', '.png', '.svg', '.json']);
    if (kind === 'folder') throw usage('The verb "roar" writes a file: end --out with .csv, .png, .svg or .json.');
    const [training, params] = divided(line.params);
    const { methods, own } = sharedParams(
      { ...line, method: line.method ?? METHODS, params },
      await service.methods({}, callOf(context)),
      ROAR_PARAMETERS,
    );
    const job = await jobOf(context);
    const asked: RoarRequest = {
      ...modelRequest(line),
      place: filePath(path.resolve(inputs[0]!)),
      methods,
      params: own,
      training,
      ...given({ seed: line.seed, job }),
    };
    const call = told(context);
    if (job?.shard !== undefined) return runShare(context, { ...asked, work: 'roar', job });
    const answer = await service.roar(asked, call);
    report(context, answer);
    const document = json(roarDocument(line.arguments[0]!, answer));
    if (line.out !== undefined) await writeOut(line.out, fileOf(kind!, answer, document));
    for (const { name, error } of answer.roar.omitted) io.err(`error: ${onOneLine(name)}: ${sentenceOf(error)}\n`);
    io.out(line.json ? document : roarText(answer, line.out));
    return answer.roar.omitted.length > 0 ? 2 : 0;
  },
};

/** `train.KEY=VALUE` is for the trainings. */
function divided(params: Readonly<Record<string, string>>): [Record<string, string>, Record<string, string>] {
  const [training, others]: [Record<string, string>, Record<string, string>] = [{}, {}];
  for (const [key, value] of Object.entries(params))
    if (key.startsWith('train.')) training[key.slice('train.'.length)] = value;
    else others[key] = value;
  return [training, others];
}

/** Progress with the time that is left. */
function told(context: VerbContext): Call<RoarProgress> {
  const call = callOf(context);
  return {
    ...call,
    progress: ({ secondsLeft, ...progress }) => {
      const rest = secondsLeft === undefined ? '' : `, about ${duration(secondsLeft)} left`;
      call.progress({ ...progress, message: `${progress.message}${rest}` });
    },
  };
}

function fileOf(kind: string, answer: RoarAnswer, document: string): Uint8Array | string {
  if (kind === '.csv') return roarCsv(answer);
  if (kind === '.svg') return answer.svg;
  return kind === '.png' ? answer.png : document;
}
