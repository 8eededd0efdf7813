import { given } from '../../../src/base/given.js';
import type { Address } from '../../../src/base/place.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi, NamedNetwork, OneRequest } from '../../../src/protocol/explainPanel.js';
import { asksForClass } from '../../../src/result/target.js';
import type { Asked } from '../asked.js';
import { Grid, type GridHost } from './grid.js';
import { arranged, columnsOf, DEFAULT_GRID, restoredChoice, type Axes, type GridChoice } from './choice.js';
import { byNetworks, NetworkNames, numbered, Verdicts } from './networks.js';
import { paramsToAsk } from '../question/run.js';

/** Maps beside each other: what the grid compares, and whether it is shown. Without a DOM. */
export class Comparison {
  readonly grid: Grid;
  private shows = false;
  private chosen: GridChoice = DEFAULT_GRID;
  private hidden = 0;
  private readonly names: NetworkNames;

  constructor(
    private readonly asked: Asked,
    private readonly host: GridHost & Pick<Client<ExplainHostApi>, 'chooseNetwork' | 'openNetwork' | 'labels'>,
    private readonly onChange: () => void,
  ) {
    this.grid = new Grid(host, onChange);
    this.names = new NetworkNames(host);
  }

  /** The grid is shown in place of one picture. */
  get open(): boolean {
    return this.shows;
  }

  get choice(): GridChoice {
    return this.chosen;
  }

  /** How many columns of the choice are not shown. */
  get hiddenCount(): number {
    return this.hidden;
  }

  restore(kept: { readonly open: boolean; readonly choice: GridChoice } | undefined): void {
    this.chosen = restoredChoice(kept?.choice);
    this.shows = kept?.open === true;
  }

  /** Several networks are asked the same: by one method, until more are chosen. */
  begin(networks: readonly NamedNetwork[]): void {
    this.chosen = { ...this.chosen, networks, methods: [], only: undefined };
    this.shows = true;
  }

  /** One picture large, or all of them beside each other. */
  show(open: boolean): void {
    this.shows = open;
    if (open) this.fill();
    else this.grid.cancel();
    this.onChange();
  }

  choose(change: Partial<GridChoice>): void {
    this.chosen = { ...this.chosen, ...change };
    this.fill();
    this.onChange();
  }

  /** Computes what the grid lacks, where it is shown. */
  fill(): void {
    if (!this.open) return;
    if (this.chosen.methods.length === 0) {
      const many = this.chosen.networks.length === 0;
      this.chosen = { ...this.chosen, methods: firstMethods(this.asked, many ? METHODS : 1) };
    }
    const { question, labels } = this.asked;
    // Classes that were chosen by name, or in another session, are called by it.
    const unnamed = this.choice.targets.some((target) => nameOf(this.asked, target) === numbered(Number(target)));
    if (unnamed && labels === undefined)
      void this.asked.loadLabels().then(() => this.asked.labels !== undefined && this.fill());
    const axes = axesOf(this.asked, this.choice, (model) => this.names.has(model, () => this.fill()));
    if (question === undefined || axes === undefined) return;
    const columns = columnsOf(axes, this.choice.rows);
    this.hidden = columns.filter(({ id }) => this.choice.hidden.includes(id)).length;
    this.grid.show(axes[this.choice.rows], arranged(columns, this.choice), {
      score: question.score,
      seed: question.seed,
      ...given({ outputs: question.outputs, settings: question.settings }),
    });
  }

  /** Puts another network beside the panel's own, which the person chooses. */
  async addNetwork(): Promise<void> {
    const added = await this.host.chooseNetwork({});
    const there = this.chosen.networks.some((n) => n.model === added?.model && n.random === added?.random);
    if (added !== undefined && !there) this.choose({ networks: [...this.chosen.networks, added] });
  }

  /** Whether classes are asked of a network by their numbers, which may be those of other classes there. */
  asksByNumber({ model }: NamedNetwork): boolean {
    if (model === undefined) return false;
    return this.chosen.targets.some(
      (target) =>
        /^(?:mask:)?\d+$/.test(target) &&
        (nameToAsk(this.asked, target) === undefined || this.names.has(model, this.onChange) === false),
    );
  }

  /** Files have changed: what is known is of before. */
  outdate(): void {
    this.names.forget();
    this.grid.outdate();
  }

  /** What the networks say of the pictures, held against the truth where folders name it; nothing where there is but one. */
  get verdicts(): Verdicts | undefined {
    return this.chosen.networks.length === 0 ? undefined : new Verdicts(this.grid, this.asked.labels);
  }

  /**
   * Shows a cell of the grid large; what the grid knows of the same question is there at once. This panel is about one
   * network: another one has a panel of its own, and random weights have none.
   */
  openCell({ question, picture, model, random }: OneRequest): void {
    if (model !== undefined) return void this.host.openNetwork({ model, picture });
    if (random === true) return;
    this.grid.cancel();
    this.shows = false;
    this.asked.look(picture, question, this.grid.answersTo(question));
  }
}

/** What the three axes hold; methods and classes in the order in which they were chosen: what was asked first comes first. */
function axesOf(c: Asked, choice: GridChoice, hasNames: (model: Address) => boolean | undefined): Axes | undefined {
  const { question, setup } = c;
  if (question === undefined || setup === undefined) return undefined;
  const { layer } = question;
  // Other networks need to be opened to know.
  const byName = choice.targets.some((target) => nameToAsk(c, target) !== undefined);
  return {
    pictures: setup.pictures
      .filter(({ uri }) => choice.only?.includes(uri) ?? true)
      .map(({ uri, name }) => ({ id: uri, title: name, part: { picture: uri } })),
    methods: byNetworks(
      choice,
      setup.model.name,
      choice.methods
        .flatMap((id) => setup.methods.find((m) => m.id === id) ?? [])
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
      (model) => (byName ? hasNames(model) : false),
    ),
    targets: choice.targets.map((target) => ({
      id: target,
      title: target === 'top1' ? 'top prediction' : nameOf(c, target),
      part: { target, ...given({ targetName: nameToAsk(c, target) }) },
    })),
  };
}

/** A class by its name, as far as it is known. */
export function nameOf(c: Asked, target: string): string {
  const index = Number(target);
  return c.labels?.[index] ?? c.shown?.explanation.predictions.find((p) => p.index === index)?.label ?? numbered(index);
}

/** The name of a class that is chosen by its number, where the name means that class and nothing else. */
function nameToAsk(c: Asked, target: string): string | undefined {
  if (!/^\d+$/.test(target)) return undefined;
  const name = nameOf(c, target);
  const twice = c.labels !== undefined && c.labels.indexOf(name) !== c.labels.lastIndexOf(name);
  const other = name === numbered(Number(target)) || /^(?:\d+|top\d*)$/i.test(name) || !asksForClass(name);
  return twice || other ? undefined : name;
}

/** Methods of a grid that is opened for the first time. */
const METHODS = 3;

/** The columns of a grid that is opened for the first time: the method on show and some that work differently. */
function firstMethods(c: Asked, count: number): readonly string[] {
  const { question, setup } = c;
  const others = ['gradient', 'guided_backprop', 'gradcam', 'integrated_gradients'];
  const offered = others.filter((id) => id !== question?.method && setup?.methods.some((m) => m.id === id));
  // A method that is still to be chosen has no column yet.
  const asked = setup?.methods.some((m) => m.id === question?.method) === true ? [question!.method] : [];
  return count === 1 ? asked : [...asked, ...offered.slice(0, count - asked.length)];
}
