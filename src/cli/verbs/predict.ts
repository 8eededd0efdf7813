import { given } from '../../base/given.js';
import type { PredictAnswer } from '../../protocol/prediction.js';
import type { PredictedBox } from '../../result/explanation.js';
import { json, table } from '../io.js';
import { jobOf, runShare } from '../job.js';
import { inputsOf, modelRequest, usage } from '../options.js';
import { csvLine } from '../../base/csv.js';
import { outKind, writeOut } from '../outputs.js';
import { doubtLines } from '../predictions/doubts.js';
import { besideLines, csvColumns, kindOf, textColumns } from '../predictions/tables.js';
import { callOf, entriesOf, exitOf, report, succeeded, type Verb } from '../verb.js';

export const predict: Verb = {
  name: 'predict',
  usage: 'predict MODEL INPUT…',
  summary:
    'what each input is taken for (classes, values, boxes, text); accuracy and confusion matrix when the folders name classes',
  options: ['out', 'provider', 'threads', 'input', 'config', 'top', 'output', 'job', 'shard'],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    const [model] = line.arguments;
    const inputs = inputsOf(line);
    if (inputs.length === 0)
      throw usage('The verb "predict" needs at least one input.', 'onnx-lens predict MODEL INPUT…');
    const kind = line.out === undefined ? undefined : outKind(line.out, 'predict', ['.json', '.csv']);
    if (kind === 'folder') throw usage('The verb "predict" writes a file: end --out with .json or .csv.');
    const job = await jobOf(context);
    if (job?.shard !== undefined)
      return runShare(context, { ...request, work: 'predict', inputs, job, ...given({ top: line.top }) });
    const answer = await service.predict({ ...request, inputs, ...given({ top: line.top, job }) }, callOf(context));
    report(context, answer, answer.results);
    const document = json(documentOf(model!, answer));
    if (line.out !== undefined) await writeOut(line.out, kind === '.csv' ? csvOf(answer) : document);
    io.out(line.json ? document : textOf(answer));
    return exitOf(answer.results);
  },
};

const COORDINATES = "box: x0, y0, x1, y1 in pixels of the model's input; inPicture: in pixels of the picture";

function documentOf(model: string, answer: PredictAnswer): object {
  const { sha256, provider, preprocessing, warnings, accuracy, confusion } = answer;
  return {
    schema: 'onnx-lens/predict/1',
    model,
    sha256,
    provider,
    preprocessing,
    outputs: answer.outputs,
    ...(kindOf(answer) === 'detection' ? { coordinates: COORDINATES } : {}),
    results: entriesOf(answer.results, ({ input: _input, boxes, doubts, ...rest }) => ({
      ...rest,
      ...given({ doubts: doubts?.map((d) => d.sentence) }),
      ...given({ boxes: boxes?.map(boxEntry) }),
    })),
    ...given({ accuracy, confusion }),
    warnings,
  };
}

/** A box in pixels of the model's input, and of the picture where that is known. */
function boxEntry({ label, index, score, box, inPicture, angle, points }: PredictedBox): object {
  return { label, index, score, box, ...given({ inPicture, angle, points }) };
}

function csvOf(answer: PredictAnswer): string {
  const { head, rows } = csvColumns(answer);
  return [head, ...rows].map(csvLine).join('');
}

function textOf(answer: PredictAnswer): string {
  const { head, rows, notes } = textColumns(answer);
  const parts = [table(head, rows) + doubtLines(succeeded(answer.results))];
  const more = [...besideLines(succeeded(answer.results)), ...notes];
  if (more.length > 0 && rows.length > 0) parts.push(`${more.join('\n')}\n`);
  if (answer.accuracy !== undefined) parts.push(`accuracy ${(100 * answer.accuracy).toFixed(2)} %\n`);
  if (answer.confusion !== undefined && answer.confusion.labels.length <= 25) {
    const { labels, counts } = answer.confusion;
    parts.push(
      table(
        ['truth \\ predicted', ...labels],
        counts.map((row, i) => [labels[i]!, ...row]),
      ),
    );
  }
  parts.push(`ran on ${answer.provider}\n`);
  return parts.join('\n');
}
