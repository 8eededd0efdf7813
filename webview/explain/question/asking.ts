import type { Address } from '../../../src/base/place.js';
import { given } from '../../../src/base/given.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi, ExplainSetup, Question } from '../../../src/protocol/explainPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { AUTO, type ParameterValue } from '../../../src/result/method.js';
import type { OutputChoice } from '../../../src/result/output.js';
import type { SettingsChange } from '../../../src/result/settings.js';
import { withParameter } from '../../shared/form/parameters.js';
import type { Asked, Run } from '../asked.js';
import { QuestionForm } from './form.js';
import type { History } from './history.js';
import { paramsToAsk, urisOf } from './run.js';

/** The question of the panel, and its answer by the history: every change of it is asked at once. Without a DOM. */
export class Asking {
  private readonly form = new QuestionForm();

  constructor(
    private readonly host: Pick<Client<ExplainHostApi>, 'saveReading'>,
    private readonly view: Pick<Asked, 'setup' | 'selected' | 'method'>,
    private readonly history: History,
    private readonly onChange: () => void,
  ) {}

  get question(): Question | undefined {
    return this.form.question;
  }

  /** Begins with what was kept, where its method is still offered, or with what the settings say. */
  begin(setup: ExplainSetup, kept?: Question): void {
    this.form.begin(setup, kept);
  }

  /** Another question, which is answered already or asked by what follows. */
  put(question: Question): void {
    this.form.put(question);
  }

  change(change: Partial<Question>): void {
    this.form.change(change);
  }

  ask(change: Partial<Question>): void {
    this.form.change(change);
    this.answer();
  }

  /** About other pictures: what was painted is of those of before. */
  askOfOthers(change: Partial<Question>): void {
    this.form.unpaint();
    this.ask(change);
  }

  /** @param known answers that are here already */
  askWhole(question: Question, known: ReadonlyMap<Address, Explanation>): void {
    this.form.put(question);
    this.answer(known);
  }

  /** The method that the panel was opened for, where there is one; what follows asks. */
  meanMethod(id: string | undefined): void {
    const method = this.view.setup?.methods.find((m) => m.id === id);
    if (method !== undefined && this.question !== undefined) this.form.chooseMethod(method);
  }

  chooseMethod(id: string): void {
    const method = this.view.setup?.methods.find((m) => m.id === id);
    if (id === AUTO) this.form.chooseAuto();
    else if (method !== undefined && this.question !== undefined) this.form.chooseMethod(method);
    else return;
    this.answer();
  }

  chooseLayer(name: string): void {
    this.form.chooseLayer(name);
    this.answer();
  }

  setParameter(name: string, value: ParameterValue): void {
    const { question, view } = this;
    if (view.method !== undefined && question !== undefined)
      this.ask({ params: withParameter(view.method.parameters, question.params, name, value) });
  }

  resetParameters(): void {
    const { method } = this.view;
    if (method !== undefined) this.ask({ params: paramsToAsk(method, {}) });
  }

  paramsFor(method: string): Question['params'] {
    return this.form.paramsFor(method);
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
    this.again();
  }

  /** Asks with other settings of pictures than those that are written; undefined: with those. */
  prepare(settings: SettingsChange | undefined): void {
    this.form.prepare(settings);
    this.answer();
  }

  /** What stands beside the model holds from here on: the class of before was an answer to another picture. */
  askAsWritten(): void {
    this.form.prepare(undefined);
    this.form.change({ target: 'top1' });
    this.again();
  }

  /** About what is painted, by the name of the edit; undefined: about the picture as it is. */
  paint(edit: string | undefined): void {
    const { question } = this;
    if (question === undefined) return;
    const { edit: _before, ...asked } = question;
    this.form.put({ ...asked, ...given({ edit }) });
    this.answer();
  }

  /** The same question again, computed anew. */
  again(): void {
    const { question, history } = this;
    const { setup } = this.view;
    if (question === undefined || setup === undefined || setup.pictures.length === 0) return;
    history.again(question, question.edit === undefined ? urisOf(setup.pictures) : (history.current?.pictures ?? []));
  }

  /** The method that was left open is known: the question names it, unless another was asked meanwhile. Whether it does. */
  settle(run: Run): boolean {
    if (run !== this.history.current || this.question?.method !== AUTO) return false;
    const { method, params } = run.question;
    this.form.put({ ...this.question, method, params });
    return true;
  }

  /** Answers the question as it is; one about a painted picture is of that picture alone. */
  private answer(known?: ReadonlyMap<Address, Explanation>): void {
    const { question, history } = this;
    const { setup, selected } = this.view;
    if (question === undefined || setup === undefined) return;
    if (question.edit !== undefined && selected !== undefined) history.ask(question, [selected], known);
    else if (setup.pictures.length > 0) history.ask(question, urisOf(setup.pictures), known);
    else this.onChange();
  }
}
