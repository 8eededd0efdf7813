import { html, type TemplateResult } from 'lit';
import '../../shared/charts/lineChart.js';
import type { LineChartData } from '../../shared/charts/lineChart.js';
import { dropdown } from '../../shared/controls.js';
import { formatNumber } from '../../shared/format.js';
import { Remade } from '../../shared/remade.js';
import { tableHead } from '../../shared/table.js';
import type { Curve } from '../kept.js';
import type { Frame } from './frame.js';

export const CURVES: readonly { readonly value: Curve; readonly label: string; readonly axis: string }[] = [
  { value: 'l2', label: 'L2 norm', axis: 'L2 norm of the weight' },
  { value: 'std', label: 'Standard deviation', axis: 'standard deviation of the weight' },
  { value: 'mean', label: 'Mean', axis: 'mean of the weight' },
  { value: 'sparsity', label: 'Exactly zero, %', axis: 'exactly zero, %' },
  { value: 'score', label: 'Explained score', axis: 'score that is explained' },
];

/** A number of a checkpoint; NaN while it is not known. */
export function valueOf({ statistics, score }: Frame, curve: Curve): number {
  switch (curve) {
    case 'score':
      return score ?? NaN;
    case 'sparsity':
      return statistics === undefined ? NaN : 100 * statistics.sparsity;
    default:
      return statistics?.[curve] ?? NaN;
  }
}

const kept = new Remade<LineChartData>();

/** The same object while nothing in it has changed: the chart draws itself anew for another. */
function chartData(frames: readonly Frame[], at: number, curve: Curve): LineChartData {
  const { axis, label } = CURVES.find((each) => each.value === curve)!;
  const labels = frames.map(({ entry }) => entry.label ?? String(entry.step));
  const values = frames.map((frame) => valueOf(frame, curve));
  return kept.get([JSON.stringify([labels, values, at, curve])], () => ({
    labels,
    xTitle: 'checkpoint',
    yTitle: axis,
    mark: at,
    series: [{ name: label, values }],
  }));
}

export interface CurveOptions {
  readonly frames: readonly Frame[];
  readonly at: number;
  readonly curve: Curve;
  readonly onCurve: (curve: Curve) => void;
  readonly onGo: (index: number) => void;
}

/** A number of every checkpoint as a curve with the one that is looked at marked, and all of them as a table. */
export function curvePart(o: CurveOptions): TemplateResult {
  const { frames, at, curve } = o;
  const { label } = CURVES.find((each) => each.value === curve)!;
  const now = frames[at];
  const value = now === undefined ? NaN : valueOf(now, curve);
  return html`<section class="training-curve" aria-label="Over the training">
    <h2>Over the training</h2>
    <div class="controls-row">
      <span class="control-wide"
        >${dropdown({
          label: 'Curve of',
          value: curve,
          choices: CURVES,
          onChange: (next) => o.onCurve(next as Curve),
        })}</span
      >
      <span class="training-value"
        >${now === undefined ? '' : `${now.entry.file.name}: ${Number.isNaN(value) ? 'not known yet' : formatNumber(value)}`}</span
      >
    </div>
    <lens-line-chart
      .data=${chartData(frames, at, curve)}
      .label=${`${label} over ${frames.length} checkpoints; the numbers are in the table below`}
      @lens-place=${(event: CustomEvent<number>) => o.onGo(event.detail)}
    ></lens-line-chart>
    <details class="more">
      <summary>Numbers of every checkpoint</summary>
      <div class="training-table">
        <table class="number-table">
          ${tableHead('Checkpoint', ...CURVES.map((each) => each.label))}
          <tbody>
            ${frames.map(
              (frame, i) =>
                html`<tr aria-current=${i === at ? 'true' : 'false'}>
                  <th scope="row">
                    <button type="button" class="link" @click=${() => o.onGo(i)}>${frame.entry.file.name}</button>
                  </th>
                  ${CURVES.map((each) => html`<td>${numberText(valueOf(frame, each.value))}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </section>`;
}

function numberText(value: number): string {
  return Number.isNaN(value) ? '–' : formatNumber(value);
}
