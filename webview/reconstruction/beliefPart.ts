import { html, nothing, type TemplateResult } from 'lit';
import '../shared/charts/lineChart.js';
import type { NaturalPath, Transfer } from '../../src/result/reconstruction.js';
import type { LineChartData } from '../shared/charts/lineChart.js';
import { icon } from '../shared/controls.js';
import { formatNumber, formatProbability, plural } from '../shared/format.js';
import { tableHead } from '../shared/table.js';
import type { VisualizePage } from './page.js';

/** What another model says of the picture, and how natural its way through the layers is: curves, never a verdict. */
export function beliefPart(page: VisualizePage): TemplateResult | typeof nothing {
  const { result, made } = page;
  if (result === undefined || made.working || page.running !== undefined) return nothing;
  const { transfer, path } = result;
  return html`${transfer === undefined ? nothing : transferPart(transfer)}
  ${path === undefined ? nothing : pathPart(path)}`;
}

function transferPart({ model, top, agrees }: Transfer): TemplateResult {
  const says =
    agrees === undefined
      ? 'It has no class of this name.'
      : agrees
        ? 'It takes the picture for the same class.'
        : 'It does not take the picture for that class.';
  return html`<section class="vis-says" aria-labelledby="vis-transfer">
    <h2 id="vis-transfer">Another model says<span class="hint dim">${model}</span></h2>
    <p>${icon(agrees === true ? 'check' : 'info')} ${says}</p>
    <ul class="plain vis-small">
      ${top.map(
        ({ label, probability, logit }) =>
          html`<li>
            ${label}
            <span class="value"
              >${probability === undefined ? formatNumber(logit) : formatProbability(probability)}</span
            >
          </li>`,
      )}
    </ul>
  </section>`;
}

const charts = new WeakMap<NaturalPath, LineChartData>();

function chartOf(path: NaturalPath): LineChartData {
  const before = charts.get(path);
  if (before !== undefined) return before;
  // Those that tell classes apart; they alone have numbers.
  const layers = path.layers.filter(({ value }) => value !== undefined);
  const values = (name: 'value' | 'low' | 'high' | 'other'): number[] => layers.map((layer) => layer[name] ?? NaN);
  const data: LineChartData = {
    labels: layers.map(({ layer }) => layer),
    xTitle: 'layer',
    yTitle: `like ${path.label}`,
    series: [
      { name: 'this picture', values: values('value') },
      { name: `as if ${path.other}`, values: values('other') },
      { name: 'natural, low end', values: values('low') },
      { name: 'natural, high end', values: values('high') },
    ],
  };
  charts.set(path, data);
  return data;
}

function pathPart(path: NaturalPath): TemplateResult {
  const { label, pictures, of, other, layers } = path;
  const data = chartOf(path);
  const without = layers.length - data.labels.length;
  return html`<section class="vis-curve" aria-labelledby="vis-path">
    <h2 id="vis-path">
      The way through the layers<span class="hint dim"
        >beside ${plural(pictures, 'picture')} of ${label}, of ${of}</span
      >
    </h2>
    ${
      data.labels.length === 0
        ? html`<p class="dim">No layer tells these classes apart.</p>`
        : html`<lens-line-chart
              .data=${data}
              .label=${`How like natural pictures of ${label} the picture is, over ${data.labels.length} layers`}
            ></lens-line-chart>
            <details>
              <summary>Numbers</summary>
              <table>
                ${tableHead('layer', 'this picture', `as if ${other}`, 'natural')}
                <tbody>
                  ${layers
                    .filter(({ value }) => value !== undefined)
                    .map(
                      (layer) =>
                        html`<tr>
                          <th scope="row">${layer.layer}</th>
                          <td>${number(layer.value)}</td>
                          <td>${number(layer.other)}</td>
                          <td>${number(layer.low)} to ${number(layer.high)}</td>
                        </tr>`,
                    )}
                </tbody>
              </table>
            </details>`
    }
    <p class="dim vis-small">
      1 is as like as natural pictures of the class are in the mean, 0 as like as others; between the ends are 8 of 10
      of the class (Geirhos et al. 2024). No verdict: single natural pictures lie far apart as
      well.${without === 0 ? '' : ` ${plural(without, 'layer')} that do not tell the classes apart are left out.`}
    </p>
  </section>`;
}

const number = (value: number | undefined): string => (value === undefined ? '–' : formatNumber(value));
