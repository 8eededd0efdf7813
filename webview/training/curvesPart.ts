import { html, nothing, type TemplateResult } from 'lit';
import type { EpochRecord } from '../../src/result/training.js';
import '../shared/charts/lineChart.js';
import type { LineChartData } from '../shared/charts/lineChart.js';
import { formatNumber, formatPercent } from '../shared/format.js';
import { Remade } from '../shared/remade.js';
import { tableHead } from '../shared/table.js';
import type { TrainPage } from './page.js';

const [losses, accuracies] = [new Remade<LineChartData>(), new Remade<LineChartData>()];

/** Loss and accuracy over the epochs, as curves and as a table. */
export function curvesPart(page: TrainPage): TemplateResult {
  const { curve, made, result } = page;
  if (curve.length === 0)
    return html`<section class="train-curves" aria-label="Curves">
      <div class="train-empty dim">
        ${
          made.working
            ? 'The curves begin when the first epoch is whole.'
            : 'Loss and accuracy are drawn here while it learns.'
        }
      </div>
    </section>`;
  const held = curve.some((record) => record.validation !== undefined);
  const mark = result?.epoch === undefined ? undefined : curve.findIndex(({ epoch }) => epoch === result.epoch);
  const chart = (
    kept: Remade<LineChartData>,
    yTitle: string,
    value: (measured: { readonly loss: number; readonly accuracy: number }) => number,
    limits: Pick<LineChartData, 'minimum' | 'maximum'> = {},
  ): LineChartData =>
    kept.get([curve.length, curve.at(-1), mark], () => ({
      labels: curve.map(({ epoch }) => String(epoch)),
      xTitle: 'epoch',
      yTitle,
      ...limits,
      ...(mark === undefined || mark < 0 ? {} : { mark }),
      series: [
        { name: 'trained on', values: curve.map(value) },
        ...(held
          ? [
              {
                name: 'held out',
                values: curve.map(({ validation }) => (validation === undefined ? NaN : value(validation))),
              },
            ]
          : []),
      ],
    }));
  return html`<section class="train-curves" aria-label="Curves">
    <div class="train-charts">
      <lens-line-chart
        .data=${chart(losses, 'loss', ({ loss }) => loss)}
        .label=${`Loss over ${curve.length} epochs; the numbers are in the table below`}
      ></lens-line-chart>
      <lens-line-chart
        .data=${chart(accuracies, 'right, %', ({ accuracy }) => 100 * accuracy, { minimum: 0, maximum: 100 })}
        .label=${`Share of right answers over ${curve.length} epochs; the numbers are in the table below`}
      ></lens-line-chart>
    </div>
    <details class="more">
      <summary>Numbers of every epoch</summary>
      <div class="train-table">
        <table class="number-table">
          ${tableHead('Epoch', 'Loss', 'Right', ...(held ? ['Loss, held out', 'Right, held out'] : []), 'Rate', 'Seconds')}
          <tbody>
            ${curve.map((record) => row(record, held, record.epoch === result?.epoch))}
          </tbody>
        </table>
      </div>
    </details>
  </section>`;
}

function row(
  { epoch, loss, accuracy, validation, rate, seconds }: EpochRecord,
  held: boolean,
  kept: boolean,
): TemplateResult {
  return html`<tr aria-current=${kept ? 'true' : 'false'}>
    <th scope="row">${epoch}</th>
    <td>${formatNumber(loss)}</td>
    <td>${formatPercent(accuracy)}</td>
    ${
      held
        ? html`<td>${validation === undefined ? '–' : formatNumber(validation.loss)}</td>
            <td>${validation === undefined ? '–' : formatPercent(validation.accuracy)}</td>`
        : nothing
    }
    <td>${formatNumber(rate)}</td>
    <td>${formatNumber(seconds)}</td>
  </tr>`;
}
