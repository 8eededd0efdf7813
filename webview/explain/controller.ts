import { given } from '../../src/base/given.js';
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
import { withParameter } from '../shared/form/parameters.js';
import type { Asked, Run, Shown } from './asked.js';
import { Comparison } from './grid/comparison.js';
import { keep, restoredRuns, type KeptPanel } from './kept.js';
import { Difference } from './picture/difference.js';
import { Photographs } from './picture/photographs.js';
import { QuestionForm } from './question/form.js';
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
  private readonly form = new QuestionForm();
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
        onSettled: (run) => this.settled(run),
      },
      newId,
      now,
    );
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
      this.form.begin(setup, kept?.question);
      if (kept === undefined) this.drawn = { ...DEFAULT_DISPLAY, ...colorOf(setup.defaults.colorMap) };
      else this.restore(kept, setup);
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
    if (this.current === undefined) this.form.change({ target: 'top1' });
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
    return this.form.question;
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
    this.form.change(change);
    this.answer();
  }

  chooseMethod(id: string): void {
    if (id === AUTO) {
      this.form.chooseAuto();
      this.answer();
      return;
    }
    const method = this.setup?.methods.find((m) => m.id === id);
    if (method === undefined || this.question === undefined) return;
    this.form.chooseMethod(method);
    this.answer();
  }

  chooseLayer(name: string): void {
    this.form.chooseLayer(name);
    this.answer();
  }

  readAs(output: string, choice: OutputChoice | undefined): void {
    this.form.readAs(output, choice);
    this.answer();
  }

  /** Writes beside the model how its outputs are read, and asks again: from then on the file says it. */
  async saveReading(): Promise<void> {
    const outputs = this.question?.outputs;
    if (outputs === undefined || !(await this.host.saveReading({ outputs }))) return;
    for (const name of Object.keys(outputs)) this.form.readAs(name, undefined);
    this.rerun();
  }

  setParameter(name: string, value: ParameterValue): void {
    const { method, question } = this;
    if (method !== undefined && question !== undefined)
      this.ask({ params: withParameter(method.parameters, question.params, name, value) });
  }

  resetParameters(): void {
    if (this.method !== undefined) this.ask({ params: paramsToAsk(this.method, {}) });
  }

  paramsFor(method: string): Question['params'] {
    return this.form.paramsFor(method);
  }

  look(picture: Address, question: Question, known: ReadonlyMap<Address, Explanation>): void {
    this.picture = picture;
    this.form.put(question);
    this.answer(known);
  }

  /** Answers the question as it is. */
  private answer(known?: ReadonlyMap<Address, Explanation>): void {
    const { question, setup } = this;
    if (question === undefined || setup === undefined) return;
    const { selected } = this;
    if (question.edit !== undefined && selected !== undefined) this.history.ask(question, [selected], known);
    else if (setup.pictures.length > 0) this.history.ask(question, urisOf(setup.pictures), known);
    else this.onChange();
  }

  /** The same question again, computed anew. */
  rerun(): void {
    const { question, setup } = this;
    if (setup === undefined) void this.start();
    else if (question !== undefined && setup.pictures.length > 0)
      this.history.again(
        question,
        question.edit === undefined ? urisOf(setup.pictures) : (this.current?.pictures ?? []),
      );
  }

  /** Explains what is painted over the picture, or the picture as it is again. */
  async explainEdited(edited: boolean): Promise<void> {
    const edit = edited ? await this.whatIf.keep() : undefined;
    const { question } = this;
    if (question === undefined || (edited && edit === undefined)) return;
    const { edit: _before, ...asked } = question;
    this.form.put({ ...asked, ...given({ edit }) });
    this.answer();
  }

  cancel(): void {
    this.history.cancel();
  }

  goTo(id: string): void {
    const run = this.runs.find((each) => each.id === id);
    if (run === undefined || run === this.current) return;
    this.form.put(run.question);
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
    if (topic.layer !== undefined && this.method?.layer !== 'none') this.form.change({ layer: topic.layer });
    // One picture is looked at large, whatever was compared before.
    if (topic.pictures.length < 2 && this.compare.open) this.compare.show(false);
    this.form.unpaint();
    // A class that was chosen for another picture is not what "explain this image" asks for.
    this.ask({ target: 'top1' });
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
    return this.facts.loadLabels();
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

  /** The method that was left open is known: the question names it, unless another was asked meanwhile. */
  private settled(run: Run): void {
    if (run !== this.current || this.question?.method !== AUTO) return;
    const { method, params } = run.question;
    this.form.put({ ...this.question, method, params });
    this.compare.fill();
  }

  /** Asks with other settings of pictures than those that are written; undefined: with those. */
  prepare(settings: SettingsChange | undefined): void {
    this.form.prepare(settings);
    this.answer();
    this.compare.fill();
  }

  /** What stands beside the model holds from here on: the class of before was an answer to another picture. */
  askAsWritten(): void {
    this.form.prepare(undefined);
    this.form.change({ target: 'top1' });
    this.rerun();
  }
}
