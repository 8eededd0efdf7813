import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { LightElement } from '../../../shared/page/lightElement.js';
import type { OtherCheckpoint, SeriesEntry } from '../../../../src/protocol/modelPanel.js';
import type { Disposable } from '../../../../src/base/disposable.js';
import { colormap } from '../../../../src/result/colormap.js';
import type { LayerDescription } from '../../../../src/result/inspection.js';
import type { KernelPage, LayerWeights, WeightComparison } from '../../../../src/result/weights.js';
import '../../../shared/canvas/cellGrid.js';
import type { CellPoint, CellsInSight } from '../../../shared/canvas/cellGrid.js';
import type { CellSource } from '../../../shared/canvas/cells.js';
import '../../../shared/charts/colorBar.js';
import { button, iconButton } from '../../../shared/controls.js';
import { formatNumber } from '../../../shared/format.js';
import { emptyState, failure } from '../../../shared/messages.js';
import { mapChoice, weightChoice, zoomButtons } from '../../../shared/form/cellControls.js';
import type { Editor } from '../../editor.js';
import type { WeightsView } from '../../kept.js';
import { PagedAnswer } from '../../../shared/task/pagedAnswer.js';
import { taskProgress } from '../../../shared/task/taskProgress.js';
import { firstPage, pageShape, WeightPages } from '../pages.js';
import { weightSource } from '../source.js';
import { differenceAt, differenceSource } from './differenceSource.js';
import { numbersPart } from './numbersPart.js';

/** Both sides of a comparison, and how far they are apart. */
interface Pair {
  readonly own: LayerWeights;
  readonly other: LayerWeights;
  readonly comparison: WeightComparison;
  /** For more of both. */
  readonly ask: readonly [own: Ask, other: Ask];
}

interface PairPages extends Disposable {
  readonly each: readonly [own: WeightPages, other: WeightPages];
}

type Ask = (
  page: KernelPage,
  options: Parameters<Editor['host']['weights']>[1],
) => ReturnType<Editor['host']['weights']>;

const SIDES = ['own', 'other', 'difference'] as const;
type Side = (typeof SIDES)[number];
type Sources = Readonly<Record<Side, CellSource>>;

/** A layer beside the same layer of another checkpoint, or beside weights drawn anew: both on one scale, and their difference. */
@customElement('lens-compare')
export class ComparePart extends LightElement {
  @property({ attribute: false }) controller!: Editor;
  @property({ attribute: false }) view!: WeightsView;
  @property({ attribute: false }) layer!: LayerDescription;
  /** Of the file. */
  @property({ type: Number }) version = 0;
  /** Checkpoints of the same training: one that is rewritten is compared anew. */
  @property({ attribute: false }) series: readonly SeriesEntry[] = [];
  /** The same for one that lies elsewhere. */
  @property({ attribute: false }) other: Editor['other'];

  @state() private point: CellPoint | undefined;
  @state() private spoken = '';
  private readonly paged = new PagedAnswer<Pair, PairPages, Sources>(this, {
    open: (pair, arrived) => this.open(pair, arrived),
    draw: (pair, pages) => this.draw(pair, pages),
    drawnFrom: () => [this.view.map],
  });
  private sight: CellsInSight | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('scroll', this.onScroll, { capture: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener('scroll', this.onScroll, { capture: true });
  }

  private get compare(): OtherCheckpoint {
    return this.view.compare ?? { kind: 'random', seed: 0 };
  }

  private get names(): readonly [own: string, other: string] {
    const own = this.controller.setup?.model.name ?? 'this checkpoint';
    return [
      own,
      this.compare.kind === 'file' ? this.compare.file.name : `random weights, draw ${this.compare.seed + 1}`,
    ];
  }

  /** Address of the other checkpoint, and when it was written last as far as the page knows. */
  private get otherVersion(): string {
    const { compare } = this;
    if (compare.kind === 'random') return '';
    const { uri } = compare.file;
    const here = this.series.find((each) => each.file.uri === uri);
    return here?.version ?? (this.other?.uri === uri ? this.other.version : '');
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if ((['layer', 'view', 'version', 'series', 'other'] as const).some((name) => changed.has(name))) this.load();
  }

  private load(anew = false): void {
    const { layer, view, compare, controller: c } = this;
    if (layer.weights.length === 0) {
      this.paged.task.clear();
      return;
    }
    const request = { layer: layer.name, ...(view.weight === undefined ? {} : { weight: view.weight }) };
    const question = JSON.stringify([request, compare, this.version, this.otherVersion]);
    const run = async (options: Parameters<typeof c.host.compareWeights>[1]): Promise<Pair> => {
      // First whether it can be compared at all: the sentence that says why not is about both.
      const comparison = await c.host.compareWeights({ ...request, other: compare }, options);
      const own: Ask = (page, o) => c.host.weights({ layer: layer.name, weight: comparison.weight.name, page }, o);
      const there = { layer: layer.name, weight: comparison.other.name };
      const other: Ask = (page, o) =>
        compare.kind === 'random'
          ? c.host.weights({ ...there, random: compare.seed, page }, o)
          : c.host.weightsOf({ ...there, uri: compare.file.uri, page }, o);
      const [a, b] = [
        await firstPage((p) => own(p, options), 'index'),
        await firstPage((p) => other(p, options), 'index'),
      ];
      return { own: a, other: b, comparison, ask: [own, other] };
    };
    void this.paged.task.run(question, run, anew);
  }

  private open({ own, other, ask }: Pair, arrived: () => void): PairPages {
    const pages = (answer: LayerWeights, more: Ask): WeightPages =>
      new WeightPages(pageShape(answer.shown), 'index', answer, (page, signal) => more(page, { signal }), arrived);
    const each = [pages(own, ask[0]), pages(other, ask[1])] as const;
    if (this.sight !== undefined) for (const one of each) one.need(this.sight);
    return { each, dispose: () => each.forEach((one) => one.dispose()) };
  }

  /** The largest magnitude of both: they are drawn on one scale. */
  private limit({ own, other }: Pair, [a, b]: PairPages['each']): number {
    return Math.max(own.statistics?.magnitude ?? a.magnitude, other.statistics?.magnitude ?? b.magnitude);
  }

  private draw(pair: Pair, { each }: PairPages): Sources {
    const colors = colormap(this.view.map);
    const limit = this.limit(pair, each);
    const one = (answer: LayerWeights, pages: WeightPages): CellSource =>
      weightSource(answer, pages, { colors, limit, dead: (output) => answer.statistics?.dead[output] === 1 });
    const own = one(pair.own, each[0]);
    const difference = differenceSource(own, pair.own, each, colors, pair.comparison.largest);
    return { own, other: one(pair.other, each[1]), difference };
  }

  override render(): TemplateResult {
    const { layer } = this;
    const { answer: shown, task } = this.paged;
    return html`
      ${this.controls()}
      ${
        layer.weights.length === 0
          ? emptyState({
              icon: 'symbol-constant',
              text: `${layer.op} holds no weights that could be compared.`,
              action: { label: 'Stop comparing', onClick: () => this.controller.compareWith(undefined) },
            })
          : nothing
      }
      ${
        task.error === undefined
          ? nothing
          : failure(task.error, [
              { label: 'Compare with another…', look: 'primary', onClick: () => void this.controller.chooseOther() },
              { label: 'Try again', onClick: () => this.load(true) },
            ])
      }
      ${shown === undefined || task.error !== undefined ? nothing : this.both(shown)}
      ${taskProgress(task, 'Comparing the weights')}
      ${
        task.stopped && !task.working
          ? html`<p class="dim">Stopped. ${button({ label: 'Compare again', onClick: () => this.load(true) })}</p>`
          : nothing
      }
      <div class="sr-only" aria-live="polite">${this.spoken}</div>
    `;
  }

  private controls(): TemplateResult {
    const { compare, view, controller: c } = this;
    const shown = this.paged.answer;
    const weights = shown?.own.weights ?? [];
    return html`<div class="controls-row">
      <span class="ellipsis compare-with">Compared with <strong>${this.names[1]}</strong></span>
      ${button({ label: 'Change…', onClick: () => void c.chooseOther() })}
      ${
        compare.kind === 'random'
          ? button({
              label: 'Draw again',
              onClick: () => c.compareWith({ kind: 'random', seed: compare.seed + 1 }),
            })
          : nothing
      }
      ${weights.length < 2 ? nothing : weightChoice(shown!.own, (weight) => this.change({ weight }))}
      ${
        shown === undefined || shown.own.shown.view === 'rgb'
          ? nothing
          : mapChoice(view.map, (map) => this.change({ map }))
      }
      <span class="buttons">
        ${zoomButtons(view.zoom, (zoom) => this.change({ zoom }))}
        ${iconButton({ label: 'Stop comparing', icon: 'close', onClick: () => c.compareWith(undefined) })}
      </span>
    </div>`;
  }

  private both(pair: Pair): TemplateResult {
    const { point } = this;
    const { drawn, arrived, task } = this.paged;
    const titles: Readonly<Record<Side, string>> = {
      own: `a: ${this.names[0]}`,
      other: `b: ${this.names[1]}`,
      difference: 'a − b',
    };
    const chosen = point === undefined ? undefined : { row: point.row, column: point.column };
    const old = task.outdated;
    return html`<div class=${old ? 'old' : ''}>
      <div class="compare-sides">
        ${SIDES.map(
          (side) =>
            html`<section class="compare-side" aria-label=${titles[side]}>
              <h2 class="like ellipsis" title=${titles[side]}>${titles[side]}</h2>
              <lens-cell-grid
                class="view-${pair.own.shown.view}"
                .source=${drawn?.[side]}
                .label=${`${titles[side]}: ${pair.own.shown.role} of ${pair.own.layer}`}
                .zoom=${this.view.zoom}
                .arrived=${arrived}
                .chosen=${chosen}
                @lens-cell=${this.onCell}
                @lens-sight=${this.onSight}
                @lens-zoom=${(event: CustomEvent<number>) => this.change({ zoom: event.detail })}
              ></lens-cell-grid>
              ${this.scale(pair, side)}
            </section>`,
        )}
      </div>
      <p class="cell-readout">
        ${this.readout(pair) || html`<span class="dim">Point at a cell to read it on both sides.</span>`}
      </p>
      ${numbersPart(pair.comparison, this.names, pair.own.statistics, pair.other.statistics)}
    </div>`;
  }

  private scale(pair: Pair, side: Side): TemplateResult {
    const { pages } = this.paged;
    const limit =
      side === 'difference' ? pair.comparison.largest : pages === undefined ? 0 : this.limit(pair, pages.each);
    const note = side === 'difference' ? 'own scale' : 'shared by both';
    if (pair.own.shown.view === 'rgb')
      return html`<p class="dim">Grey is zero; the brightest is ±${formatNumber(limit)}, ${note}.</p>`;
    return html`<lens-color-bar
      .colors=${colormap(this.view.map)}
      .limit=${limit}
      .unit=${side === 'difference' ? 'difference of weights' : 'weight'}
      .note=${note}
    ></lens-color-bar>`;
  }

  /** What is pointed at, on both sides. */
  private readout(pair: Pair): string {
    const { point } = this;
    const { drawn: sources, pages } = this.paged;
    if (point === undefined || sources === undefined || pages === undefined) return '';
    const { row, column, x = 0, y = 0 } = point;
    const [height, width] = [sources.own.cellHeight, sources.own.cellWidth];
    const area = height * width;
    const colours = pair.own.shown.view === 'rgb';
    const text = (values: Float32Array | undefined, offset: number): string => {
      if (values === undefined) return '…';
      const at = offset + y * width + x;
      return (colours ? [0, area, 2 * area] : [0]).map((plane) => formatNumber(values[at + plane] ?? NaN)).join(' ');
    };
    const [a, b] = pages.each.map((one) => one.cell(row, column));
    const difference = differenceAt(...pages.each, row, column);
    const where = area > 1 ? ` · (${x}, ${y})` : '';
    return `${sources.own.label(row, column)}${where} · a ${text(a?.values, a?.offset ?? 0)} · b ${text(b?.values, b?.offset ?? 0)} · a − b ${text(difference, 0)}`;
  }

  private change(view: Partial<WeightsView>): void {
    this.controller.update({ weights: { ...this.controller.view.weights, ...view } });
  }

  private readonly onCell = (event: CustomEvent<CellPoint | null>): void => {
    this.point = event.detail ?? undefined;
    const { answer } = this.paged;
    if (event.detail?.spoken && answer !== undefined) this.spoken = this.readout(answer);
  };

  private readonly onSight = (event: CustomEvent<CellsInSight>): void => {
    this.sight = event.detail;
    for (const pages of this.paged.pages?.each ?? []) pages.need(event.detail);
  };

  /** The three grids show the same place. */
  private readonly onScroll = (event: Event): void => {
    const from = event.target as HTMLElement;
    if (!from.classList.contains('cells')) return;
    for (const each of this.querySelectorAll<HTMLElement>('.cells')) {
      if (each === from) continue;
      if (each.scrollTop !== from.scrollTop) each.scrollTop = from.scrollTop;
      if (each.scrollLeft !== from.scrollLeft) each.scrollLeft = from.scrollLeft;
    }
  };
}
