import { html, type TemplateResult } from 'lit';
import type { Calibration } from '../../../src/result/dataset.js';
import '../../shared/charts/lineChart.js';
import type { LineChartData } from '../../shared/charts/lineChart.js';
import { formatProbability } from '../../shared/format.js';
import { Remade } from '../../shared/remade.js';
import { tableHead } from '../../shared/table.js';

const charts = new Remade<LineChartData>();

/** Whether the model is as often right as it says. */
export function calibrationPart(calibration: Calibration): TemplateResult {
  const { bins, ece } = calibration;
  const filled = bins.filter(({ count }) => count > 0);
  const data = charts.get([calibration], () => ({
    labels: filled.map(({ from, to }) => `${from.toFixed(1)} – ${to.toFixed(1)}`),
    xTitle: 'probability that the model states',
    yTitle: 'share that is right',
    minimum: 0,
    maximum: 1,
    series: [
      { name: 'right', values: filled.map(({ accuracy }) => accuracy) },
      { name: 'stated', values: filled.map(({ confidence }) => confidence) },
    ],
  }));
  return html`<section>
    <h2>Calibration <span class="hint">expected calibration error ${formatProbability(ece)}</span></h2>
    <div class="calibration">
      <lens-line-chart
        .data=${data}
        .label=${'Share that is right against the probability that is stated; the table has the same numbers'}
      ></lens-line-chart>
      <table class="number-table">
        ${tableHead('stated', 'right', 'pictures')}
        <tbody>
          ${filled.map(
            ({ confidence, accuracy, count }) =>
              html`<tr>
                <th scope="row">${formatProbability(confidence)}</th>
                <td>${formatProbability(accuracy)}</td>
                <td>${count}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="dim">Below the stated curve the model is surer than it may be, above it less sure.</p>
  </section>`;
}
