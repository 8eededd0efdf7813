import { html, nothing, type TemplateResult } from 'lit';
import type { LayerCurve } from '../../../src/result/dataset.js';
import '../../shared/charts/lineChart.js';
import type { LineChartData } from '../../shared/charts/lineChart.js';
import { button } from '../../shared/controls.js';
import { failure } from '../../shared/messages.js';
import { Remade } from '../../shared/remade.js';
import { tableHead } from '../../shared/table.js';
import { taskProgress } from '../../shared/task/taskProgress.js';
import { accuracyText } from '../facts.js';
import type { Room } from '../room.js';

const charts = new Remade<LineChartData>();

/** How well the classes come apart behind each layer, on request: each layer's features have to be computed. */
export function curvePart(room: Room): TemplateResult | typeof nothing {
  const { facts, curve } = room;
  if (facts === undefined || !facts.labelled || room.view.map.of === 'weights') return nothing;
  const { value, error, working } = curve;
  return html`<section class="map-curve" aria-label="Layers">
    ${
      value === undefined && !working && error === undefined
        ? button({
            label: 'Where do the classes come apart?',
            icon: 'graph-line',
            title: 'A linear probe and the nearest neighbours behind each of up to sixteen layers',
            onClick: () => room.askCurve(),
          })
        : html`<h2>Where the classes come apart</h2>`
    }
    ${taskProgress(curve, 'Comparing the layers', { after: 0 })}
    ${error === undefined ? nothing : failure(error, [{ label: 'Try again', look: 'primary', onClick: () => room.askCurve() }])}
    ${value === undefined ? nothing : chart(room, value.curve)}
  </section>`;
}

function chart(room: Room, curve: LayerCurve): TemplateResult {
  const { rows, majority, examples, of, notes } = curve;
  const data = charts.get([curve], () => ({
    labels: rows.map(({ layer }) => layer),
    xTitle: 'layer, in the order of the network',
    yTitle: 'share of pictures',
    minimum: 0,
    maximum: 1,
    series: [
      { name: 'linear probe', values: rows.map(({ accuracy }) => accuracy) },
      { name: 'nearest neighbours', values: rows.map(({ neighbours }) => neighbours) },
      { name: 'always the largest class', values: rows.map(() => majority) },
    ],
  }));
  const part = examples < of ? [`${examples} of ${of} pictures take part.`] : [];
  return html`<lens-line-chart
      .data=${data}
      .label=${'Accuracy of a linear probe and of nearest neighbours behind each layer; the table has the same numbers'}
      @lens-place=${(event: CustomEvent<number>) => room.updateMap({ layer: rows[event.detail]!.layer })}
    ></lens-line-chart>
    <p class="dim">A click on a point shows that layer on the map. ${[...part, ...notes].join(' ')}</p>
    <details>
      <summary>The same as a table</summary>
      <table class="number-table">
        ${tableHead('layer', 'probe', '±', 'neighbours', 'width')}
        <tbody>
          ${rows.map(
            ({ layer, accuracy, sd, neighbours, width, reducedTo }) =>
              html`<tr>
                <th scope="row">${layer}</th>
                <td>${accuracyText(accuracy)}</td>
                <td>${accuracyText(sd)}</td>
                <td>${accuracyText(neighbours)}</td>
                <td>${width}${reducedTo === undefined ? '' : ` → ${reducedTo}`}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>`;
}
