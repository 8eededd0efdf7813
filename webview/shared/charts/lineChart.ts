import {
  CategoryScale,
  Chart,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from 'chart.js';
import { html, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { LightElement } from '../page/lightElement.js';
import { onThemeChange } from '../page/theme.js';

Chart.register(LineController, LineElement, PointElement, LinearScale, CategoryScale, Legend, Tooltip);

export interface LineChartData {
  readonly labels: readonly string[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly minimum?: number;
  readonly maximum?: number;
  /** The place that is marked, by its index. */
  readonly mark?: number;
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** The values as points, in place of curves: one of them can be chosen, and one is. */
  readonly points?: { readonly chosen?: PointPlace };
}

/** A point of a chart: of which series, and at which place. */
export interface PointPlace {
  readonly series: number;
  readonly place: number;
}

/** Series are told apart by dash and point, too, never by colour alone. */
const DASHES = [[], [6, 4], [2, 3], [8, 3, 2, 3]];
const POINTS = ['circle', 'rectRot', 'triangle', 'rect'] as const;
/** Not orange: themes give it a shade that is half transparent. */
const COLORS = ['--vscode-charts-blue', '--vscode-charts-red', '--vscode-charts-green', '--vscode-charts-purple'];

/**
 * Curves over named places, in the editor's colours. A table with the same numbers belongs beside it. Fires `lens-place`
 * with the index of a place that is clicked; of `points`, `lens-point` with the {@link PointPlace}.
 */
@customElement('lens-line-chart')
export class LineChart extends LightElement {
  @property({ attribute: false }) data: LineChartData | undefined;
  @property() label = '';
  @query('canvas') private readonly canvas!: HTMLCanvasElement;
  private chart: Chart | undefined;
  private drawn: LineChartData | undefined;
  private stopTheme: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.stopTheme = onThemeChange(() => this.draw());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopTheme?.();
    this.chart?.destroy();
    this.chart = undefined;
    this.drawn = undefined;
  }

  override render(): TemplateResult {
    return html`<div class="line-chart"><canvas role="img" aria-label=${this.label}></canvas></div>`;
  }

  protected override updated(): void {
    if (this.drawn !== this.data || this.chart === undefined) this.draw();
  }

  private draw(): void {
    const { canvas, data } = this;
    if (!canvas || data === undefined) return;
    const { points } = data;
    this.chart?.destroy();
    this.drawn = data;
    const style = getComputedStyle(document.body);
    const variable = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
    const text = variable('--vscode-foreground', '#888');
    const faint = 'rgba(128, 128, 128, 0.4)';
    // In high contrast they are as strong as the text, and would drown the curve.
    const strong = document.body.matches('.vscode-high-contrast, .vscode-high-contrast-light');
    const grid = strong ? faint : variable('--vscode-editorIndentGuide-background1', faint);
    const font = { family: style.fontFamily, size: 11 };
    const axis = (title: string): object => ({
      title: { display: true, text: title, color: text, font },
      ticks: { color: text, font },
      grid: { color: grid },
      border: { color: text },
    });
    this.chart = new Chart(canvas, {
      type: 'line',
      data: {
        labels: [...data.labels],
        datasets: data.series.map(({ name, values }, i) => {
          const color = variable(COLORS[i % COLORS.length]!, text);
          const marked = (place: number): boolean =>
            points === undefined ? place === data.mark : place === points.chosen?.place && i === points.chosen.series;
          return {
            label: name,
            data: [...values],
            borderColor: color,
            backgroundColor: color,
            borderWidth: 2,
            // Points at an end of the scale are drawn whole.
            clip: 8,
            // Past the last colour with another dash, so that no two series look the same.
            borderDash: DASHES[(i + Math.floor(i / COLORS.length)) % DASHES.length]!,
            showLine: points === undefined,
            pointStyle: POINTS[(i + Math.floor(i / COLORS.length)) % POINTS.length]!,
            pointRadius: values.map((_, place) => (marked(place) ? 7 : values.length > 60 ? 2 : 4)),
            pointHoverRadius: values.map((_, place) => (marked(place) ? 9 : 6)),
            pointBorderColor: values.map((_, place) => (marked(place) ? text : color)),
            pointBorderWidth: values.map((_, place) => (marked(place) ? 2 : 1)),
          };
        }),
      },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        onClick: (_event, [first]) => {
          if (first === undefined) return;
          const { datasetIndex: series, index: detail } = first;
          if (points !== undefined)
            this.dispatchEvent(new CustomEvent('lens-point', { detail: { series, place: detail }, bubbles: true }));
          else this.dispatchEvent(new CustomEvent('lens-place', { detail, bubbles: true }));
        },
        interaction: points === undefined ? { mode: 'index', intersect: false } : { mode: 'nearest', intersect: false },
        scales: {
          x: axis(data.xTitle),
          y: {
            ...axis(data.yTitle),
            ...(data.minimum === undefined ? {} : { min: data.minimum }),
            ...(data.maximum === undefined ? {} : { max: data.maximum }),
          },
        },
        plugins: {
          legend: {
            // Of many heads no colour stands for one alone: the tooltip says which it is.
            display:
              points === undefined
                ? data.series.length > 1 || data.mark === undefined
                : data.series.length <= COLORS.length,
            labels: { color: text, font, usePointStyle: true, boxWidth: 8, boxHeight: 8 },
          },
        },
      },
    });
  }
}
