import { html, nothing, type TemplateResult } from 'lit';
import type { RoarAnswer } from '../../../src/protocol/benchmark.js';
import { deviationOverSeeds, NOTHING, overSeeds, ROAR_PARAMETERS, roarRanked } from '../../../src/result/roar.js';
import { roarCsv, roarDocument } from '../../../src/result/roarDocument.js';
import '../../shared/charts/lineChart.js';
import type { LineChartData } from '../../shared/charts/lineChart.js';
import { button, iconButton, numberField } from '../../shared/controls.js';
import { parameterForm } from '../../shared/form/parameterForm.js';
import { formatPercent, leftText, plural, stemOf } from '../../shared/format.js';
import { emptyState, failure, notice } from '../../shared/messages.js';
import { Remade } from '../../shared/remade.js';
import { tableHead } from '../../shared/table.js';
import { taskProgress } from '../../shared/task/taskProgress.js';
import type { Facts } from '../facts.js';
import type { Room } from '../room.js';
import { explains, measure, methodChoice } from './choice.js';
import { RETRAINING_PARAMETERS, type Shown } from './retrain.js';

const CITATION =
  'Hooker, Erhan, Kindermans, Kim 2019, A Benchmark for Interpretability Methods in Deep Neural Networks, arXiv:1806.10758';

/** Remove and retrain: the question, how far it is, and what came. */
export function retrainPart(room: Room, facts: Facts): TemplateResult {
  const { retrain } = room;
  retrain.learn();
  const { task, shown, begun } = retrain;
  const goOn = { label: 'Go on', look: 'primary', onClick: () => retrain.goOn() } as const;
  const folder = retrain.folder?.name ?? 'its folder';
  return html`${question(room)}
  ${
    begun === undefined
      ? nothing
      : notice({
          icon: 'history',
          text: `Trainings of these pictures lie in ${folder}, of ${begun.methods.map(({ method }) => method).join(', ')}. What is done there is not done again.`,
          action: { label: 'Go on', onClick: () => retrain.goOn() },
        })
  }
  ${taskProgress(task, 'Opening the model', { after: 0, onCancel: () => retrain.stop() })} ${left(room)}
  ${task.error === undefined ? nothing : failure(task.error, [goOn, { label: 'Show the log', onClick: () => void room.host.showLog({}) }])}
  ${
    !task.working && task.error === undefined && (task.stopped || (retrain.kept.stopped && task.value === undefined))
      ? notice({
          icon: 'debug-pause',
          text: `Stopped. What was trained is kept in ${folder}: it goes on from there, also within a training.`,
          action: { label: 'Go on', onClick: () => retrain.goOn() },
        })
      : nothing
  }
  ${shown === undefined ? empty(room) : table(room, facts, shown)}
  ${task.working || task.value === undefined ? nothing : said(task.value)}`;
}

function question(room: Room): TemplateResult {
  const { retrain, evaluate } = room;
  const { kept, task, folder } = retrain;
  const none = evaluate.kept.methods.length === 0;
  return html`<div class="map-question">
      ${measure(room)}
      ${button({
        label: task.value === undefined ? 'Retrain' : retrain.changed ? 'Retrain with these settings' : 'Retrain again',
        icon: 'play',
        look: 'primary',
        disabled: retrain.request === undefined || task.working,
        title: none ? 'Choose a method first' : `Trains ${plural(retrain.trainings, 'network')}, one after the other`,
        onClick: () => retrain.ask(),
      })}
      ${task.value === undefined || task.working ? nothing : saving(room, task.value)}
      ${button({ label: 'Copy the command', icon: 'terminal', disabled: retrain.request === undefined, onClick: () => retrain.copyCommand() })}
    </div>
    <p class="dim lead">
      What a method points at is removed from every picture, and a network is trained from random weights on what is
      left. Where it learns less, more was removed of what matters. <span>${CITATION}.</span>
    </p>
    <p class="lead retrain-folder">
      <span
        >${plural(retrain.trainings, 'network')} to train, of all pictures of the set. What is done is kept in
        <strong title=${folder?.uri ?? ''}>${folder?.name ?? '…'}</strong>, where it goes on after any end.</span
      >
      ${iconButton({ label: 'Keep the trainings in another folder…', icon: 'folder-opened', disabled: task.working, onClick: () => void retrain.chooseFolder() })}
    </p>
    ${methodChoice(room)}
    <details class="eval-choice">
      <summary>What is removed</summary>
      <div class="eval-form">
        ${parameterForm({
          schema: ROAR_PARAMETERS,
          values: kept.params,
          onChange: (name, value) => retrain.choose({ params: { ...kept.params, [name]: value } }),
        })}
        <div class="field">
          <span class="field-name">Seed</span>
          <span class="field-control"
            >${numberField({
              label: 'Seed',
              value: kept.seed,
              minimum: 0,
              step: 1,
              title: 'The first; the others follow it',
              onChange: (seed) => retrain.choose({ seed }),
            })}</span
          >
        </div>
      </div>
    </details>
    <details class="eval-choice">
      <summary>How networks are trained</summary>
      <div class="eval-form">
        ${parameterForm({
          schema: RETRAINING_PARAMETERS,
          values: kept.training,
          onChange: (name, value) => retrain.choose({ training: { ...kept.training, [name]: value } }),
        })}
      </div>
    </details>`;
}

/** How long it takes, as far as that can be told. */
function left({ retrain: { task } }: Room): TemplateResult | typeof nothing {
  const { progress, working } = task;
  if (!working || progress?.of === undefined) return nothing;
  const { done = 0, of, secondsLeft } = progress;
  const time =
    secondsLeft === undefined
      ? 'the time left is told when a training has begun'
      : `${leftText(secondsLeft)} of training left; maps of methods that come later are not in it`;
  return html`<p class="lead retrain-left">${done} of ${plural(of, 'training')} done · ${time}</p>`;
}

/** With the recipe, as the command line writes it. */
function saving(room: Room, answer: RoarAnswer): TemplateResult {
  const model = room.setup?.model.name ?? '';
  const stem = `${stemOf(room.setup?.place.name ?? 'data')}.${stemOf(model || 'model')}.roar`;
  const save = (ending: string, bytes: Uint8Array | string): void =>
    void room.host
      .save({
        name: `${stem}.${ending}`,
        bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes,
      })
      .catch(() => undefined);
  const document = (): string => `${JSON.stringify(roarDocument(model, answer), null, 2)}\n`;
  return html`${button({ label: 'Save plot…', icon: 'desktop-download', title: 'As in the paper, as PNG', onClick: () => save('png', answer.png) })}
  ${button({ label: 'Save table…', icon: 'table', title: 'A line for each training, as CSV', onClick: () => save('csv', roarCsv(answer)) })}
  ${button({ label: 'Save numbers…', icon: 'json', title: 'All of it and the recipe, as JSON', onClick: () => save('json', document()) })}`;
}

function empty(room: Room): TemplateResult | typeof nothing {
  const { retrain } = room;
  const { task, kept, begun } = retrain;
  if (task.working || task.error !== undefined || kept.stopped || begun !== undefined) return nothing;
  return emptyState({
    icon: 'mortar-board',
    text: `Are the maps any good? ${plural(retrain.trainings, 'network')} will say: it may take hours, and you may stop and go on at any time. Fewer epochs, fractions, seeds or methods are quicker.`,
    action: { label: 'Retrain', onClick: () => retrain.ask() },
  });
}

const charts = new Remade<LineChartData>();

/** What is there, as the plot of the paper and as a table. */
function table(room: Room, facts: Facts, shown: Shown): TemplateResult {
  const { task, changed } = room.retrain;
  const { fractions, seeds, params } = shown;
  // Rows keep their places while numbers come in.
  const rows = task.working ? shown.rows : roarRanked(shown);
  const data = charts.get([shown.cells.length, task.value, task.working, task.question], () => ({
    labels: ['0', ...fractions.map(String)],
    xTitle: params.keep ? 'least relevant removed, %' : 'most relevant removed, %',
    yTitle: 'test accuracy after retraining, %',
    minimum: 0,
    maximum: 100,
    series: rows.map(({ id, title }) => ({
      name: title,
      values: [overSeeds(shown, NOTHING, 0), ...fractions.map((f) => overSeeds(shown, id, f))].map(
        ({ mean }) => 100 * mean,
      ),
    })),
  }));
  const cell = (id: string, fraction: number): string => {
    const { mean } = overSeeds(shown, id, fraction);
    if (Number.isNaN(mean)) return '–';
    const deviation = deviationOverSeeds(shown, id, fraction);
    const about = Number.isNaN(deviation) ? '' : ` ± ${(100 * deviation).toFixed(1)}`;
    return `${(100 * mean).toFixed(1)}${about}`;
  };
  return html`<section class=${!task.working && (task.outdated || changed) ? 'old' : ''}>
    <h2>
      ${params.keep ? 'Keep and retrain' : 'Remove and retrain'}
      <span class="hint">${task.working ? 'so far' : `${params.keep ? 'higher' : 'lower'} is better`}</span>
    </h2>
    <div class="eval-chart">
      <lens-line-chart
        .data=${data}
        .label=${'Test accuracy over the share that was removed; the table has the numbers'}
      ></lens-line-chart>
    </div>
    <div class="table-scroll" tabindex="0" role="group" aria-label="Accuracy after retraining">
      <table class="number-table eval-table retrain-table">
        ${tableHead('accuracy, %', ...fractions.map((fraction) => `${fraction} %`), 'pictures')}
        <tbody>
          ${rows.map((row) => {
            const { onClick, control } = explains(room, facts, row);
            return html`<tr class=${row.kind === 'baseline' ? 'eval-baseline' : 'eval-opens'} @click=${onClick}>
              <th scope="row">${row.title}</th>
              ${fractions.map((fraction) => html`<td>${cell(row.id, fraction)}</td>`)}
              <td>${control}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
    <p class="dim">
      Nothing removed: ${cell(NOTHING, 0)} %. Mean over
      ${plural(seeds.length, 'seed')}${seeds.length < 2 ? ': one says nothing of chance' : ' ± their standard deviation'}.
      A click on a method explains a picture by it.
    </p>
  </section>`;
}

function said({ roar, warnings }: RoarAnswer): TemplateResult {
  const { notes, omitted, majority, tested } = roar;
  const lines = [
    `The most frequent class is ${formatPercent(majority)} of ${plural(tested, 'test picture')}: a network that has learned nothing gets as much.`,
    ...notes,
    ...warnings.filter((warning) => !notes.includes(warning)),
    ...omitted.map(({ name, error }) => `${name}: ${error.message}`),
  ];
  return html`<section>
    <h2>What must be said</h2>
    <ul class="plain lead">
      ${lines.slice(0, 40).map((line) => html`<li>${line}</li>`)}
    </ul>
  </section>`;
}
