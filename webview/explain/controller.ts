import { isCancelled, toErrorData, type ErrorData } from '../../src/base/errors.js';
import type { Address } from '../../src/base/place.js';
import type { Client } from '../../src/protocol/channel.js';
import type {
  ExplainHostApi,
  ExplainSetup,
  ExplainTopic,
  LayerChoice,
  Question,
} from '../../src/protocol/explainPanel.js';
import type { Explanation } from '../../src/result/explanation.js';
import type { OutputChoice } from '../../src/result/output.js';
import {
  AUTO,
  type MethodChoice,
  type MethodDescription,
  type MethodFit,
  type ParameterValue,
} from '../../src/result/method.js';
import type { PreprocessingRecord } from '../../src/result/recipe.js';
import type { SettingsChange } from '../../src/result/settings.js';
import { DEFAULT_DISPLAY, type Display } from '../shared/canvas/display.js';
import type { Asked, Run, Shown } from './asked.js';
import { Comparison } from './grid/comparison.js';
import { keep, restoredRuns, type KeptPanel } from './kept.js';
import { Difference } from './picture/difference.js';
import { Photographs } from './picture/photographs.js';
import { Asking } from './question/asking.js';
import { History } from './question/history.js';
import { ModelFacts } from './question/modelFacts.js';
import { colorOf, paramsToAsk, saidIn, same, urisOf } from './question/run.js';
import { Badge } from './sanity/badge.js';
import { Preparation } from './settings/preparation.js';
import { SettingsSearch } from './settings/search.js';
import { WhatIf } from './whatIf/whatIf.js';

/**
 * The panel's mind, without a DOM: composes the question, the history of its answers, and what is drawn of them. Every
 * change of the question starts a run at once and ends the one before; answers to older questions are dropped.
 */
export class ExplainController implements Asked {
  readonly badge: Badge;
  readonly compare: Comparison;
  readonly difference: Difference;
  readonly search: SettingsSearch;
  readonly photographs: Photographs;
  readonly whatIf: WhatIf;
  readonly preparation: Preparation;
  private readonly asking: Asking;
  private readonly history: History;
  private readonly facts: ModelFacts;
  private topic: ExplainSetup | undefined;
  /** The panel could not even be set up. */
  private setupError: ErrorData | undefined;
  private drawn: Display = DEFAULT_DISPLAY;
  private picture: Address | undefined;

  constructor(
    private readonly host: Client<ExplainHostApi>,
    private readonly onChange: () => void,
    newId: () => string,
    private readonly now: () => number = () => Date.now(),
  ) {
    const selected = (): Address | undefined => this.selected;
    this.badge = new Badge(host, onChange);
    this.search = new SettingsSearch(host, onChange, () => this.askAsWritten());
    this.whatIf = new WhatIf(host, onChange, () => saidIn(this.question));
    this.photographs = new Photographs(host, onChange);
    this.facts = new ModelFacts(host, onChange);
    this.preparation = new Preparation(host, this, onChange);
    this.history = new History(
      host,
      {
        get selected() {
          return selected();
        },
        titleOf: ({ method }) =>
          this.setup?.methods.find((m) => m.id === method)?.title ?? (method === AUTO ? 'Auto' : method),
        onChange,
        onBegin: () => this.badge.leave(),
        onEnd: () => this.badge.watchRun(this.current, this.selected, this.setup?.defaults.trustBadge === true),
        named: (question, id) => ({ ...question, method: id, params: this.defaultsOf(id) }),
        onSettled: (run) => this.asking.settle(run) && this.compare.fill(),
      },
      newId,
      now,
    );
    this.asking = new Asking(host, this, this.history, onChange);
    this.compare = new Comparison(this, host, onChange);
    this.difference = new Difference(this, (run, picture) => this.history.loadOf(run, picture), onChange);
  }

  /** Asks the host what the panel is about, takes up what was kept, and begins. */
  async start(kept?: KeptPanel): Promise<void> {
    try {
      const setup = await this.host.setup({});
      this.topic = setup;
      this.setupError = undefined;
      this.facts.restore(setup.stale);
      this.whatIf.restore(setup.painted);
      this.asking.begin(setup, kept?.question);
      if (kept === undefined) this.drawn = { ...DEFAULT_DISPLAY, ...colorOf(setup.defaults.colorMap) };
      else this.restore(kept, setup);
      if (setup.networks !== undefined) this.compare.begin(setup.networks);
      this.asking.meanMethod(setup.method);
    } catch (error) {
      if (!isCancelled(error)) this.setupError = toErrorData(error);
      this.onChange();
      return;
    }
    this.compare.fill();
    if (kept?.preparation !== undefined) this.preparation.open(kept.preparation);
    if (this.current !== undefined) this.history.resume();
    else this.ask();
  }

  private restore(kept: KeptPanel, setup: ExplainSetup): void {
    const here = urisOf(setup.pictures);
    const sent = !same(here, urisOf(kept.subject.pictures));
    this.drawn = { ...DEFAULT_DISPLAY, ...kept.display };
    this.picture = kept.picture !== undefined && here.includes(kept.picture) ? kept.picture : undefined;
    this.history.restore(restoredRuns(kept, setup, this.now()), kept.current, here);
    if (!sent || here.length > 1) this.compare.restore(kept.grid);
    // Other pictures were sent here while the tab was hidden.
    if (this.current === undefined) this.asking.change({ target: 'top1' });
  }

  /** What outlives the page. */
  keep(): KeptPanel | undefined {
    const { setup, question, display, picture, current, runs, compare } = this;
    const grid = { open: compare.open, choice: compare.choice };
    return keep({
      setup,
      question,
      display,
      picture,
      current: current?.id,
      runs,
      grid,
      preparation: this.preparation.keep(),
    });
  }

  get setup(): ExplainSetup | undefined {
    return this.topic;
  }

  get question(): Question | undefined {
    return this.asking.question;
  }

  get method(): MethodDescription | undefined {
    return this.setup?.methods.find((m) => m.id === this.question?.method);
  }

  get choice(): MethodChoice | undefined {
    const choice = this.shown?.explanation.choice;
    return choice?.method === this.question?.method ? choice : undefined;
  }

  get fits(): readonly MethodFit[] | undefined {
    return this.facts.fits;
  }

  get labels(): readonly string[] | undefined {
    return this.facts.labels;
  }

  get layers(): readonly LayerChoice[] | undefined {
    return this.facts.layers;
  }

  get display(): Display {
    return this.drawn;
  }

  get runs(): readonly Run[] {
    return this.history.runs;
  }

  get current(): Run | undefined {
    return this.history.current;
  }

  get shown(): Shown | undefined {
    return this.history.shown;
  }

  get working(): boolean {
    return this.history.working;
  }

  get selected(): Address | undefined {
    const pictures = this.current?.pictures ?? urisOf(this.setup?.pictures ?? []);
    return this.picture !== undefined && pictures.includes(this.picture) ? this.picture : pictures[0];
  }

  /** Why the selected picture has no answer. */
  get error(): ErrorData | undefined {
    const { current, selected } = this;
    const outcome = selected === undefined ? undefined : current?.outcomes.get(selected);
    return (
      this.setupError ??
      (outcome?.state === 'failed' ? outcome.error : current?.status === 'failed' ? current.error : undefined)
    );
  }

  get preprocessing(): PreprocessingRecord | undefined {
    return this.shown?.explanation.recipe.preprocessing ?? this.current?.answer?.preprocessing;
  }

  /** Names of files that have changed on disk, while anything that is shown is of before. */
  get staleFiles(): readonly string[] {
    return this.facts.stale;
  }

  ask(change: Partial<Question> = {}): void {
    this.asking.ask(change);
  }

  chooseMethod(id: string): void {
    this.asking.chooseMethod(id);
  }

  chooseLayer(name: string): void {
    this.asking.chooseLayer(name);
  }

  readAs(output: string, choice: OutputChoice | undefined): void {
    this.asking.readAs(output, choice);
  }

  saveReading(): Promise<void> {
    return this.asking.saveReading();
  }

  setParameter(name: string, value: ParameterValue): void {
    this.asking.setParameter(name, value);
  }

  resetParameters(): void {
    this.asking.resetParameters();
  }

  paramsFor(method: string): Question['params'] {
    return this.asking.paramsFor(method);
  }

  look(picture: Address, question: Question, known: ReadonlyMap<Address, Explanation>): void {
    this.picture = picture;
    this.asking.askWhole(question, known);
  }

  /** The same question again, computed anew. */
  rerun(): void {
    if (this.setup === undefined) void this.start();
    else this.asking.again();
  }

  /** Explains what is painted over the picture, or the picture as it is again. */
  async explainEdited(edited: boolean): Promise<void> {
    const edit = edited ? await this.whatIf.keep() : undefined;
    if (!edited || edit !== undefined) this.asking.paint(edit);
  }

  cancel(): void {
    this.history.cancel();
  }

  goTo(id: string): void {
    const run = this.runs.find((each) => each.id === id);
    if (run === undefined || run === this.current) return;
    this.asking.put(run.question);
    this.history.goTo(id);
    this.onChange();
  }

  /** Looks at another picture. */
  select(picture: Address): void {
    this.picture = picture;
    this.difference.loadReference();
    this.preparation.refresh();
    this.onChange();
    this.history.load();
  }

  setDisplay(change: Partial<Display>): void {
    this.drawn = { ...this.drawn, ...change };
    this.onChange();
  }

  /** Keeps this panel as it is, or lets the next picture use it. */
  pin(): void {
    if (this.topic === undefined) return;
    const pinned = !this.topic.pinned;
    this.topic = { ...this.topic, pinned };
    void this.host.pin({ pinned });
    this.onChange();
  }

  /** The host sent other pictures to this panel. */
  show(topic: ExplainTopic): void {
    if (this.topic === undefined) return;
    this.topic = { ...this.topic, ...topic };
    this.picture = undefined;
    if (topic.layer !== undefined && this.method?.layer !== 'none') this.asking.change({ layer: topic.layer });
    this.asking.meanMethod(topic.method);
    // One picture is looked at large, whatever was compared before.
    if (topic.networks !== undefined) this.compare.begin(topic.networks);
    else if (topic.pictures.length < 2 && this.compare.open) this.compare.show(false);
    // A class that was chosen for another picture is not what "explain this image" asks for.
    this.asking.askOfOthers({ target: 'top1' });
    // What was left of the pictures of before says nothing of these.
    this.compare.choose({ only: undefined });
    this.preparation.refresh();
  }

  /** Files have changed on disk. */
  stale(files: readonly string[]): void {
    this.facts.outdate(files, this.current?.outdated === true || this.compare.grid.outdated);
    this.history.outdate();
    this.badge.forget();
    this.compare.outdate();
    this.preparation.refresh();
    this.onChange();
  }

  loadLabels(): Promise<void> {
    return this.facts.loadLabels(this.question?.settings);
  }

  loadLayers(): Promise<void> {
    return this.facts.loadLayers();
  }

  loadFits(): Promise<void> {
    return this.facts.loadFits();
  }

  private defaultsOf(id: string): Question['params'] {
    const method = this.setup?.methods.find((m) => m.id === id);
    return method === undefined ? {} : paramsToAsk(method, {});
  }

  /** Asks with other settings of pictures than those that are written; undefined: with those. */
  prepare(settings: SettingsChange | undefined): void {
    this.facts.rename();
    this.asking.prepare(settings);
    this.compare.fill();
  }

  askAsWritten(): void {
    this.facts.rename();
    this.asking.askAsWritten();
  }
}
