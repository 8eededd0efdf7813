import { canonical } from '../../base/canonical.js';
import { throwIfCancelled } from '../../base/errors.js';
import { memo } from '../../base/memo.js';
import type { Graph } from '../../graph/graph.js';
import { Joint, type Pattern } from '../../method/subject/joint.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { Explanation, Outcome } from '../../result/explanation.js';
import { concatBatches } from '../../session/batches.js';
import { attempt, loadPart } from '../input/answers.js';
import type { ExpandedInput, LoadedInput, PendingInput } from '../input/inputs.js';
import { rank } from '../prediction/rank.js';
import { explainOne, type Prepared, type Questioned } from './one.js';
import type { Question } from './question.js';

/** Which question is asked of which input, by their places. */
export interface Cell {
  readonly input: number;
  readonly question: number;
}

export interface Cells {
  readonly questions: readonly Question[];
  readonly inputs: readonly ExpandedInput[];
  /** Inputs are answered in the order in which they come here. */
  readonly cells: readonly Cell[];
}

export interface CellsCall {
  readonly signal: AbortSignal;
  /** A cell is worked on: of those that are run together nothing more is said before they end. */
  working(cell: number, progress: WorkProgress): void;
  /** Waited for before the next picture is asked. */
  ended(cell: number, outcome: Outcome<Explanation>): void | Promise<void>;
}

/** A method that runs more samples than this for one picture batches them itself: pictures are asked one after the other. */
const FEW = 4;

/**
 * Most pictures at a time: what is there is shown, a cancel is heard and the next are read between them. More make no picture
 * cheaper on the CPU.
 */
const MOST = { cpu: 8, gpu: 64 };

/** What is known of a question from when it was asked before. */
interface Learned {
  /** Samples that were run for one picture. */
  samples: number;
  /** The gradient that was asked for, where it was one of the model as it is. */
  pattern?: Pattern;
}

const learnt = memo<Graph, string, Learned>();

/**
 * Every cell: pictures are read ahead, ranked once for all questions, and run through a cheap method together, as many as
 * memory allows. What goes wrong with one cell stops no other.
 */
export async function answerCells(asked: Questioned, cells: Cells, call: CellsCall): Promise<void> {
  await new CellsRun(asked, cells, call).run();
}

/** The cells of one input. */
interface Row {
  readonly input: ExpandedInput;
  /** By question. */
  readonly cells: ReadonlyMap<number, readonly number[]>;
}

class CellsRun {
  private readonly joint: Joint;
  private readonly known: readonly Learned[];

  constructor(
    private readonly asked: Questioned,
    private readonly cells: Cells,
    private readonly call: CellsCall,
  ) {
    const { subject } = asked;
    this.joint = new Joint(subject);
    this.known = cells.questions.map(({ method, asked: { params, layer, score }, target }) =>
      learnt(subject.graph, canonical([method.id, params, layer, score, target]), () => ({ samples: Infinity })),
    );
  }

  async run(): Promise<void> {
    const { signal } = this.call;
    const rows = this.rows();
    let part = rows.slice(0, this.size());
    let loading = this.load(rows, 0, part.length);
    for (let from = 0; part.length > 0;) {
      throwIfCancelled(signal);
      from += part.length;
      const loaded = await loading;
      // The next pictures are read while these are run. How many they are may be known better after the first.
      const next = rows.slice(from, from + this.size());
      loading = this.load(rows, from, from + next.length);
      await this.answer(part, loaded);
      part = next;
    }
  }

  private rows(): readonly Row[] {
    const { inputs, cells } = this.cells;
    const rows = new Map<number, Map<number, number[]>>();
    for (const [at, { input, question }] of cells.entries()) {
      const row = rows.get(input) ?? new Map<number, number[]>();
      rows.set(input, row.set(question, [...(row.get(question) ?? []), at]));
    }
    return [...rows].map(([input, row]) => ({ input: inputs[input]!, cells: row }));
  }

  /** Pictures at a time: one, until something is known of a question. */
  private size(): number {
    const { subject } = this.asked;
    if (!this.known.some(({ samples }) => samples <= FEW)) return 1;
    const onCpu = (subject.provider?.used ?? 'cpu') === 'cpu';
    return Math.min(onCpu ? MOST.cpu : MOST.gpu, subject.batchSize('gradient'));
  }

  private load(rows: readonly Row[], from: number, to: number): Promise<readonly Outcome<LoadedInput>[]> {
    return loadPart(
      rows.map(({ input }) => input),
      from,
      to,
      this.call.signal,
    );
  }

  private async answer(rows: readonly Row[], loaded: readonly Outcome<LoadedInput>[]): Promise<void> {
    const prepared = await this.prepare(rows, loaded);
    for (const question of this.cells.questions.keys()) {
      const wanted = rows.flatMap((row, i) => {
        const cells = row.cells.get(question);
        return cells === undefined ? [] : [{ cells, picture: prepared[i]! }];
      });
      const alone = this.known[question]!.samples > FEW;
      if (alone) for (const one of wanted) await this.explain(question, [one]);
      else if (wanted.length > 0) await this.explain(question, wanted);
    }
  }

  /** Ranks what could be read, in one run; it may bring along the gradients that the first question will ask for. */
  private async prepare(
    rows: readonly Row[],
    loaded: readonly Outcome<LoadedInput>[],
  ): Promise<readonly Outcome<Prepared>[]> {
    const { labels } = this.asked;
    const started = performance.now();
    const read = loaded.flatMap((outcome) => ('result' in outcome ? [outcome.result] : []));
    const pattern = this.foreseeable(rows);
    const batch = read.length === 0 ? undefined : concatBatches(read.map(({ tensor }) => tensor));
    if (pattern !== undefined && batch !== undefined)
      this.joint.foresee(
        batch,
        read.map(({ tensor }) => tensor),
        pattern,
      );
    const rankings = await rank(this.joint.subject, labels, read, batch, TOP, this.call.signal);
    const milliseconds = (performance.now() - started) / Math.max(1, read.length);
    return loaded.map((outcome, i) => {
      if ('error' in outcome) return outcome;
      const { input, result } = outcome;
      const ranking = rankings[read.indexOf(result)]!;
      if ('error' in ranking) return { input, error: ranking.error };
      return { input, result: { input: rows[i]!.input as PendingInput, loaded: result, ranking, milliseconds } };
    });
  }

  /** The gradient of the best class that the first question will ask for, as far as it is known. */
  private foreseeable(rows: readonly Row[]): Pattern | undefined {
    const { subject } = this.asked;
    const first = this.cells.questions.findIndex((_, q) => rows.some(({ cells }) => cells.has(q)));
    const question = this.cells.questions[first];
    if (question === undefined || !subject.classifier || question.asked.score !== 'logit') return undefined;
    if (question.target !== undefined && question.target !== 'top1') return undefined;
    const { samples, pattern } = this.known[first]!;
    return samples <= FEW ? pattern : undefined;
  }

  private async explain(
    question: number,
    wanted: readonly { readonly cells: readonly number[]; readonly picture: Outcome<Prepared> }[],
  ): Promise<void> {
    const { signal, working, ended } = this.call;
    throwIfCancelled(signal);
    const known = this.known[question]!;
    const subject = { ...this.asked, subject: this.joint.subject };
    const alone = wanted.length === 1 && known.samples > FEW;
    if (!alone) for (const { cells } of wanted) for (const cell of cells) working(cell, { message: '' });
    const { result, samples, pattern } = await this.joint.watch(() =>
      Promise.all(
        wanted.map(async ({ cells, picture }): Promise<Outcome<Explanation>> => {
          if ('error' in picture) return picture;
          const progress = alone ? { progress: (p: WorkProgress) => working(cells[0]!, p) } : {};
          const one = (): Promise<Explanation> =>
            explainOne(subject, this.cells.questions[question]!, picture.result, {
              signal,
              together: wanted.length,
              ...progress,
            });
          return attempt(picture.input, one);
        }),
      ),
    );
    if (result.some((outcome) => 'result' in outcome)) {
      known.samples = samples / wanted.length;
      if (pattern !== undefined) known.pattern = pattern;
    }
    for (const [i, outcome] of result.entries()) for (const cell of wanted[i]!.cells) await ended(cell, outcome);
  }
}

/** Classes that an explanation brings along. */
const TOP = 10;
