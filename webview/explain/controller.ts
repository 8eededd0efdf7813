import { isCancelled, toErrorData, type ErrorData } from '../../src/base/errors.js';
import type { Address } from '../../src/base/place.js';
import type { Client } from '../../src/protocol/channel.js';
import type {
  ExplainHostApi,
  ExplainSetup,
  ExplainTopic,
  LayerChoice,
  Question,
  RunProgress,
} from '../../src/protocol/explainPanel.js';
import type { Explanation } from '../../src/result/explanation.js';
import type { MethodDescription, ParameterValue } from '../../src/result/method.js';
import type { PreprocessingRecord } from '../../src/result/recipe.js';
import { DEFAULT_DISPLAY, type Display } from '../shared/canvas/display.js';
import { withParameter } from '../shared/form/parameters.js';
import { Badge } from './sanity/badge.js';
import { Comparison } from './grid/comparison.js';
import { restoredRuns, type KeptPanel } from './kept.js';
import {
  colorOf,
  firstQuestion,
  forgetExplanations,
  loadExplanation,
  newRun,
  paramsToAsk,
  same,
  urisOf,
  type Run,
} from './question/run.js';

const KEPT_RUNS = 12;

/** What is drawn: an explanation, and whether it is the answer to the question or an older one. */
export interface Shown {
  readonly explanation: Explanation;
  readonly picture: Address;
  readonly current: boolean;
  readonly partial: boolean;
}

/**
 * The panel's mind, without a DOM: which question is asked, which run answers it, what is shown. Every change of the
 * question starts a run at once and ends the one before; answers to older questions are dropped.
 */
export class ExplainController {
  setup: ExplainSetup | undefined;
  /** The panel could not even be set up. */
  setupError: ErrorData | undefined;
  question: Question | undefined;
  display: Display = DEFAULT_DISPLAY;
  runs: Run[] = [];
  current: Run | undefined;
  /** The picture that is looked at. */
  picture: Address | undefined;
  labels: readonly string[] | undefined;
  layers: readonly LayerChoice[] | undefined;
  /** Names of files that have changed on disk, while anything that is shown is of before. */
  staleFiles: readonly string[] = [];
  readonly badge: Badge;
  readonly compare: Comparison;
  /** The strip of maps behind the badge is open. */
  sanityOpen = false;
  private last: { readonly explanation: Explanation; readonly picture: Address } | undefined;
  private paramsOf = new Map<string, Question['params']>();

  constructor(
    private readonly host: Client<ExplainHostApi>,
    private readonly onChange: () => void,
    private readonly newId: () => string,
    private readonly now: () => number = () => Date.now(),
  ) {
    this.badge = new Badge(host, onChange);
    this.compare = new Comparison(this, host, onChange);
  }

  /** Asks the host what the panel is about, takes up what was kept, and begins. */
  async start(kept?: KeptPanel): Promise<void> {
    try {
      const setup = await this.host.setup({});
      this.setup = setup;
      this.setupError = undefined;
      this.staleFiles = setup.stale;
      if (kept === undefined) {
        this.display = { ...DEFAULT_DISPLAY, ...colorOf(setup.defaults.colorMap) };
        this.question = firstQuestion(setup);
      } else this.restore(kept, setup);
    } catch (error) {
      if (!isCancelled(error)) this.setupError = toErrorData(error);
      this.onChange();
      return;
    }
    this.compare.fill();
    if (this.current !== undefined) this.begin(this.current);
    else this.ask();
  }

  private restore(kept: KeptPanel, setup: ExplainSetup): void {
    this.display = { ...DEFAULT_DISPLAY, ...kept.display };
    const known = new Set(setup.methods.map((m) => m.id));
    this.question = known.has(kept.question.method) ? kept.question : firstQuestion(setup);
    this.runs = restoredRuns(kept, setup, this.now());
    const here = urisOf(setup.pictures);
    this.current = this.runs.find((run) => run.id === kept.current && same(run.pictures, here));
    this.picture = kept.picture !== undefined && here.includes(kept.picture) ? kept.picture : undefined;
    this.compare.restore(kept.grid);
    // Other pictures were sent here while the tab was hidden.
    if (this.current === undefined) this.question = { ...this.question, target: 'top1' };
  }

  get method(): MethodDescription | undefined {
    return this.setup?.methods.find((m) => m.id === this.question?.method);
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

  get shown(): Shown | undefined {
    const { current, selected, last } = this;
    if (selected === undefined) return undefined;
    const explanation = current?.explanations.get(selected);
    if (explanation !== undefined) {
      const partial = current?.outcomes.get(selected)?.state === 'partial';
      return { explanation, picture: selected, current: true, partial };
    }
    const { progress } = current ?? {};
    if (current?.status === 'working' && progress?.partial !== undefined && progress.picture === selected) {
      return { explanation: progress.partial, picture: selected, current: true, partial: true };
    }
    return last?.picture === selected ? { ...last, current: false, partial: false } : undefined;
  }

  /** Preprocessing of the answer, or of the explanation that is shown. */
  get preprocessing(): PreprocessingRecord | undefined {
    return this.shown?.explanation.recipe.preprocessing ?? this.current?.answer?.preprocessing;
  }

  get working(): boolean {
    return this.current?.status === 'working';
  }

  /** Changes the question and runs it. The same question asked before is answered from the history. */
  ask(change: Partial<Question> = {}): void {
    if (this.question === undefined || this.setup === undefined) return;
    this.question = { ...this.question, ...change };
    const pictures = urisOf(this.setup.pictures);
    if (pictures.length === 0) {
      this.onChange();
      return;
    }
    const before = this.runs.find(
      (r) =>
        ['done', 'working'].includes(r.status) &&
        !r.outdated &&
        same(r.question, this.question!) &&
        same(r.pictures, pictures),
    );
    if (before !== undefined) {
      this.goTo(before.id);
      this.onChange();
    } else this.begin(this.addRun(this.question, pictures));
  }

  chooseMethod(id: string): void {
    const method = this.setup?.methods.find((m) => m.id === id);
    if (method === undefined || this.question === undefined) return;
    this.paramsOf.set(this.question.method, this.question.params);
    const { layer, ...others } = this.question;
    this.question = {
      ...others,
      method: id,
      params: paramsToAsk(method, this.paramsOf.get(id) ?? {}),
      ...(layer !== undefined && method.layer !== 'none' ? { layer } : {}),
    };
    this.ask();
  }

  chooseLayer(name: string): void {
    if (this.question === undefined) return;
    const { layer: _layer, ...others } = this.question;
    this.question = name === '' ? others : { ...others, layer: name };
    this.ask();
  }

  setParameter(name: string, value: ParameterValue): void {
    const { method, question } = this;
    if (method !== undefined && question !== undefined)
      this.ask({ params: withParameter(method.parameters, question.params, name, value) });
  }

  resetParameters(): void {
    if (this.method !== undefined) this.ask({ params: paramsToAsk(this.method, {}) });
  }

  /** The same question again, computed anew. */
  rerun(): void {
    if (this.setup === undefined) void this.start();
    else if (this.question !== undefined && this.setup.pictures.length > 0) {
      this.begin(this.addRun(this.question, urisOf(this.setup.pictures)), true);
    }
  }

  cancel(): void {
    if (this.current?.status === 'working') void this.host.stop({ id: this.current.id });
  }

  /** Goes back to a run of the history. */
  goTo(id: string): void {
    const run = this.runs.find((r) => r.id === id);
    if (run === undefined || run === this.current) return;
    this.cancel();
    this.question = run.question;
    this.current = run;
    if (run.status === 'kept') this.begin(run);
    else {
      void this.fetch(run);
      this.watchMethod();
    }
    this.onChange();
  }

  select(picture: Address): void {
    this.picture = picture;
    this.compare.loadReference();
    this.onChange();
    if (this.current !== undefined) void this.fetch(this.current);
  }

  setDisplay(change: Partial<Display>): void {
    this.display = { ...this.display, ...change };
    this.onChange();
  }

  /** The host sent other pictures to this panel. */
  show(subject: ExplainTopic): void {
    if (this.setup === undefined) return;
    this.setup = { ...this.setup, ...subject };
    this.picture = undefined;
    if (subject.layer !== undefined && this.question !== undefined && this.method?.layer !== 'none') {
      this.question = { ...this.question, layer: subject.layer };
    }
    // A class that was chosen for another picture is not what "explain this image" asks for.
    this.ask({ target: 'top1' });
    this.compare.fill();
  }

  stale(files: readonly string[]): void {
    const before = this.current?.outdated === true || this.compare.grid.outdated ? this.staleFiles : [];
    this.staleFiles = [...new Set([...before, ...files])];
    for (const run of this.runs) run.outdated = true;
    this.badge.forget();
    this.compare.grid.outdate();
    this.labels = undefined;
    this.layers = undefined;
    this.onChange();
  }

  async loadLabels(): Promise<void> {
    if (this.labels !== undefined) return;
    this.labels = await this.host.labels({}).catch(() => undefined);
    this.onChange();
  }

  async loadLayers(): Promise<void> {
    if (this.layers !== undefined) return;
    this.layers = await this.host.layers({}).catch(() => undefined);
    this.onChange();
  }

  /** What was set for a method before another was chosen. */
  paramsFor(method: string): Question['params'] {
    return this.paramsOf.get(method) ?? {};
  }

  checkMethod(): void {
    this.badge.check();
    this.onChange();
  }

  openSanity(open: boolean): void {
    if (open === this.sanityOpen) return;
    this.sanityOpen = open;
    this.onChange();
  }

  /** The question is answered: whether its method can be trusted is asked behind it. */
  private watchMethod(): void {
    const { current, selected, setup } = this;
    if (current === undefined || selected === undefined || setup === undefined) return;
    const picture = current.explanations.has(selected) ? selected : [...current.explanations.keys()][0];
    if (current.status === 'done' && picture !== undefined && !current.outdated)
      this.badge.watch(current.question, picture, setup.defaults.trustBadge);
    else if (current.status !== 'working') this.badge.leave();
  }

  private addRun(question: Question, pictures: readonly Address[]): Run {
    const run = newRun(this.newId(), question, pictures, this.titleOf(question), this.now());
    // A run that never had anything to show is no history.
    this.runs = [
      ...this.runs.filter((r) => r.status === 'kept' || r.status === 'done' || r.explanations.size > 0),
      run,
    ].slice(-KEPT_RUNS);
    return run;
  }

  private titleOf(question: Question): string {
    return this.setup?.methods.find((m) => m.id === question.method)?.title ?? question.method;
  }

  private begin(run: Run, anew = false): void {
    this.current = run;
    run.status = 'working';
    this.badge.leave();
    this.onChange();
    void this.follow(run, anew);
  }

  private async follow(run: Run, anew: boolean): Promise<void> {
    const { id, question, pictures } = run;
    let status: Run['status'];
    try {
      const answer = await this.host.run(
        { id, question, pictures, ...(anew ? { anew } : {}) },
        { onProgress: (report) => this.progress(run, report) },
      );
      run.answer = answer;
      for (const outcome of answer.outcomes) run.outcomes.set(outcome.picture, outcome);
      status = answer.cancelled ? 'partial' : answer.outcomes.every((o) => o.state === 'failed') ? 'failed' : 'done';
      // The run ends for the eye when its picture is here: nothing older is shown in between.
      await this.fetch(run);
    } catch (error) {
      status = isCancelled(error) ? 'partial' : 'failed';
      if (!isCancelled(error)) run.error = toErrorData(error);
    }
    run.status = status;
    delete run.progress;
    this.watchMethod();
    this.onChange();
    await this.fillHistory();
  }

  /** Pictures for a history that was kept, as far as the host still has them. */
  private async fillHistory(): Promise<void> {
    for (const run of this.runs.filter((r) => r.status === 'kept').reverse()) {
      try {
        await loadExplanation(this.host, run, run.pictures[0]!);
      } catch {
        return;
      }
      this.onChange();
    }
  }

  private progress(run: Run, report: RunProgress): void {
    // A report without a picture keeps the one before, so that it does not flicker.
    const partial = report.partial ?? (run.progress?.picture === report.picture ? run.progress.partial : undefined);
    run.progress = partial === undefined ? report : { ...report, partial };
    if (report.partial !== undefined) void this.host.seen({ id: run.id }).catch(() => undefined);
    if (report.outcome !== undefined) {
      run.outcomes.set(report.picture, report.outcome);
      void this.fetch(run);
    }
    if (run === this.current) this.onChange();
  }

  /** Gets the explanations of the pictures that ended: the selected one first. */
  private async fetch(run: Run): Promise<void> {
    const ended = run.pictures.filter((p) => ['done', 'partial'].includes(run.outcomes.get(p)?.state ?? ''));
    const { selected } = this;
    for (const picture of ended.sort((a, b) => Number(b === selected) - Number(a === selected))) {
      try {
        await loadExplanation(this.host, run, picture);
      } catch {
        // The host no longer has it: it is computed again when it is looked at.
        if (run === this.current && picture === selected && run.status !== 'working') {
          run.outdated = false;
          this.begin(run);
        }
        return;
      }
      const explanation = run.explanations.get(picture)!;
      if (picture === this.selected && run === this.current) this.last = { explanation, picture };
      run.title = `${this.titleOf(run.question)} · ${explanation.target.label}`;
      this.onChange();
    }
    forgetExplanations(this.runs, this.current);
  }
}
