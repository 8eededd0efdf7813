import type { Client } from '../../src/protocol/channel.js';
import type { ExplainHostApi, Question } from '../../src/protocol/panel.js';
import type { Explanation } from '../../src/result/explanation.js';
import type { ExplainController } from './controller.js';
import { DEFAULT_GRID, Grid, type GridChoice, type GridColumn } from './grid.js';
import { loadExplanation, paramsToAsk, type Run } from './run.js';

/** Maps beside each other: the grid, and the run that is subtracted from the one on show. Without a DOM. */
export class Comparison {
  readonly grid: Grid;
  /** The grid is shown in place of one picture. */
  open = false;
  choice: GridChoice = DEFAULT_GRID;
  private referenceId = '';

  constructor(
    private readonly controller: ExplainController,
    private readonly host: Client<ExplainHostApi>,
    private readonly onChange: () => void,
  ) {
    this.grid = new Grid(host, onChange);
  }

  restore(kept: { readonly open: boolean; readonly choice: GridChoice } | undefined): void {
    this.choice = { ...DEFAULT_GRID, ...kept?.choice };
    this.open = kept?.open ?? false;
  }

  /** One picture large, or all of them beside each other. */
  show(open: boolean): void {
    this.open = open;
    if (open) this.fill();
    else this.grid.cancel();
    this.onChange();
  }

  choose(change: Partial<GridChoice>): void {
    this.choice = { ...this.choice, ...change };
    this.fill();
    this.onChange();
  }

  /** Computes what the grid lacks, where it is shown. */
  fill(): void {
    if (!this.open) return;
    if (this.choice.methods.length === 0) this.choice = { ...this.choice, methods: firstMethods(this.controller) };
    const rows = this.controller.setup?.pictures.map((p) => p.uri) ?? [];
    this.grid.show(rows, columnsOf(this.controller, this.choice));
  }

  /** Shows a cell of the grid large. */
  openCell(question: Question, picture: string): void {
    this.grid.cancel();
    this.open = false;
    this.controller.picture = picture;
    this.controller.ask(question);
  }

  /** Runs whose map can be subtracted from the one on show. */
  get references(): readonly Run[] {
    const { selected, current, runs } = this.controller;
    return runs.filter(
      (r) =>
        r !== current && selected !== undefined && r.status === 'done' && r.outcomes.get(selected)?.state === 'done',
    );
  }

  get reference(): Run | undefined {
    return this.references.find((r) => r.id === this.referenceId);
  }

  /** What is subtracted from the map on show, as far as it is here. */
  get referenceExplanation(): Explanation | undefined {
    const { selected } = this.controller;
    return selected === undefined ? undefined : this.reference?.explanations.get(selected);
  }

  /** Shows the difference to another run of the history; an empty id: the map itself. */
  subtract(id: string): void {
    this.referenceId = id;
    this.loadReference();
    this.onChange();
  }

  loadReference(): void {
    const { reference } = this;
    const { selected } = this.controller;
    if (reference === undefined || selected === undefined) return;
    const gone = (): void => this.subtract('');
    loadExplanation(this.host, reference, selected).then(this.onChange, gone);
  }
}

/** The columns that a choice asks for: methods for the target in question, or classes for the method in question. */
function columnsOf(c: ExplainController, choice: GridChoice): readonly GridColumn[] {
  const { question, setup } = c;
  if (question === undefined || setup === undefined) return [];
  if (choice.columns === 'targets') {
    return choice.targets.map((target) => ({
      id: target,
      title: target === 'top1' ? 'top prediction' : nameOf(c, target),
      question: { ...question, target },
    }));
  }
  const { layer, ...others } = question;
  return setup.methods
    .filter((m) => choice.methods.includes(m.id))
    .map((m) => ({
      id: m.id,
      title: m.title,
      question: {
        ...others,
        method: m.id,
        params: m.id === question.method ? question.params : paramsToAsk(m, c.paramsFor(m.id)),
        ...(layer !== undefined && m.layer !== 'none' ? { layer } : {}),
      },
    }));
}

/** A class by its name, as far as it is known. */
export function nameOf(c: ExplainController, target: string): string {
  const index = Number(target);
  return (
    c.labels?.[index] ?? c.shown?.explanation.predictions.find((p) => p.index === index)?.label ?? `class ${target}`
  );
}

/** The columns of a grid that is opened for the first time: the method on show and some that work differently. */
function firstMethods(c: ExplainController): readonly string[] {
  const { question, setup } = c;
  const others = ['gradient', 'guided_backprop', 'gradcam', 'integrated_gradients'];
  const offered = others.filter((id) => id !== question?.method && setup?.methods.some((m) => m.id === id));
  return [...(question === undefined ? [] : [question.method]), ...offered.slice(0, 2)];
}
