import { isCancelled, toErrorData } from '../../../src/base/errors.js';
import { given } from '../../../src/base/given.js';
import type { Address } from '../../../src/base/place.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi, Question, RunProgress } from '../../../src/protocol/explainPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import type { Run, Shown } from '../asked.js';
import { forgetExplanations, loadExplanation, newRun, same, type OwnRun } from './run.js';

const KEPT_RUNS = 12;

/** What the history must know of the panel, and whom it tells. */
export interface HistoryView {
  readonly selected: Address | undefined;
  titleOf(question: Question): string;
  onChange(): void;
  /** A run begins: `onEnd` follows, also where it fails. */
  onBegin(): void;
  onEnd(): void;
  /** The same question with its method named. */
  named(question: Question, method: string): Question;
  /** A run that left its method to the product has learned which it is; its question says so from now on. */
  onSettled(run: Run): void;
}

/**
 * The runs of the panel, without a DOM: which one answers the question, and the explanations of all of them as far as
 * they are in the page. The host is asked for the rest; what it has lost is computed again.
 */
export class History {
  private list: OwnRun[] = [];
  private answering: OwnRun | undefined;
  /** What was shown before the current run: stays in sight until there is something new. */
  private last: { readonly explanation: Explanation; readonly picture: Address } | undefined;

  constructor(
    private readonly host: Pick<Client<ExplainHostApi>, 'run' | 'stop' | 'seen' | 'explanation'>,
    private readonly view: HistoryView,
    private readonly newId: () => string,
    private readonly now: () => number,
  ) {}

  get runs(): readonly Run[] {
    return this.list;
  }

  get current(): Run | undefined {
    return this.answering;
  }

  /** A picture of the current run is waited for. */
  get working(): boolean {
    const { answering: run } = this;
    return run?.status === 'working' && run.pictures.some((picture) => !run.outcomes.has(picture));
  }

  /** What there is of the selected picture. */
  get shown(): Shown | undefined {
    const { answering: run, last } = this;
    const { selected } = this.view;
    if (selected === undefined) return undefined;
    const explanation = run?.explanations.get(selected);
    if (explanation !== undefined) {
      const partial = run?.outcomes.get(selected)?.state === 'partial';
      return { explanation, picture: selected, current: true, partial };
    }
    const { progress } = run ?? {};
    if (run?.status === 'working' && progress?.partial !== undefined && progress.picture === selected)
      return { explanation: progress.partial, picture: selected, current: true, partial: true };
    return last?.picture === selected ? { ...last, current: false, partial: false } : undefined;
  }

  /** Takes up runs of before, and says which of them answers: the one with this id, if it is about these pictures. */
  restore(runs: readonly OwnRun[], current: string | undefined, pictures: readonly Address[]): void {
    this.list = [...runs];
    this.answering = this.list.find((run) => run.id === current && same(run.pictures, pictures));
  }

  /**
   * Answers a question: by a run of before, if no file has changed since, else by a new one.
   *
   * @param known answers that are in the page already
   */
  ask(question: Question, pictures: readonly Address[], known?: ReadonlyMap<Address, Explanation>): void {
    const before = this.list.find(
      (run) =>
        (run.status === 'done' || run.status === 'working') &&
        !run.outdated &&
        same(run.question, question) &&
        same(run.pictures, pictures),
    );
    const run = before ?? this.add(question, pictures);
    if (known !== undefined) this.fill(run, known);
    if (before === undefined) this.begin(run);
    else {
      this.goTo(before.id);
      this.view.onChange();
    }
  }

  /** The same question again, computed anew. */
  again(question: Question, pictures: readonly Address[]): void {
    this.begin(this.add(question, pictures), true);
  }

  /** Goes on with the current run, where the page has been thrown away meanwhile. */
  resume(): void {
    if (this.answering !== undefined) this.begin(this.answering);
  }

  /** Goes back to a run. */
  goTo(id: string): void {
    const run = this.list.find((each) => each.id === id);
    if (run === undefined || run === this.answering) return;
    this.cancel();
    if (run.status === 'kept') this.begin(run);
    else {
      this.show(run);
      this.load();
      this.view.onEnd();
    }
  }

  cancel(): void {
    if (this.answering?.status === 'working') void this.host.stop({ id: this.answering.id });
  }

  /** Files have changed: what has been begun is of before. */
  outdate(): void {
    for (const run of this.list) run.outdated = true;
  }

  /** Gets what the current run lacks in the page, the selected picture first. */
  load(): void {
    const { answering: run } = this;
    if (run !== undefined) void this.loadOrBegin(run);
  }

  /**
   * Gets one explanation of any run into the page.
   *
   * @throws where the host no longer has it
   */
  async loadOf({ id }: Run, picture: Address): Promise<void> {
    const run = this.list.find((each) => each.id === id);
    if (run === undefined || run.explanations.has(picture)) return;
    this.arrived(run, picture, await loadExplanation(this.host, run, picture));
  }

  private async loadOrBegin(run: OwnRun): Promise<void> {
    const lost = await this.fetch(run);
    if (run === this.answering && run.status !== 'working' && this.renewed(run, lost)) this.begin(run);
    else forgetExplanations(this.list, this.answering);
  }

  /** Whether a run is to be answered again, because the host has lost some of its explanations to others. */
  private renewed(run: OwnRun, lost: ReadonlySet<Address>): boolean {
    if (lost.size === 0) return false;
    if (!run.outdated) return true;
    // What is of before a change on disk cannot be had again: it gives way only where it is looked at, and then all of it.
    const { selected } = this.view;
    if (selected === undefined || !lost.has(selected)) return false;
    run.outdated = false;
    run.explanations.clear();
    return true;
  }

  private add(question: Question, pictures: readonly Address[]): OwnRun {
    const run = newRun(this.newId(), question, pictures, this.view.titleOf(question), this.now());
    // A run that never had anything to show is no history.
    this.list = [
      ...this.list.filter((r) => r.status === 'kept' || r.status === 'done' || r.explanations.size > 0),
      run,
    ].slice(-KEPT_RUNS);
    return run;
  }

  private fill(run: OwnRun, known: ReadonlyMap<Address, Explanation>): void {
    for (const picture of run.pictures) {
      const explanation = known.get(picture);
      if (explanation === undefined) continue;
      run.outcomes.set(picture, { picture, state: 'done' });
      this.arrived(run, picture, explanation);
    }
  }

  private arrived(run: OwnRun, picture: Address, explanation: Explanation): void {
    this.settle(run, explanation);
    run.explanations.set(picture, explanation);
    const edited = explanation.edited === undefined ? '' : ' · edited picture';
    run.title = `${this.view.titleOf(run.question)} · ${explanation.target.label}${edited}`;
  }

  private settle(run: OwnRun, { choice, recipe }: Explanation): void {
    if (choice === undefined || run.question.method !== choice.by) return;
    run.question = this.view.named(run.question, recipe.method);
    run.title = this.view.titleOf(run.question);
    this.view.onSettled(run);
  }

  /** Makes a run the one that answers. */
  private show(run: OwnRun): void {
    const { selected } = this.view;
    const explanation = selected === undefined ? undefined : this.answering?.explanations.get(selected);
    if (selected !== undefined && explanation !== undefined) this.last = { explanation, picture: selected };
    this.answering = run;
  }

  private begin(run: OwnRun, anew = false): void {
    this.show(run);
    run.status = 'working';
    for (const picture of run.pictures) if (!run.explanations.has(picture)) run.outcomes.delete(picture);
    this.view.onBegin();
    this.view.onChange();
    void this.follow(run, anew);
  }

  private async follow(run: OwnRun, anew: boolean): Promise<void> {
    let status: Run['status'];
    try {
      status = await this.answer(run, anew);
      if (status === 'done' && this.renewed(run, await this.fetch(run))) status = await this.answer(run, false);
      // The run ends for the eye when its picture is here: nothing older is shown in between.
      await this.fetch(run);
    } catch (error) {
      status = isCancelled(error) ? 'partial' : 'failed';
      if (!isCancelled(error)) run.error = toErrorData(error);
    }
    run.status = status;
    delete run.progress;
    forgetExplanations(this.list, this.answering);
    this.view.onEnd();
    this.view.onChange();
    await this.fillHistory();
  }

  /** Starts, joins or repeats a run, and says how it ended. */
  private async answer(run: OwnRun, anew: boolean): Promise<Run['status']> {
    const { id, question, pictures } = run;
    const answer = await this.host.run(
      { id, question, pictures, ...given({ anew: anew ? true : undefined }) },
      { onProgress: (report) => this.progress(run, report) },
    );
    run.answer = answer;
    for (const outcome of answer.outcomes) run.outcomes.set(outcome.picture, outcome);
    if (answer.cancelled) return 'partial';
    return answer.outcomes.every((o) => o.state === 'failed') ? 'failed' : 'done';
  }

  private progress(run: OwnRun, report: RunProgress): void {
    // A report without a picture keeps the one before, so that it does not flicker.
    const partial = report.partial ?? (run.progress?.picture === report.picture ? run.progress.partial : undefined);
    run.progress = partial === undefined ? report : { ...report, partial };
    if (report.partial !== undefined) this.settle(run, report.partial);
    if (report.partial !== undefined) void this.host.seen({ id: run.id }).catch(() => undefined);
    if (report.outcome !== undefined) {
      run.outcomes.set(report.picture, report.outcome);
      void this.fetch(run);
    }
    if (run === this.answering) this.view.onChange();
  }

  /** Gets the explanations of the pictures that ended, the selected one first. Says which the host no longer has. */
  private fetch(run: OwnRun): Promise<ReadonlySet<Address>> {
    if (run.fetching !== undefined) return run.fetching;
    if (missingOf(run).length === 0) return Promise.resolve(new Set());
    run.fetching = this.fetchAll(run);
    return run.fetching;
  }

  private async fetchAll(run: OwnRun): Promise<ReadonlySet<Address>> {
    const lost = new Set<Address>();
    for (;;) {
      const missing = missingOf(run).filter((picture) => !lost.has(picture));
      const picture = missing.find((each) => each === this.view.selected) ?? missing[0];
      if (picture === undefined) {
        // At once: who asks from here on begins another round.
        delete run.fetching;
        return lost;
      }
      try {
        this.arrived(run, picture, await loadExplanation(this.host, run, picture));
        this.view.onChange();
      } catch {
        lost.add(picture);
      }
    }
  }

  /** Pictures for a history that was kept, as far as the host still has them. */
  private async fillHistory(): Promise<void> {
    for (const run of this.list.filter((r) => r.status === 'kept' && r.explanations.size === 0).reverse()) {
      const [first] = run.pictures;
      if (first === undefined) continue;
      try {
        this.arrived(run, first, await loadExplanation(this.host, run, first));
      } catch {
        continue;
      }
      this.view.onChange();
    }
  }
}

/** Pictures that have ended with an explanation that is not in the page. */
function missingOf({ pictures, outcomes, explanations }: Run): readonly Address[] {
  return pictures.filter((picture) => {
    const { state } = outcomes.get(picture) ?? {};
    return (state === 'done' || state === 'partial') && !explanations.has(picture);
  });
}
