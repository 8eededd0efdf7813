import { html, type TemplateResult } from 'lit';
import type { LayerSignal } from '../../../src/result/comparison.js';
import { ratioWords } from '../../../src/result/comparisonWords.js';
import '../../shared/charts/lineChart.js';
import type { LineChartData } from '../../shared/charts/lineChart.js';
import { Remade } from '../../shared/remade.js';
import { tableHead } from '../../shared/table.js';

const charts = new Remade<LineChartData>();

/** What is left of each layer in the other model. */
export function signalPart(signal: LayerSignal): TemplateResult {
  const { layers, bound, first, counted, paired } = signal;
  const data = charts.get([signal], () => chartOf(signal));
  return html`<section>
    <h2>
      What is left of each layer
      <span class="hint">signal-to-noise ratio over ${counted} pictures, layers paired by ${paired}</span>
    </h2>
    <lens-line-chart
      .data=${data}
      .label=${'Signal-to-noise ratio of each layer in dB; the table has the same numbers'}
    ></lens-line-chart>
    <p>
      ${first === undefined ? `No layer falls below ${bound} dB.` : `The first layer below ${bound} dB: ${layers[first]!.a} (${ratioWords(layers[first]!)}).`}
    </p>
    <details>
      <summary>As a table</summary>
      <div
        class="table-scroll signal-scroll"
        tabindex="0"
        role="group"
        aria-label="Signal-to-noise ratio of each layer"
      >
        <table class="number-table">
          ${tableHead('layer', 'left', 'compared behind')}
          <tbody>
            ${layers.map(
              (row) =>
                html`<tr>
                  <th scope="row">${row.a}${row.b === row.a ? '' : ` · ${row.b}`}</th>
                  <td>${ratioWords(row)}</td>
                  <td>${row.behind ?? ''}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </section>`;
}

/** Where both are the same, the curve stands at its upper edge; where there is no number, it has a gap. */
export function chartOf({ layers, bound, first }: LayerSignal): LineChartData {
  const finite = layers.map((l) => l.snr).filter(Number.isFinite);
  const top = Math.max(bound + 10, ...finite) + (layers.some((l) => l.snr === Infinity) ? 10 : 0);
  const bottom = Math.min(0, ...finite);
  const drawn = (snr: number): number => (snr === Infinity ? top : snr === -Infinity ? bottom : snr);
  return {
    labels: layers.map((l) => l.a),
    xTitle: 'layer',
    yTitle: 'dB',
    ...(first === undefined ? {} : { mark: first }),
    series: [
      { name: 'signal over noise', values: layers.map((l) => drawn(l.snr)) },
      { name: `bound, ${bound} dB`, values: layers.map(() => bound) },
    ],
  };
}
