import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
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
import { iconButton, segmented } from '../../shared/controls.js';
import { formatNumber, formatShape } from '../../shared/format.js';
import { emptyState, failure } from '../../shared/messages.js';
import { mapChoice, scaleChoice, weightChoice, weightText, zoomButtons } from '../../shared/form/cellControls.js';
import type { Editor, TabDefinition } from '../editor.js';
import { weightExports } from './exports.js';
import type { WeightsView } from '../kept.js';
import './compare/comparePart.js';
import './pointsPart.js';
import { LightElement } from '../../shared/page/lightElement.js';
import { PagedAnswer } from '../../shared/task/pagedAnswer.js';
import { Task } from '../../shared/task/task.js';
import { taskProgress } from '../../shared/task/taskProgress.js';
import { firstPage, pageShape, WeightPages } from './pages.js';
import { similaritySource, valueText, weightSource } from './source.js';
import { statisticsPart } from './statistics.js';

/** The weight as a grid of pictures, and how alike its positions are. */
interface Drawn {
  readonly source: CellSource;
  readonly similarity: CellSource | undefined;
}

/** What a layer has learned: its weights as pictures, their numbers, and where its classes lie. */
@customElement('lens-weights')
export class WeightsTab extends LightElement {
  @property({ attribute: false }) controller!: Editor;
  @property({ attribute: false }) view!: WeightsView;
  @property({ attribute: false }) layer: LayerDescription | undefined;
  /** Of the file. */
  @property({ type: Number }) version = 0;

  @state() private point: CellPoint | undefined;
  @state() private spoken = '';
  @query('lens-cell-grid') private readonly grid!: CellGrid | null;
  private readonly paged = new PagedAnswer<LayerWeights, WeightPages, Drawn>(this, {
    open: (answer, arrived) => this.open(answer, arrived),
    draw: (answer, pages) => this.draw(answer, pages),
    drawnFrom: () => [this.view.scale, this.view.map, this.limit, this.statistics],
    working: () => this.measured.working,
  });
  private readonly measured = new Task<WeightStatistics>(() => this.paged.refresh());

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.measured.cancel();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('layer') || changed.has('view') || changed.has('version')) this.load();
  }

  /** Asks for the selected weight; the latest selection wins. */
  private load(): void {
    const { layer, view, controller: c } = this;
    if (layer === undefined || layer.weights.length === 0) {
      this.paged.task.clear();
      return;
    }
    const { sort } = view;
    const request = { layer: layer.name, ...(view.weight === undefined ? {} : { weight: view.weight }) };
    const question = JSON.stringify([request, sort, this.version]);
    const ask = (options: Parameters<typeof c.host.weights>[1]): Promise<LayerWeights> =>
      firstPage((page) => c.host.weights({ ...request, page }, options), sort);
    void this.paged.task.run(question, ask);
  }

  private open(answer: LayerWeights, arrived: () => void): WeightPages {
    const { host } = this.controller;
    const request = { layer: answer.layer, weight: answer.shown.name };
    if (answer.statistics === undefined) {
      const question = this.paged.task.question ?? '';
      void this.measured.run(question, (options) => host.weightStatistics(request, options));
    } else this.measured.clear();
    return new WeightPages(
      pageShape(answer.shown),
      this.view.sort,
      answer,
      (page, signal) => host.weights({ ...request, page }, { signal }),
      arrived,
    );
  }

  private get statistics(): WeightStatistics | undefined {
    return this.paged.answer?.statistics ?? this.measured.value;
  }

  /** Largest magnitude that the colours stand for. */
  private get limit(): number {
    return this.statistics?.magnitude ?? this.paged.pages?.magnitude ?? 0;
  }

  private draw(answer: LayerWeights, pages: WeightPages): Drawn {
    const { view } = this;
    const dead = this.statistics?.dead;
    const source = weightSource(answer, pages, {
      colors: colormap(view.map),
      limit: view.scale === 'shared' ? this.limit : undefined,
      dead: (output) => dead?.[output] === 1,
    });
    return { source, similarity: similaritySource(answer) };
  }

  override render(): TemplateResult {
    const { layer, controller: c } = this;
    const { answer, task } = this.paged;
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
        task.error === undefined
          ? nothing
          : failure(task.error, [{ label: 'Read again', look: 'primary', onClick: () => this.again() }])
      }
      ${taskProgress(task, 'Reading the weights')}
      ${
        task.stopped && !task.working
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
    const { task, drawn, arrived } = this.paged;
    const old = task.outdated || task.error !== undefined;
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
                .source=${drawn?.source}
                .label=${`${shown.role} of ${answer.layer}, ${formatShape(shown.shape)}`}
                .zoom=${this.view.zoom}
                .arrived=${arrived}
                @lens-cell=${this.onCell}
                @lens-sight=${(event: CustomEvent<CellsInSight>) => this.paged.pages?.need(event.detail)}
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
          ? scaleChoice(
              view.scale,
              {
                shared: 'One scale for all filters',
                own: 'Each picture fills the scale: shapes of weak filters are seen',
              },
              (scale) => this.change({ scale }),
            )
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
    const { point } = this;
    const { drawn, pages } = this.paged;
    const source = drawn?.source;
    const text =
      point === undefined || source === undefined
        ? ''
        : `${source.label(point.row, point.column)}${valueText(answer, pages, point)}`;
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
    const { similarity } = this.paged.drawn ?? {};
    if (similarity === undefined || answer.similarity === undefined) return nothing;
    const [rows, columns] = answer.similarity.grid ?? [0, 0];
    return html`<section>
      <h2>How alike positions are</h2>
      <p class="dim">Each small map: the cosine similarity of one of ${rows}×${columns} positions with all others.</p>
      <lens-cell-grid
        .source=${similarity}
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
    this.paged.task.expire();
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
    const { answer, pages } = this.paged;
    if (event.detail?.spoken && answer !== undefined && event.detail.x !== undefined)
      this.spoken = valueText(answer, pages, event.detail);
  };
}

/** Whether the grid is one picture of single numbers, not many small pictures. */
function single({ shown: { view } }: Pick<LayerWeights, 'shown'>): boolean {
  return view === 'matrix' || view === 'vector' || view === 'position';
}

export const tab: TabDefinition = {
  id: 'weights',
  label: 'Weights',
  render: (c) =>
    c.view.weights.compare !== undefined && c.layer !== undefined
      ? html`<lens-compare
          .controller=${c}
          .view=${c.view.weights}
          .layer=${c.layer}
          .version=${c.readVersion}
          .series=${c.series}
          .other=${c.other}
        ></lens-compare>`
      : html`<lens-weights
          .controller=${c}
          .view=${c.view.weights}
          .layer=${c.layer}
          .version=${c.readVersion}
        ></lens-weights>`,
};
