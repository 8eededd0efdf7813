import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { colormap } from '../../../src/result/colormap.js';
import type { LayerDescription } from '../../../src/result/inspection.js';
import type { LayerWeights, WeightStatistics } from '../../../src/result/weights.js';
import '../../shared/canvas/cellGrid.js';
import type { CellGrid, CellPoint, CellsInSight } from '../../shared/canvas/cellGrid.js';
import type { CellSource } from '../../shared/canvas/cells.js';
import '../../shared/charts/colorBar.js';
import '../../shared/charts/histogram.js';
import '../../shared/form/menu.js';
import { Clock } from '../../shared/task/clock.js';
import { iconButton, segmented } from '../../shared/controls.js';
import { formatNumber, formatShape } from '../../shared/format.js';
import { emptyState, failure } from '../../shared/messages.js';
import { mapChoice, weightChoice, weightText, zoomButtons } from '../../shared/form/cellControls.js';
import type { ModelController } from '../controller.js';
import { weightExports } from '../exports.js';
import type { WeightsView } from '../kept.js';
import './pointsPart.js';
import { Task } from '../../shared/task/task.js';
import { taskProgress } from '../../shared/task/taskProgress.js';
import { firstPage, pageShape, WeightPages } from './pages.js';
import { similaritySource, valueText, weightSource } from './source.js';
import { statisticsPart } from './statistics.js';

/** What a layer has learned: its weights as pictures, their numbers, and where its classes lie. */
@customElement('lens-weights')
export class WeightsTab extends LitElement {
  @property({ attribute: false }) controller!: ModelController;
  @property({ attribute: false }) view!: WeightsView;
  @property({ attribute: false }) layer: LayerDescription | undefined;
  /** Of the file. */
  @property({ type: Number }) version = 0;

  @state() private point: CellPoint | undefined;
  @state() private arrived = 0;
  @state() private spoken = '';
  @query('lens-cell-grid') private readonly grid!: CellGrid | null;
  private readonly weights = new Task<LayerWeights>(() => this.onAnswer());
  private readonly measured = new Task<WeightStatistics>(() => this.refresh());
  private pages: WeightPages | undefined;
  private source: CellSource | undefined;
  private similarity: CellSource | undefined;
  private answer: LayerWeights | undefined;
  private sourceOf = '';
  private readonly clock = new Clock(this);

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.weights.cancel();
    this.measured.cancel();
    this.pages?.dispose();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('layer') || changed.has('view') || changed.has('version')) this.load();
    this.prepare();
  }

  /** Asks for the selected weight; the latest selection wins. */
  private load(): void {
    const { layer, view, controller: c } = this;
    if (layer === undefined || layer.weights.length === 0) {
      this.weights.clear();
      return;
    }
    const { sort } = view;
    const request = { layer: layer.name, ...(view.weight === undefined ? {} : { weight: view.weight }) };
    const of = JSON.stringify([request, sort, this.version]);
    void this.weights.run(of, (options) => firstPage((page) => c.host.weights({ ...request, page }, options), sort));
  }

  private onAnswer(): void {
    const { value } = this.weights;
    if (value !== this.answer) {
      this.answer = value;
      this.sourceOf = '';
      this.pages?.dispose();
      this.pages = undefined;
      if (value !== undefined) this.open(value);
    }
    this.refresh();
  }

  private refresh(): void {
    this.clock.run(this.weights.working || this.measured.working);
    this.requestUpdate();
  }

  private open(value: LayerWeights): void {
    const { host } = this.controller;
    const request = { layer: value.layer, weight: value.shown.name };
    this.pages = new WeightPages(
      pageShape(value.shown),
      this.view.sort,
      value,
      (page, signal) => host.weights({ ...request, page }, { signal }),
      () => this.arrived++,
    );
    if (value.statistics === undefined)
      void this.measured.run(this.weights.of ?? '', (options) => host.weightStatistics(request, options));
    else this.measured.clear();
  }

  private get statistics(): WeightStatistics | undefined {
    return this.answer?.statistics ?? this.measured.value;
  }

  /** Largest magnitude that the colours stand for. */
  private get limit(): number {
    return this.statistics?.magnitude ?? this.pages?.magnitude ?? 0;
  }

  private prepare(): void {
    const { answer, pages, view } = this;
    if (answer === undefined || pages === undefined) {
      this.source = this.similarity = undefined;
      this.sourceOf = '';
      return;
    }
    const of = JSON.stringify([this.weights.of, view.scale, view.map, this.limit, answer.shown.name, this.arrived]);
    if (of === this.sourceOf) return;
    this.sourceOf = of;
    const dead = this.statistics?.dead;
    this.source = weightSource(answer, pages, {
      colors: colormap(view.map),
      limit: view.scale === 'shared' ? this.limit : undefined,
      dead: (output) => dead?.[output] === 1,
    });
    this.similarity = similaritySource(answer);
  }

  override render(): TemplateResult {
    const { layer, answer, weights, controller: c } = this;
    if (layer === undefined)
      return emptyState({
        icon: 'layers',
        text: 'Choose a layer in the list to see what it has learned.',
        action: { label: 'Choose the first layer with weights', onClick: () => this.chooseFirst() },
      });
    if (layer.weights.length === 0)
      return emptyState({
        icon: 'symbol-constant',
        text: `${layer.op} holds no weights.`,
        action: { label: 'See its activations', onClick: () => c.update({ tab: 'activations' }) },
      });
    return html`
      ${answer === undefined ? nothing : this.shown(answer)}
      ${
        weights.error === undefined
          ? nothing
          : failure(weights.error, [{ label: 'Read again', look: 'primary', onClick: () => this.again() }])
      }
      ${taskProgress(weights, 'Reading the weights')}
      ${
        weights.stopped && !weights.working
          ? emptyState({
              icon: 'debug-pause',
              text: 'Stopped.',
              action: { label: 'Read the weights', onClick: () => this.again() },
            })
          : nothing
      }
    `;
  }

  private shown(answer: LayerWeights): TemplateResult {
    const { shown } = answer;
    const old = this.weights.outdated || this.weights.error !== undefined;
    const main = shown.name === answer.weights[0]?.name;
    const matrix = shown.view === 'matrix' && (shown.shape[0] ?? 0) >= 3;
    const points = matrix && this.view.rows === 'points' && main;
    return html`<div class=${old ? 'old' : ''}>
      ${this.controls(answer, matrix && main, points)}
      ${
        points
          ? html`<lens-points
              .controller=${this.controller}
              .layer=${answer.layer}
              .version=${this.version}
            ></lens-points>`
          : html`<lens-cell-grid
                class="view-${shown.view}"
                .source=${this.source}
                .label=${`${shown.role} of ${answer.layer}, ${formatShape(shown.shape)}`}
                .zoom=${this.view.zoom}
                .arrived=${this.arrived}
                @lens-cell=${this.onCell}
                @lens-sight=${(event: CustomEvent<CellsInSight>) => this.pages?.need(event.detail)}
                @lens-zoom=${(event: CustomEvent<number>) => this.change({ zoom: event.detail })}
              ></lens-cell-grid>
              ${this.readout(answer)} ${this.scale(answer)} ${this.similarityPart(answer)}`
      }
      ${statisticsPart(answer, this.statistics, this.measured)}
      ${answer.notes.map((note) => html`<p class="dim">${note}</p>`)}
      <div class="sr-only" aria-live="polite">${this.spoken}</div>
    </div>`;
  }

  private controls(answer: LayerWeights, matrix: boolean, points: boolean): TemplateResult {
    const { view } = this;
    const { shown, weights } = answer;
    const each = shown.view === 'rgb' || shown.view === 'kernels' || shown.view === 'depthwise';
    return html`<div class="controls-row">
      ${
        weights.length < 2
          ? html`<span class="dim">${weightText(shown)}</span>`
          : weightChoice(answer, (weight) => this.change({ weight }))
      }
      ${
        matrix
          ? segmented({
              label: 'Show rows as',
              value: view.rows,
              choices: [
                { value: 'numbers', label: 'Matrix', title: 'Rows are outputs, columns inputs' },
                {
                  value: 'points',
                  label: shown.shape[0] === this.controller.overview.value?.labels.count ? 'Classes' : 'Points',
                  title: 'Rows in the plane of their principal components',
                },
              ],
              onChange: (rows) => this.change({ rows: rows as WeightsView['rows'] }),
            })
          : nothing
      }
      ${
        each
          ? segmented({
              label: 'Colour scale',
              value: view.scale,
              choices: [
                { value: 'shared', label: 'Shared', title: 'One scale for all filters' },
                { value: 'own', label: 'Each', title: 'Each picture fills the scale: shapes of weak filters are seen' },
              ],
              onChange: (scale) => this.change({ scale: scale as WeightsView['scale'] }),
            })
          : nothing
      }
      ${
        shown.view === 'vector' || shown.view === 'position' || points
          ? nothing
          : segmented({
              label: 'Order of filters',
              value: view.sort,
              choices: [
                { value: 'index', label: 'Index' },
                { value: 'norm', label: 'Norm', title: 'Filters with the largest L2 norm first' },
              ],
              onChange: (sort) => this.change({ sort: sort as WeightsView['sort'] }),
            })
      }
      ${shown.view === 'rgb' || points ? nothing : mapChoice(view.map, (map) => this.change({ map }))}
      <span class="buttons">
        ${iconButton({ label: 'Compare this layer with…', icon: 'git-compare', onClick: () => void this.controller.chooseOther() })}
        ${zoomButtons(view.zoom, (zoom) => this.change({ zoom }))}
        <lens-menu
          .label=${'Export'}
          .icon=${'desktop-download'}
          .items=${weightExports(this.controller, answer, view, () => this.grid?.picture() ?? this.querySelector('canvas'))}
        ></lens-menu>
      </span>
    </div>`;
  }

  private readout(answer: LayerWeights): TemplateResult {
    const { point, source } = this;
    const text =
      point === undefined || source === undefined
        ? ''
        : `${source.label(point.row, point.column)}${valueText(answer, this.pages, point)}`;
    return html`<p class="cell-readout">
      ${text === '' ? html`<span class="dim">${single(answer) ? 'Point at a value to read it.' : 'Point at a filter to read its values.'}</span>` : text}
    </p>`;
  }

  private scale({ shown }: LayerWeights): TemplateResult {
    const own = this.view.scale === 'own' && !single({ shown });
    if (shown.view === 'rgb')
      return html`<p class="dim">
        Grey is zero; the brightest is
        ${own ? 'each filter’s own largest value' : `±${formatNumber(this.limit)}, shared`}.
      </p>`;
    return html`<lens-color-bar
      .colors=${colormap(this.view.map)}
      .limit=${own ? 1 : this.limit}
      .unit=${own ? 'of each kernel’s largest value' : 'weight'}
      .note=${own ? 'each on its own scale' : single({ shown }) ? '' : 'shared'}
    ></lens-color-bar>`;
  }

  private similarityPart(answer: LayerWeights): TemplateResult | typeof nothing {
    if (this.similarity === undefined || answer.similarity === undefined) return nothing;
    const [rows, columns] = answer.similarity.grid ?? [0, 0];
    return html`<section>
      <h2>How alike positions are</h2>
      <p class="dim">Each small map: the cosine similarity of one of ${rows}×${columns} positions with all others.</p>
      <lens-cell-grid
        .source=${this.similarity}
        .label=${'Similarity of positions'}
        .zoom=${this.view.zoom}
      ></lens-cell-grid>
      <lens-color-bar
        .colors=${colormap(this.view.map)}
        .limit=${1}
        .unit=${'cosine similarity'}
        .note=${'shared'}
      ></lens-color-bar>
    </section>`;
  }

  private again(): void {
    this.weights.expire();
    this.load();
  }

  private chooseFirst(): void {
    const first = this.controller.rows.find((row) => row.layer.weights.length > 0);
    if (first !== undefined) this.controller.select(first.layer.name);
  }

  private change(view: Partial<WeightsView>): void {
    this.controller.update({ weights: { ...this.controller.view.weights, ...view } });
  }

  private readonly onCell = (event: CustomEvent<CellPoint | null>): void => {
    this.point = event.detail ?? undefined;
    if (event.detail?.spoken && this.answer !== undefined && event.detail.x !== undefined)
      this.spoken = valueText(this.answer, this.pages, event.detail);
  };
}

/** Whether the grid is one picture of single numbers, not many small pictures. */
function single({ shown: { view } }: Pick<LayerWeights, 'shown'>): boolean {
  return view === 'matrix' || view === 'vector' || view === 'position';
}
