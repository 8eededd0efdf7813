import { html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Histogram } from '../../../src/result/weights.js';
import { CanvasElement } from '../canvas/canvasElement.js';
import { formatCount, formatNumber } from '../format.js';

/** How often values occur, in equal bins. The bin under the pointer, or the one that arrow keys lead to, is read out. */
@customElement('lens-histogram')
export class HistogramChart extends CanvasElement {
  @property({ attribute: false }) histogram: Histogram | undefined;
  @property() label = 'Histogram';
  /** Counts on a logarithmic scale: rare values are seen. */
  @property({ type: Boolean }) logarithmic = true;
  /** The axis, where it is shared with other histograms; default the histogram's own. */
  @property({ attribute: false }) range: readonly [from: number, to: number] | undefined;
  /** The count at the top, where it is shared. */
  @property({ type: Number }) most = 0;
  @state() private bin: number | undefined;
  override render(): TemplateResult {
    const { histogram, bin } = this;
    const [min, max] = histogram === undefined ? ['', ''] : this.axis(histogram).map(formatNumber);
    return html`<canvas
        role="img"
        tabindex="0"
        aria-label="${this.label}: values from ${min} to ${max}. Arrow keys read the bins."
        @keydown=${this.onKey}
        @pointermove=${this.onMove}
        @pointerleave=${() => (this.bin = undefined)}
      ></canvas>
      <div class="ticks" aria-hidden="true">
        <span>${min}</span
        ><span class="dim">${bin === undefined ? (this.logarithmic ? 'counts, logarithmic' : 'counts') : ''}</span
        ><span>${max}</span>
      </div>
      <div class="histogram-bin" aria-live="polite">
        ${bin === undefined || histogram === undefined ? '' : this.text(histogram, bin)}
      </div>`;
  }

  protected override updated(): void {
    this.redraw();
  }

  private axis({ min, max }: Histogram): readonly [from: number, to: number] {
    return this.range ?? [min, max];
  }

  private text({ min, max, counts }: Histogram, bin: number): string {
    const width = (max - min) / counts.length;
    return `${formatNumber(min + bin * width)} to ${formatNumber(min + (bin + 1) * width)}: ${formatCount(counts[bin]!)}`;
  }

  protected override draw(): void {
    const { canvas, histogram } = this;
    if (histogram === undefined) return;
    const { context, ratio } = this.surface();
    // Bars end where pixels of the screen end.
    context.resetTransform();
    const { width, height } = canvas;
    const style = getComputedStyle(document.body);
    const color = (name: string): string => style.getPropertyValue(name).trim();
    const size = (count: number): number => (this.logarithmic ? Math.log1p(count) : count);
    const most = size(this.most) || Math.max(1e-9, ...Array.from(histogram.counts, size));
    const { counts, min, max } = histogram;
    const [from, to] = this.axis(histogram);
    const scale = to > from ? width / (to - from) : 0;
    // All bins of a weight of one value lie at that value.
    const start = (min - from) * scale;
    const step = Math.max((max - min) * scale, this.range === undefined ? width : ratio) / counts.length;
    counts.forEach((count, i) => {
      const tall = count === 0 ? 0 : Math.max(ratio, (size(count) / most) * (height - ratio));
      context.fillStyle =
        i === this.bin ? color('--vscode-foreground') : color('--vscode-charts-blue') || color('--vscode-focusBorder');
      context.fillRect(
        Math.round(start + i * step),
        height - tall,
        Math.max(1, Math.round(start + (i + 1) * step) - Math.round(start + i * step) - (step > 3 * ratio ? ratio : 0)),
        tall,
      );
    });
    if (from < 0 && to > 0) {
      context.fillStyle = color('--vscode-descriptionForeground') || color('--vscode-foreground');
      context.fillRect(Math.round(-from * scale), 0, Math.max(1, Math.round(ratio)), height);
    }
  }

  private readonly onMove = (event: PointerEvent): void => {
    const { histogram } = this;
    if (histogram === undefined) return;
    const count = histogram.counts.length;
    const [from, to] = this.axis(histogram);
    const value = from + (event.offsetX / this.canvas.clientWidth) * (to - from);
    const at = Math.floor(((value - histogram.min) / (histogram.max - histogram.min || 1)) * count);
    this.bin = at >= 0 && at < count ? at : undefined;
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const last = (this.histogram?.counts.length ?? 0) - 1;
    const to = { ArrowRight: (this.bin ?? -1) + 1, ArrowLeft: (this.bin ?? last + 1) - 1, Home: 0, End: last }[
      event.key
    ];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.bin = Math.max(0, Math.min(last, to));
  };
}
