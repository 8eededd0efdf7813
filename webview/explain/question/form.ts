import { given } from '../../../src/base/given.js';
import type { ExplainSetup, Question } from '../../../src/protocol/explainPanel.js';
import type { OutputChoice, OutputChoices } from '../../../src/result/output.js';
import { AUTO, type MethodDescription } from '../../../src/result/method.js';
import type { SettingsChange } from '../../../src/result/settings.js';
import { firstQuestion, paramsToAsk } from './run.js';

/** The question as it is put, and what was set for methods that are not asked at the moment. Asks nothing by itself. */
export class QuestionForm {
  private asked: Question | undefined;
  private readonly paramsOf = new Map<string, Question['params']>();

  get question(): Question | undefined {
    return this.asked;
  }

  /** Begins with what was kept, where its method is still offered, or with what the settings say. */
  begin(setup: ExplainSetup, kept?: Question): void {
    this.asked = setup.methods.some((m) => m.id === kept?.method) ? kept : firstQuestion(setup);
  }

  /** Another question as a whole: what it does not say is not asked. */
  put(question: Question): void {
    this.asked = question;
  }

  /** About the picture as it is. */
  unpaint(): void {
    if (this.asked === undefined) return;
    const { edit: _edit, ...others } = this.asked;
    this.asked = others;
  }

  change(change: Partial<Question>): void {
    if (this.asked !== undefined) this.asked = { ...this.asked, ...change };
  }

  /** Another method, with what was set for it before; the layer stays, where the method looks at one. */
  chooseMethod(method: MethodDescription): void {
    if (this.asked === undefined) return;
    this.paramsOf.set(this.asked.method, this.asked.params);
    const { layer, ...others } = this.asked;
    this.asked = {
      ...others,
      method: method.id,
      params: paramsToAsk(method, this.paramsFor(method.id)),
      ...given({ layer: method.layer === 'none' ? undefined : layer }),
    };
  }

  /** Whichever method fits the model best. */
  chooseAuto(): void {
    if (this.asked === undefined) return;
    this.paramsOf.set(this.asked.method, this.asked.params);
    this.asked = { ...this.asked, method: AUTO, params: {} };
  }

  /** An empty name: the method chooses by itself. */
  chooseLayer(name: string): void {
    if (this.asked === undefined) return;
    const { layer: _layer, ...others } = this.asked;
    this.asked = name === '' ? others : { ...others, layer: name };
  }

  /** What an output is, or that nobody says it any more. What was explained of it meant another reading. */
  readAs(output: string, choice: OutputChoice | undefined): void {
    if (this.asked === undefined) return;
    const { outputs, ...others } = this.asked;
    const { [output]: _before, ...rest } = outputs ?? {};
    const said: OutputChoices = choice === undefined ? rest : { ...rest, [output]: choice };
    this.asked = {
      ...others,
      target: 'top1',
      score: 'logit',
      ...(Object.keys(said).length === 0 ? {} : { outputs: said }),
    };
  }

  /** Other settings of pictures than those that are written; undefined: those. */
  prepare(settings: SettingsChange | undefined): void {
    if (this.asked === undefined) return;
    const { settings: _before, ...others } = this.asked;
    this.asked = { ...others, ...given({ settings }) };
  }

  paramsFor(method: string): Question['params'] {
    return this.paramsOf.get(method) ?? {};
  }
}
