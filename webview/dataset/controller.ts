import { given } from '../../src/base/given.js';
import type { Rgb } from '../../src/base/picture.js';
import type { CallOptions, Client } from '../../src/protocol/channel.js';
import type {
  LayoutAnswer,
  LayoutProgress,
  NearestAnswer,
  ScoreColumn,
  SetProgress,
  SurveyAnswer,
} from '../../src/protocol/dataset.js';
import type { DatasetHostApi, DatasetSetup } from '../../src/protocol/datasetPanel.js';
import type { LayerChoice } from '../../src/protocol/explainPanel.js';
import type { ModelAnswer } from '../../src/protocol/request.js';
import type { LayerCurve } from '../../src/result/dataset.js';
import { plural } from '../shared/format.js';
import { Remade } from '../shared/remade.js';
import { Task } from '../shared/task/task.js';
import { Compare } from './compare/compare.js';
import { factsOf, spoken, type Facts } from './facts.js';
import { Evaluate } from './methods/evaluate.js';
import { Retrain } from './methods/retrain.js';
import { completed, NEW_VIEW, type DatasetView, type KeptDataset, type MapView } from './kept.js';
import { Heat } from './gallery/heat.js';
import type { How } from './map/map.js';
import { scoreAsked } from './map/scores.js';
import type { Room, SeedLayout } from './room.js';
import { THUMBNAIL, Thumbnails } from './thumbnails.js';

const NEIGHBOURS = 12;
const SEEDS = 3;
const NONE: ReadonlySet<number> = new Set();

/** What a panel of a data set knows: the survey, the map, what is selected, and what was chosen. */
export class DatasetController implements Room {
  setup: DatasetSetup | undefined;
  view: DatasetView = NEW_VIEW;
  layers: readonly LayerChoice[] = [];
  stale: readonly string[] = [];
  isolated: ReadonlySet<number> | undefined;
  arrived = 0;
  paused = false;
  seeds: readonly SeedLayout[] = [];
  /** What is to be read out. */
  spoken = '';
  readonly survey = new Task<SurveyAnswer, SetProgress>(() => this.onSurvey());
  readonly layout = new Task<LayoutAnswer, LayoutProgress>(() => this.changed());
  readonly curve = new Task<ModelAnswer & { readonly curve: LayerCurve }, SetProgress>(() => this.changed());
  readonly nearest = new Task<NearestAnswer, SetProgress>(() => this.changed());
  readonly score = new Task<ScoreColumn, SetProgress>(() => this.changed());
  readonly heat: Heat;
  readonly compare = new Compare(this, () => this.changed());
  readonly evaluate = new Evaluate(this, () => this.changed());
  readonly retrain = new Retrain(this, this.evaluate, () => this.changed());
  private readonly thumbnails: Thumbnails;
  private names: readonly string[] = [];
  private shown: SurveyAnswer | undefined;
  private run: string | undefined;
  private readonly made = new Remade<Facts>();
  private readonly chosen = new Remade<ReadonlySet<number>>();

  constructor(
    readonly host: Client<DatasetHostApi>,
    private readonly onChange: () => void,
    private readonly newId: () => string,
  ) {
    this.heat = new Heat(
      (example, options) => host.heat({ name: this.facts!.survey.names[example]! }, options),
      () => this.changed(),
    );
    this.thumbnails = new Thumbnails(
      async (examples, signal) => {
        const names = examples.map((i) => this.facts!.survey.names[i]!);
        return (await host.thumbnails({ names, size: THUMBNAIL }, { signal })).pixels;
      },
      () => {
        this.arrived++;
        this.changed();
      },
    );
  }

  /** Begins, with what was kept of a page before. */
  async start(kept: KeptDataset | undefined): Promise<void> {
    if (kept !== undefined) this.view = completed(kept.view);
    this.setup = await this.host.setup({});
    this.names = this.setup.selected;
    this.stale = this.setup.stale;
    if (this.setup.tab !== undefined) this.view = { ...this.view, tab: this.setup.tab };
    this.changed();
    this.ask();
    if (this.setup.compare !== undefined) this.compare.with(this.setup.compare);
    this.layers = await this.host.layers({}).catch(() => []);
    this.changed();
  }

  keep(): KeptDataset | undefined {
    const { setup, view } = this;
    if (setup === undefined) return undefined;
    const { model, place } = setup;
    return { version: 1, topic: { model, place }, view };
  }

  update(view: Partial<DatasetView>): void {
    const before = this.view;
    this.view = { ...before, ...view };
    const asks = (['most', 'split', 'mapping'] as const).some((key) => this.view[key] !== before[key]);
    if (asks) this.ask();
    else this.askLayout();
    if (this.view.tab !== before.tab) this.heat.leave();
    this.askScore();
    this.changed();
  }

  /** No part of them any more. */
  lookAtAll(): void {
    const { most: _before, ...view } = this.view;
    this.view = view;
    this.ask();
    this.changed();
  }

  /** Another split; `undefined`: all. */
  lookAtSplit(split: string | undefined): void {
    const { split: _before, ...view } = this.view;
    this.view = { ...view, ...given({ split }) };
    this.ask();
    this.changed();
  }

  updateMap(view: Partial<MapView>): void {
    this.update({ map: { ...this.view.map, ...view } });
  }

  get facts(): Facts | undefined {
    const { shown } = this;
    return shown === undefined ? undefined : this.made.get([shown], () => factsOf(shown));
  }

  ask(anew = false): void {
    if (anew) this.stale = [];
    const { part } = this;
    const ask = async (options: CallOptions<SetProgress>): Promise<SurveyAnswer> => {
      if (anew) await this.host.forget({});
      return this.host.survey(part, options);
    };
    void this.survey.run(JSON.stringify(part), ask, anew);
  }

  /** Other files are there now. */
  outdated(files: readonly string[]): void {
    this.stale = files;
    this.changed();
  }

  /** Other examples were selected elsewhere. */
  follow(names: readonly string[]): void {
    this.names = names;
    this.changed();
  }

  get selected(): ReadonlySet<number> {
    const { facts, names } = this;
    if (facts === undefined) return NONE;
    return this.chosen.get(
      [facts, names],
      () => new Set(names.map((name) => facts.at.get(name)).filter((i) => i !== undefined)),
    );
  }

  get elsewhere(): number {
    return this.facts === undefined ? 0 : this.names.length - this.selected.size;
  }

  select(examples: readonly number[], how: How = 'replace'): void {
    const { facts } = this;
    if (facts === undefined) return;
    const next = new Set(how === 'replace' ? [] : this.selected);
    for (const i of examples) {
      if (how === 'toggle' && next.has(i)) next.delete(i);
      else next.add(i);
    }
    // What is selected of other examples of the place stays where something is added.
    const others = how === 'replace' ? [] : this.names.filter((name) => !facts.at.has(name));
    this.names = [...others, ...[...next].sort((a, b) => a - b).map((i) => facts.survey.names[i]!)];
    void this.host.select({ names: this.names }).catch(() => undefined);
    this.say(`${plural(next.size, 'picture')} selected`);
    this.changed();
  }

  get focus(): number | undefined {
    const { focus } = this.view;
    return focus === undefined ? undefined : this.facts?.at.get(focus);
  }

  look(example: number | undefined): void {
    const { facts } = this;
    if (facts === undefined) return;
    const { focus: _before, ...rest } = this.view;
    this.view = example === undefined ? rest : { ...rest, focus: facts.survey.names[example]! };
    if (example !== undefined) this.say(spoken(facts, example));
    this.askNearest();
    this.changed();
  }

  explain(examples: readonly number[]): void {
    const { facts } = this;
    if (facts === undefined || examples.length === 0) return;
    void this.host.explain({ names: examples.map((i) => facts.survey.names[i]!) }).catch(() => undefined);
  }

  picture(example: number): Rgb | undefined {
    return this.thumbnails.wanted(example);
  }

  steer(state: 'run' | 'pause' | 'stop'): void {
    const { run } = this;
    if (run === undefined) return;
    this.paused = state === 'pause';
    void this.host.steer({ run, state }).catch(() => undefined);
    this.changed();
  }

  /** The same map with the seed that is shown and the ones after it, one after the other. */
  showSeeds(): void {
    if (this.seeds.length > 0) {
      this.dropSeeds();
      this.changed();
      return;
    }
    const first = this.view.map.seed;
    this.seeds = Array.from({ length: SEEDS }, (_, k) => ({
      seed: first + k,
      task: new Task<LayoutAnswer, LayoutProgress>(() => this.changed()),
    }));
    const { seeds } = this;
    void (async () => {
      for (const { seed, task } of seeds) {
        if (this.seeds !== seeds) return;
        await task.run(String(seed), (options) => this.host.layout({ ...this.layoutRequest, seed }, options));
      }
    })();
    this.changed();
  }

  askCurve(): void {
    const { part } = this;
    void this.curve.run(JSON.stringify(part), (options) => this.host.layerCurve(part, options));
  }

  isolate(examples: ReadonlySet<number> | undefined): void {
    this.isolated = examples;
    this.changed();
  }

  say(text: string): void {
    this.spoken = text;
    this.changed();
  }

  /** Asks for the map where another one is wanted. */
  askLayout(): void {
    if (this.facts === undefined || this.view.tab !== 'map') return;
    const request = this.layoutRequest;
    const question = JSON.stringify([request, this.shown?.sha256]);
    if (question === this.layout.question && (this.layout.working || this.layout.value !== undefined)) return;
    if (this.layout.question !== question) this.dropSeeds();
    const run = this.newId();
    this.run = run;
    this.paused = false;
    void this.layout.run(question, (options) => this.host.layout({ ...request, run }, withPoints(options)));
  }

  /** Asks for what points are coloured by, where the survey does not hold it. */
  private askScore(): void {
    const { facts, view } = this;
    const score = facts === undefined || view.tab !== 'map' ? undefined : scoreAsked(facts, view.map);
    if (score === undefined) return;
    const request = { ...this.part, score };
    void this.score.run(JSON.stringify(request), (options) => this.host.scoreColumn(request, options));
  }

  /** Asks for it once more, also where the same failed or was stopped. */
  layoutAgain(): void {
    this.layout.expire();
    this.layout.question = undefined;
    this.askLayout();
  }

  /** Which examples, as every question about them says it. */
  get part(): { readonly most?: number; readonly split?: string; readonly mapping?: DatasetView['mapping'] } {
    const { most, split, mapping } = this.view;
    return given({ most, split, mapping: Object.keys(mapping).length === 0 ? undefined : mapping });
  }

  private get layoutRequest(): Omit<Parameters<Client<DatasetHostApi>['layout']>[0], 'run'> {
    const { of, layer, method, params, components, seed } = this.view.map;
    return {
      ...this.part,
      of,
      ...(layer === undefined || of === 'weights' ? {} : { layer }),
      method,
      params: { ...params[method], components },
      seed,
    };
  }

  private onSurvey(): void {
    const { value } = this.survey;
    if (value !== undefined && value !== this.shown) {
      this.shown = value;
      this.thumbnails.clear();
      this.heat.clear();
      this.score.clear();
      this.isolated = undefined;
      this.arrived++;
      this.curve.clear();
      this.nearest.clear();
      this.dropSeeds();
      this.layout.expire();
      this.askLayout();
      this.askScore();
      this.askNearest();
    }
    this.changed();
  }

  private askNearest(): void {
    const { facts, focus, view } = this;
    if (facts === undefined || focus === undefined || view.map.of === 'weights') return;
    const { layer, metric } = view.map;
    const request = {
      ...this.part,
      ...(layer === undefined ? {} : { layer }),
      name: facts.survey.names[focus]!,
      metric,
      k: Math.min(NEIGHBOURS, facts.count - 1),
    };
    if (request.k < 1) return;
    void this.nearest.run(JSON.stringify(request), (options) => this.host.nearest(request, options));
  }

  private dropSeeds(): void {
    for (const { task } of this.seeds) task.cancel();
    this.seeds = [];
  }

  private changed(): void {
    this.onChange();
  }
}

/** Reports without points are about those that came before: what is drawn stays until there is something else. */
function withPoints(options: CallOptions<LayoutProgress>): CallOptions<LayoutProgress> {
  let points: LayoutProgress['points'];
  return {
    ...options,
    onProgress: (progress) => {
      points = progress.points ?? points;
      options.onProgress?.(points === undefined ? progress : { ...progress, points });
    },
  };
}
