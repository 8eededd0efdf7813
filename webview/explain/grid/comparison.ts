import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi, OneRequest } from '../../../src/protocol/explainPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import type { ExplainController } from '../controller.js';
import { Grid } from './grid.js';
import { arranged, columnsOf, DEFAULT_GRID, restoredChoice, type Axes, type GridChoice } from './choice.js';
import { loadExplanation, paramsToAsk, type Run } from '../question/run.js';

/** Maps beside each other: the grid, and the run that is subtracted from the one on show. Without a DOM. */
export class Comparison {
  readonly grid: Grid;
  /** The grid is shown in place of one picture. */
  open = false;
  choice: GridChoice = DEFAULT_GRID;
  /** Columns of the choice that are not shown. */
  hiddenCount = 0;
  private referenceId = '';

  constructor(
    private readonly controller: ExplainController,
    private readonly host: Client<ExplainHostApi>,
    private readonly onChange: () => void,
  ) {
    this.grid = new Grid(host, onChange);
  }

  restore(kept: { readonly open: boolean; readonly choice: GridChoice } | undefined): void {
    this.choice = restoredChoice(kept?.choice);
    this.open = kept?.open === true;
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
    const { question, labels } = this.controller;
    // Classes that were chosen by name, or in another session, are called by it.
    const unnamed = this.choice.targets.some((target) => nameOf(this.controller, target) === `class ${target}`);
    if (unnamed && labels === undefined)
      void this.controller.loadLabels().then(() => this.controller.labels !== undefined && this.fill());
    const axes = axesOf(this.controller, this.choice);
    if (question === undefined || axes === undefined) return;
    const columns = columnsOf(axes, this.choice.rows);
    this.hiddenCount = columns.filter(({ id }) => this.choice.hidden.includes(id)).length;
    this.grid.show(axes[this.choice.rows], arranged(columns, this.choice), {
      score: question.score,
      seed: question.seed,
    });
  }

  /** Shows a cell of the grid large. */
  openCell({ question, picture }: OneRequest): void {
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

/** What the three axes hold; methods and classes in the order in which they are offered and were chosen. */
function axesOf(c: ExplainController, choice: GridChoice): Axes | undefined {
  const { question, setup } = c;
  if (question === undefined || setup === undefined) return undefined;
  const { layer } = question;
  return {
    pictures: setup.pictures.map(({ uri, name }) => ({ id: uri, title: name, part: { picture: uri } })),
    methods: setup.methods
      .filter((m) => choice.methods.includes(m.id))
      .map((m) => ({
        id: m.id,
        title: m.title,
        part: {
          method: {
            method: m.id,
            params: m.id === question.method ? question.params : paramsToAsk(m, c.paramsFor(m.id)),
            ...(layer !== undefined && m.layer !== 'none' ? { layer } : {}),
          },
        },
      })),
    targets: choice.targets.map((target) => ({
      id: target,
      title: target === 'top1' ? 'top prediction' : nameOf(c, target),
      part: { target },
    })),
  };
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
