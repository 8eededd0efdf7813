import path from 'node:path';
import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import type { Call } from '../../protocol/channel.js';
import type { TrainAnswer, TrainProgress } from '../../protocol/training.js';
import type { EpochRecord } from '../../result/training.js';
import { duration, json, table } from '../io.js';
import { inputsOf, modelRequest, usage } from '../options.js';
import { csvLine } from '../../base/csv.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, errorEntry, report, sentenceOf, type Verb, type VerbContext } from '../verb.js';

export const train: Verb = {
  name: 'train',
  usage: 'train MODEL FOLDER --out FILE.onnx|FOLDER',
  summary: 'a classifier trained on a data set; --param preset=head|fine-tune|scratch, epochs=N, rate=R …',
  options: ['out', 'provider', 'seed', 'threads', 'config', 'param', 'output', 'job'],
  async run(context) {
    const { line, io, service } = context;
    const { params, seed, out, job } = line;
    const request = modelRequest(line);
    const inputs = inputsOf(line);
    if (inputs.length !== 1)
      throw usage('The verb "train" needs one data set: a folder, a list, a .parquet or an .npz file.');
    if (out === undefined)
      throw usage('The verb "train" needs a file or a folder to write.', 'Add --out trained.onnx, or --out FOLDER.');
    const kind = outKind(out, 'train', ['.onnx', '.csv', '.json']);
    // A folder holds the epochs, too, and goes on from them.
    const folder = job ?? (kind === 'folder' ? out : undefined);
    const stem = kind === 'folder' ? path.join(out, 'best') : out.slice(0, -kind.length);
    const model = kind === 'folder' || kind === '.onnx' ? `${stem}.onnx` : undefined;
    const answer = await service.train(
      {
        ...request,
        place: filePath(path.resolve(inputs[0]!)),
        params,
        ...given({
          seed,
          folder: folder === undefined ? undefined : filePath(path.resolve(folder)),
          file: model === undefined ? undefined : filePath(path.resolve(model)),
        }),
      },
      told(context),
    );
    const whole = model !== undefined;
    const files = [
      ...(whole ? [model] : []),
      ...(whole || kind === '.csv' ? [`${stem}.csv`] : []),
      ...(whole || kind === '.json' ? [`${stem}.json`] : []),
    ];
    const document = json(documentOf(line.arguments[0]!, answer, files));
    if (whole || kind === '.csv') await writeOut(`${stem}.csv`, curveText(answer.training.curve));
    if (whole || kind === '.json') await writeOut(`${stem}.json`, document);
    report(context, answer);
    for (const { name, error } of answer.omitted) io.err(`error: ${name}: ${sentenceOf(error)}\n`);
    io.out(line.json ? document : textOf(answer, files));
    return answer.omitted.length > 0 ? 2 : 0;
  },
};

/** Progress with the time that is left; where stderr is a file, a line for each epoch. */
function told(context: VerbContext): Call<TrainProgress> {
  const { io, line } = context;
  const call = callOf(context);
  let epochs = 0;
  return {
    ...call,
    progress: ({ training, ...progress }) => {
      const left = training?.secondsLeft;
      const rest = left === undefined ? '' : `, ${duration(left)} left`;
      call.progress({ ...progress, message: `${progress.message}${lossText(training?.loss)}${rest}` });
      if (training === undefined || io.terminal || line.json) return;
      for (const record of training.curve.slice(Math.max(epochs, training.resumed)))
        io.err(`epoch ${record.epoch} of ${training.epochs}: ${epochText(record)}\n`);
      epochs = training.curve.length;
    },
  };
}

const lossText = (loss: number | undefined): string => (loss === undefined ? '' : `, loss ${loss.toFixed(3)}`);

function epochText({ loss, accuracy, validation }: EpochRecord): string {
  const held = validation === undefined ? '' : `; held out ${percent(validation.accuracy)}`;
  return `loss ${loss.toFixed(4)}, ${percent(accuracy)} right${held}`;
}

function curveText(curve: readonly EpochRecord[]): string {
  const head = ['epoch', 'loss', 'accuracy', 'validation_loss', 'validation_accuracy', 'rate', 'seconds'];
  const rows = curve.map(({ epoch, loss, accuracy, validation, rate, seconds }) => [
    epoch,
    loss,
    accuracy,
    validation?.loss ?? '',
    validation?.accuracy ?? '',
    rate,
    seconds,
  ]);
  return [head, ...rows].map(csvLine).join('');
}

function documentOf(model: string, answer: TrainAnswer, files: readonly string[]): object {
  const { sha256, provider, preprocessing, warnings, training, recipe, omitted } = answer;
  const { set, params, seed, parameters, curve, epoch, measured, ended, resumed, notes } = training;
  return {
    schema: 'onnx-lens/train/1',
    model,
    sha256,
    provider,
    preprocessing,
    set,
    params,
    seed,
    parameters,
    curve,
    ...given({ epoch, validation: measured }),
    ended,
    resumed,
    files,
    omitted: omitted.map(({ name, error }) => ({ name, error: errorEntry(error) })),
    notes,
    warnings,
    recipe,
  };
}

function textOf({ training, provider }: TrainAnswer, files: readonly string[]): string {
  const { set, parameters, curve, epoch, measured, resumed } = training;
  const last = curve.at(-1);
  const rows: string[][] = [
    ['pictures', `${set.trained} trained on, ${set.heldOut} held out, ${set.classes.length} classes`],
    ['trained numbers', `${parameters.toLocaleString('en')}${set.newHead ? ', with a new last layer' : ''}`],
    ['epochs', `${curve.length}${resumed > 0 ? `, ${resumed} of them before` : ''}`],
    ...(last === undefined ? [] : [['last epoch', epochText(last)]]),
    ...(measured === undefined ? [] : [['held out', `${percent(measured.accuracy)} right (epoch ${epoch})`]]),
  ];
  return `${table(['', ''], rows)}${files.map((file) => `${file}\n`).join('')}ran on ${provider}\n`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
