import { html, nothing, type TemplateResult } from 'lit';
import type { ClassScore, Explanation } from '../../../src/result/explanation.js';
import type { ScoreKind } from '../../../src/result/recipe.js';
import { asksForClass, readableTarget } from '../../../src/result/target.js';
import { combobox } from '../../shared/form/combobox.js';
import { button, dropdown, icon, numberField } from '../../shared/controls.js';
import { formatNumber } from '../../shared/format.js';
import { parameterForm } from '../../shared/form/parameterForm.js';
import { shownParameters } from '../../shared/form/parameters.js';
import { foundList, rankingHint } from '../../shared/charts/foundList.js';
import { predictionBars } from '../../shared/charts/predictionBars.js';
import type { Entry } from '../../shared/form/search.js';
import type { Asked } from '../asked.js';
import { partEntries } from '../region/part.js';
import { whatIfBars } from '../whatIf/part.js';
import type { WhatIf } from '../whatIf/whatIf.js';
import './classList.js';
import { methodPart } from './methodPart.js';
import { DRAWN_HERE } from './run.js';

const ROWS = 5;

/** What stands around the predictions. */
export interface PredictionParts {
  readonly doubts: TemplateResult;
  readonly whatIf: WhatIf;
  /** Scores of all classes of the explanation that is shown. */
  readonly scores: () => Promise<readonly ClassScore[]>;
}

/** What the model says: the best, and all of it on demand. Choosing something explains it. */
export function predictionsPart(c: Asked, { doubts, whatIf, scores }: PredictionParts): TemplateResult {
  const explanation = c.shown?.explanation;
  const onTarget = (index: number): void => c.ask({ target: String(index) });
  const edited = explanation?.edited !== undefined || (whatIf.open && whatIf.edit !== undefined);
  return html`<section class="predictions" aria-label="Predictions">
    <h2>
      Predictions${edited ? html`<span class="edited">edited picture</span>` : nothing}<span class="dim hint"
        >${rankingHint(explanation?.outputs)}</span
      ><button
        type="button"
        class="what-if-toggle"
        aria-pressed=${whatIf.open}
        title="Paint over the picture and see the prediction move; the file stays as it is"
        ?disabled=${!whatIf.possible}
        @click=${() => whatIf.show(!whatIf.open)}
      >
        ${icon('paintcan')}What if…
      </button>
    </h2>
    ${doubts}
    ${
      whatIf.open
        ? whatIfBars(whatIf, explanation?.target.index, onTarget)
        : predictionBars({
            predictions: shownPredictions(explanation),
            // Room is kept for classes, which most models have, so that nothing moves.
            rows: hasClasses(explanation) ? ROWS : 0,
            target: explanation?.target.index,
            onTarget,
          })
    }
    <lens-class-list
      .explanation=${explanation}
      .shown=${ROWS}
      .load=${scores}
      @lens-class=${(event: CustomEvent<number>) => onTarget(event.detail)}
    ></lens-class-list>
    ${foundList({ explanation, onTarget: (target) => c.ask({ target }) })}
  </section>`;
}

/** The part of the panel that asks: each change runs the model again. */
export function questionPart(c: Asked): TemplateResult {
  return html`<section class="question" aria-label="Question">
    <h2>Question</h2>
    ${c.question === undefined ? nothing : form(c)}
  </section>`;
}

const CLASS_KINDS: readonly unknown[] = [undefined, 'classes', 'multi-label'];

/** Whether an explanation is of a list of classes; also while nothing is known. */
function hasClasses(explanation: Explanation | undefined): boolean {
  return CLASS_KINDS.includes(explanation?.outputs?.find((o) => o.chosen)?.kind);
}

/** Whether something makes probabilities: of numbers, vectors and maps of numbers there are none to choose. */
function hasProbability(explanation: Explanation | undefined): boolean {
  return hasClasses(explanation) || !NUMBER_KINDS.includes(explanation?.outputs?.find((o) => o.chosen)?.kind);
}

const NUMBER_KINDS: readonly unknown[] = ['regression', 'embedding', 'dense', 'unknown'];

/** The best, and the target wherever it stands. */
function shownPredictions(explanation: Explanation | undefined): readonly ClassScore[] {
  const { predictions = [], target } = explanation ?? {};
  return predictions.filter((p, i) => i < ROWS || p.index === target?.index);
}

function field(name: string, control: TemplateResult, title?: string): TemplateResult {
  return html`<div class="field" title=${title ?? nothing}>
    <span class="field-name">${name}</span><span class="field-control">${control}</span>
  </div>`;
}

function form(c: Asked): TemplateResult {
  const { method, question, shown } = c;
  if (question === undefined) return html``;
  return html`
    ${methodPart(c)} ${field('Target', targetPicker(c))}
    ${field(
      'Score',
      html`${dropdown({
          label: 'Score',
          value: question.score,
          choices: hasProbability(shown?.explanation)
            ? [
                { value: 'logit', label: 'logit', title: 'The value before the final Softmax or Sigmoid' },
                { value: 'probability', label: 'probability', title: 'The value after it' },
              ]
            : [
                {
                  value: question.score,
                  label: 'value',
                  title: 'The number itself: nothing makes a probability of it',
                },
              ],
          onChange: (score) => c.ask({ score: score as ScoreKind }),
        })}<span class="value" title="The score of the target"
          >${shown === undefined ? '–' : formatNumber(shown.explanation.value)}</span
        >`,
    )}
    ${method === undefined || method.layer === 'none' ? nothing : field('Layer', layerPicker(c), 'The point of view: a layer of the model')}
    ${
      method?.properties.seeded === true
        ? field(
            'Seed',
            numberField({
              label: 'Seed',
              value: question.seed,
              minimum: 0,
              step: 1,
              onChange: (seed) => c.ask({ seed }),
            }),
            'Every random draw follows from it',
          )
        : nothing
    }
    ${parameters(c)}
  `;
}

function parameters(c: Asked): TemplateResult {
  const { method, question } = c;
  if (method === undefined || question === undefined) return html``;
  const shown = shownParameters(method.parameters, DRAWN_HERE);
  if (shown.length === 0) return html``;
  const changed = Object.keys(question.params).filter((name) => !DRAWN_HERE.includes(name)).length;
  return html`<div class="parameters" role="group" aria-label="Parameters of ${method.title}">
    ${parameterForm({
      schema: method.parameters,
      values: question.params,
      without: DRAWN_HERE,
      onChange: (name, value) => c.setParameter(name, value),
    })}
    ${changed === 0 ? nothing : html`<div class="field wide">${button({ label: 'Reset to defaults', onClick: () => c.resetParameters() })}</div>`}
  </div>`;
}

function targetPicker(c: Asked): TemplateResult {
  const { question, shown } = c;
  const explained = shown?.explanation.target;
  const target = question?.target ?? 'top1';
  const known = shown?.current === true ? explained?.label : undefined;
  const text = !asksForClass(target)
    ? (known ?? readableTarget(target))
    : target === 'top1'
      ? (explained?.label ?? 'top prediction')
      : (c.labels?.[Number(target)] ?? explained?.label ?? `class ${target}`);
  return combobox({
    label: 'Target class',
    value: question?.target ?? 'top1',
    shown: text,
    entries: targetEntries(c),
    onChoose: (target) => c.ask({ target }),
    onOpen: () => void c.loadLabels(),
  });
}

const entriesOf = new WeakMap<readonly string[], readonly Entry[]>();

/** Every class, with the best prediction first; only the predicted ones until the names are here. */
export function targetEntries(c: Asked): readonly Entry[] {
  const predictions = c.shown?.explanation.predictions ?? [];
  const top: Entry = {
    value: 'top1',
    label: predictions[0] === undefined ? 'top prediction' : `${predictions[0].label} (top prediction)`,
  };
  const boxes: readonly Entry[] = (c.shown?.explanation.found?.boxes ?? []).map((b, i) => ({
    value: `box:${i + 1}`,
    label: `box ${i + 1}: ${b.label}`,
    detail: formatNumber(b.score),
  }));
  const parts = [...boxes, ...partEntries(c)];
  if (c.labels === undefined || c.labels.length === 0)
    return [
      top,
      ...parts,
      ...predictions.map((p) => ({ value: String(p.index), label: p.label, detail: String(p.index) })),
    ];
  let entries = entriesOf.get(c.labels);
  if (entries === undefined) {
    entries = c.labels.map((label, i) => ({ value: String(i), label, detail: String(i) }));
    entriesOf.set(c.labels, entries);
  }
  return [top, ...parts, ...entries];
}

function layerPicker(c: Asked): TemplateResult {
  const { method, question, shown } = c;
  const automatic = method?.layer === 'chosen' ? 'automatic' : 'input';
  const picked =
    shown?.current === true && shown.explanation.layer !== undefined && question?.layer === undefined
      ? `${shown.explanation.layer} (automatic)`
      : automatic;
  const layers = (c.layers ?? []).map((l) => ({
    value: l.name,
    label: l.name,
    detail: l.shape === undefined ? l.op : `${l.op} ${l.shape}`,
  }));
  return combobox({
    label: 'Layer',
    value: question?.layer ?? '',
    shown: question?.layer ?? picked,
    entries: [{ value: '', label: picked }, ...layers],
    onChoose: (name) => c.chooseLayer(name),
    onOpen: () => void c.loadLayers(),
  });
}
