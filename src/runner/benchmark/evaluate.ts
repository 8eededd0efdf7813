import path from 'node:path';
import { given } from '../../base/given.js';
import type { ErrorData } from '../../base/errors.js';
import type { Call } from '../../protocol/channel.js';
import type { EvaluateAnswer, EvaluateProgress, EvaluateRequest } from '../../protocol/benchmark.js';
import { evaluationSvg } from '../../report/benchmark.js';
import {
  metricOf,
  type EvaluatedMethod,
  type Evaluation,
  type MeasuredPicture,
  type RunningMethod,
} from '../../result/benchmark.js';
import { estimate } from '../../result/estimate.js';
import { svgToPng } from '../../input/encode.js';
import type { DatasetRoom } from '../dataset/room.js';
import { answerOf } from '../input/answers.js';
import { settingWarnings } from '../input/doubts.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { recordOf } from '../overview/describe.js';
import { nothingLeft } from '../reading/nothingLeft.js';
import { evaluateQuestion, type EvaluateQuestion, type Row } from './question.js';
import { evaluateUnits } from './units.js';

/** Shortest time between two running pictures of what is there. */
const FRAME_MS = 300;

/** How good attributions of a model are, beside random pixels and edges. */
export async function evaluate(
  model: OpenModel,
  room: DatasetRoom,
  request: EvaluateRequest,
  call: Call<EvaluateProgress>,
): Promise<EvaluateAnswer> {
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const question = await evaluateQuestion(model, room, request, signal);
  const { inputs, rows, x } = question;
  const found = new Gathered(question);
  let shown = 0;
  let done = 0;
  const working = (_picture: number, row: Row): void =>
    call.progress({
      fraction: done / inputs.length,
      message: `${row.title}, picture ${done + 1} of ${inputs.length}`,
      done,
      of: inputs.length,
    });
  for await (const unit of evaluateUnits(question, request, room, signal, { working })) {
    found.add(unit);
    done++;
    const due = Date.now() - shown >= FRAME_MS || done === inputs.length;
    if (due) shown = Date.now();
    call.progress({
      fraction: done / inputs.length,
      message: `${done} of ${inputs.length} pictures`,
      done,
      of: inputs.length,
      ...(due ? { x, running: found.running() } : {}),
    });
  }
  const omitted = [...found.omitted, ...question.omitted];
  if (found.pictures.length === 0) throw nothingLeft(omitted);
  const notes = [...question.notes, ...drawNotes(question, rows)];
  const about = await answerOf(model, question.subject, question.notes, settingWarnings(model.resolved));
  const evaluation: Evaluation = {
    metric: question.metric.id,
    params: question.params,
    x,
    place: question.place,
    names: found.pictures.map((i) => inputs[i]!.name),
    files: found.pictures.map((i) => inputs[i]!.file),
    methods: found.methods(),
    omitted,
    of: question.of + question.omitted.length,
    notes,
    recipe: await recipeOf(model, {
      preprocessing: recordOf(model.resolved.preprocessing),
      method: 'evaluate',
      params: {
        metric: question.metric.id,
        ...question.params,
        methods: rows.flatMap((row) => (row.kind === 'method' ? [methodWords(row)] : [])).join('; '),
        set: path.basename(question.place),
        ...given({ split: request.split, most: request.most, target: request.target }),
      },
      seed: question.seed,
      provider: about.provider,
      notes,
    }),
  };
  const svg = evaluationSvg(path.basename(request.model), evaluation);
  return { ...about, evaluation, svg, png: await svgToPng(svg) };
}

function methodWords(row: Row): string {
  const params = Object.entries(row.params).map(([name, value]) => `${name}=${value}`);
  return [row.id, ...(row.layer === undefined ? [] : [`layer=${row.layer}`]), ...params].join(' ');
}

/** What is drawn by lot, and what the intervals are of. */
function drawNotes({ metric, seed }: EvaluateQuestion, rows: readonly Row[]): string[] {
  const random = rows.find(({ id, kind }) => id === 'random' && kind === 'baseline')!;
  const several = rows.filter((row) => row.kind === 'method' && row.seeds > 1).map(({ title }) => title);
  return [
    'Intervals hold 95 of 100 bootstrap draws over the pictures.',
    `Random pixels: the mean of ${random.seeds} draws for each picture, seeds ${seed} to ${seed + random.seeds - 1}.${several.length === 0 ? '' : ` So were ${several.join(', ')}, ${rows[0]!.seeds} times.`}`,
    ...(metric.plane ? ['Imputed pixels solve their linear system to a residual of 1e-6 of its right side.'] : []),
  ];
}

/** What the rows got on the pictures so far. */
class Gathered {
  /** Numbers of the pictures that could be read. */
  readonly pictures: number[] = [];
  readonly omitted: { readonly name: string; readonly error: ErrorData }[] = [];
  private readonly got: { pictures: MeasuredPicture[]; failed: { picture: number; error: ErrorData }[] }[];

  constructor(private readonly question: EvaluateQuestion) {
    this.got = question.rows.map(() => ({ pictures: [], failed: [] }));
  }

  add({
    picture: number,
    rows,
    unreadable,
  }: Awaited<ReturnType<ReturnType<typeof evaluateUnits>['next']>>['value']): void {
    if (unreadable !== undefined) {
      this.omitted.push({ name: this.question.inputs[number]!.name, error: unreadable });
      return;
    }
    const picture = this.pictures.push(number) - 1;
    for (const [r, got] of rows.entries()) {
      const row = this.got[r]!;
      if ('error' in got) row.failed.push({ picture, error: got.error });
      else row.pictures.push({ picture, ...got.measured });
    }
  }

  running(): RunningMethod[] {
    const [curve] = metricOf(this.question.metric.id).curves;
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    return this.question.rows.map(({ id, title, kind }, r) => {
      const { pictures } = this.got[r]!;
      return {
        id,
        title,
        kind,
        count: pictures.length,
        score: pictures.length === 0 ? NaN : mean(pictures.map(({ score }) => score)),
        curve:
          curve === undefined || pictures.length === 0
            ? []
            : this.question.x.map((_, i) => mean(pictures.map(({ curves }) => curves[curve.id]![i]!))),
      };
    });
  }

  methods(): EvaluatedMethod[] {
    const { question } = this;
    const { curves, beside = [] } = metricOf(question.metric.id);
    return question.rows.map(({ id, title, kind, params, layer }, r) => {
      const { pictures, failed } = this.got[r]!;
      return {
        id,
        title,
        kind,
        params,
        ...given({ layer }),
        score: estimate(pictures.map(({ score }) => score)),
        curves: Object.fromEntries(
          curves.map((curve) => [
            curve.id,
            question.x.map((_, i) => estimate(pictures.map((each) => each.curves[curve.id]![i]!))),
          ]),
        ),
        ...(beside.length === 0
          ? {}
          : {
              beside: Object.fromEntries(
                beside.map((each) => [each.id, estimate(pictures.map((p) => p.beside?.[each.id] ?? NaN))]),
              ),
            }),
        pictures,
        failed,
      };
    });
  }
}
