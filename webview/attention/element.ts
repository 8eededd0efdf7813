import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import '../shared/canvas/cellGrid.js';
import '../shared/canvas/heatCanvas.js';
import '../shared/charts/colorBar.js';
import type { CellGrid, CellPoint, CellsInSight } from '../shared/canvas/cellGrid.js';
import { DEFAULT_DISPLAY, type Display, type Scene } from '../shared/canvas/display.js';
import type { Pixel } from '../shared/canvas/geometry.js';
import type { HeatCanvas, PickEvent, PixelEvent, PlacesGrid, StrokeEvent } from '../shared/canvas/heatCanvas.js';
import type { CanvasLayer } from '../shared/canvas/layers.js';
import { scaleChoice, zoomButtons } from '../shared/form/cellControls.js';
import { isTyping } from '../shared/form/typing.js';
import { emptyState, failure, notice } from '../shared/messages.js';
import { styles } from '../shared/page/css.js';
import { LightElement } from '../shared/page/lightElement.js';
import { Remade } from '../shared/remade.js';
import { Clock } from '../shared/task/clock.js';
import { taskProgress } from '../shared/task/taskProgress.js';
import type { AttentionController } from './controller.js';
import { columnOf, headAt } from './maps.js';
import { classPart, depthPart, factsPart, shownPart } from './parts.js';
import { biasPart } from './biasPart.js';
import { layoutPart } from './layoutPart.js';
import { normsPart } from './normsPart.js';
import { silencePart } from './silencePart.js';
import { linesOver, sceneOf } from './scene.js';
import { drawingPart, readout, tokenPart, warningsPart } from './stagePart.js';
import { cellOf, placeOf } from './tokens.js';

const NONE: readonly number[] = [];

/** What a picture's tokens look at: one map large, every layer and head beside it, and what they have in common. */
@customElement('lens-attention')
export class AttentionElement extends LightElement {
  @property({ attribute: false }) controller!: AttentionController;
  /** Grows with each change of the controller. */
  @property({ type: Number }) version = 0;
  @query('lens-cell-grid') private readonly cells!: CellGrid | null;
  @query('lens-heat-canvas') private readonly canvas!: HeatCanvas | null;
  private point: CellPoint | undefined;
  private moved: number | undefined;
  private readonly clock = new Clock(this);
  private readonly scenes = new Remade<Scene | undefined>();
  private readonly displays = new Remade<Display>();
  private readonly lines = new Remade<readonly CanvasLayer[]>();
  private readonly places = new Remade<PlacesGrid | undefined>();

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.onKey);
    document.addEventListener('keyup', this.onKeyUp);
    window.addEventListener('blur', this.letGo);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.onKey);
    document.removeEventListener('keyup', this.onKeyUp);
    window.removeEventListener('blur', this.letGo);
    this.letGo();
  }

  /** The pictures that can be saved. */
  get pictures(): { readonly cells: CellGrid | null; readonly scene: Scene | undefined; readonly display: Display } {
    return { cells: this.cells, scene: this.scene, display: this.display };
  }

  override render(): TemplateResult {
    const c = this.controller;
    this.clock.run(c.working);
    if (c.answer === undefined) return this.waiting();
    if (c.layers.length === 0) return this.nothingThere('This model has no attention that could be shown.');
    return html`
      <div class="att-top">${this.notices()} ${shownPart(c)} ${layoutPart(c)} ${warningsPart(c)}</div>
      <div class="att-body ${c.list.outdated || c.list.working ? 'old' : ''}">
        <section class="att-picture" aria-label="Picture">${this.stage()}</section>
        <div class="att-more">
          <section class="att-heads" aria-labelledby="att-heads">${this.heads()}</section>
          ${biasPart(c)} ${normsPart(c)}
        </div>
        <div class="att-more">${depthPart(c)} ${silencePart(c)} ${factsPart(c)}</div>
      </div>
      <div class="sr-only" aria-live="polite">${c.spoken}</div>
    `;
  }

  protected override updated(): void {
    const { moved } = this;
    if (moved === undefined) return;
    this.moved = undefined;
    // Behind the frame in which the grid and the map are drawn.
    void Promise.all([this.cells?.updateComplete, this.canvas?.updateComplete]).then(() =>
      requestAnimationFrame(() => performance.measure('attention-hover', { start: moved, end: performance.now() })),
    );
  }

  private waiting(): TemplateResult {
    const c = this.controller;
    const { list } = c;
    if (list.error?.code === 'attention/none') return this.nothingThere(list.error.message);
    if (list.error !== undefined)
      return failure(list.error, [
        { label: 'Try again', look: 'primary', onClick: () => c.retry() },
        { label: 'Show the log', onClick: () => void c.host.showLog({}) },
      ]);
    if (list.stopped)
      return emptyState({
        icon: 'debug-pause',
        text: 'Stopped before the attention was found.',
        action: { label: 'Go on', onClick: () => c.retry() },
      });
    return html`${taskProgress(list, 'Looking for attention', { after: 0 })}`;
  }

  private nothingThere(text: string): TemplateResult {
    return emptyState({
      icon: 'circle-slash',
      text,
      action: { label: 'Explain the picture otherwise', onClick: () => this.tell('lens-explain-instead', undefined) },
    });
  }

  private notices(): TemplateResult {
    const c = this.controller;
    const { store, joint, list } = c;
    const again = { label: 'Try again', look: 'primary', onClick: () => c.retry() } as const;
    const error = list.error ?? store?.error ?? (c.view.shown === 'attention' ? undefined : joint.error);
    return html`${error === undefined ? nothing : failure(error, [again])}
    ${taskProgress(list, 'Looking for attention')}
    ${c.view.shown === 'attention' ? nothing : taskProgress(joint, c.view.shown === 'rollout' ? 'Multiplying the layers' : 'Following the class back')}
    ${c.view.shown !== 'attention' && joint.stopped ? notice({ icon: 'debug-pause', text: 'Stopped.', action: { label: 'Run again', onClick: () => c.retry() } }) : nothing}`;
  }

  private get scene(): Scene | undefined {
    const c = this.controller;
    const { large, result, colors } = c;
    return this.scenes.get([large, result, colors], () => (large === undefined ? undefined : sceneOf(c, large)));
  }

  private get display(): Display {
    const { view, large } = this.controller;
    const mode = large?.kind === 'matrix' ? 'heat' : view.mode;
    const { opacity, smooth } = view;
    return this.displays.get([mode, opacity, smooth], () => ({ ...DEFAULT_DISPLAY, mode, opacity, smooth }));
  }

  private stage(): TemplateResult {
    const c = this.controller;
    const { large, stageLayer: layer, look, view, pinned, result } = c;
    const { scene, display } = this;
    const over = large?.kind === 'map' && layer !== undefined;
    const outliers = (over && view.shown === 'attention' ? c.store?.numbers(layer.name)?.outliers : undefined) ?? NONE;
    const lines = this.lines.get([over ? layer : undefined, look, view.grid, outliers, view.region], () =>
      over ? linesOver({ layer, look, grid: view.grid, outliers, region: view.region }) : [],
    );
    const picture = scene?.picture ?? result?.picture;
    const places = this.places.get([layer, pinned, picture], () => this.gridOf(picture));
    const limit = large === undefined || large.kind === 'none' ? 0 : (scene?.scaled.limit ?? 0);
    return html`
      <h2 class="att-name">${c.largeName}</h2>
      <div
        class="att-stage ${c.matricesLate ? 'busy' : ''}"
        aria-busy=${c.matricesLate}
        ${styles({ '--aspect': `${(picture?.width ?? 1) / (picture?.height ?? 1)}` })}
        @lens-pixel=${(event: CustomEvent<PixelEvent>) => this.onPixel(event.detail)}
        @lens-pick=${(event: CustomEvent<PickEvent>) => this.onPick(event.detail)}
        @lens-stroke=${(event: CustomEvent<StrokeEvent>) => this.onStroke(event.detail)}
      >
        <lens-heat-canvas
          .scene=${scene}
          .display=${display}
          .layers=${lines}
          .places=${large?.kind === 'matrix' ? undefined : places}
          .label=${c.largeName}
          .strokes=${large?.kind !== 'map' ? 'none' : c.marking ? 'all' : 'shift'}
        ></lens-heat-canvas>
        ${
          large?.kind === 'none'
            ? html`<p class="att-none">
                ${`${large.why[0]!.toUpperCase()}${large.why.slice(1)}: choose another token.`}
              </p>`
            : nothing
        }
      </div>
      ${tokenPart(c)} ${drawingPart(c)}
      <lens-color-bar
        .colors=${c.colors}
        .limit=${limit}
        .unit=${view.shown === 'relevance' ? 'relevance' : view.shown === 'rollout' ? 'share of the rollout' : 'share of the attention'}
        .note=${large?.kind === 'map' ? `${large.map.dims.join(' × ')} map` : ''}
      ></lens-color-bar>
      <p class="cell-readout">${readout(c)}</p>
      ${classPart(c)}
    `;
  }

  private gridOf(picture: Scene['picture'] | undefined): PlacesGrid | undefined {
    const c = this.controller;
    const layout = c.view.direction === 'outgoing' ? c.stageLayer?.from : c.stageLayer?.to;
    if (layout === undefined || picture === undefined) return undefined;
    const [rows, columns] = layout.grid;
    const cell = cellOf(c.pinned, layout.grid);
    if (cell === undefined) return { rows, columns };
    const from = {
      x: Math.floor(((cell.column + 0.5) * picture.width) / columns),
      y: Math.floor(((cell.row + 0.5) * picture.height) / rows),
    };
    return { rows, columns, from };
  }

  private heads(): TemplateResult {
    const c = this.controller;
    const { view, chosen, store } = c;
    const { cells } = c;
    const place = chosen === undefined ? undefined : { row: chosen.row, column: columnOf(chosen.head) };
    const point = this.point ?? place;
    return html`
      <h2 id="att-heads">
        Layers × heads<span class="hint dim">${c.random ? 'random weights' : 'rows are layers'}</span>
      </h2>
      <div class="controls-row">
        ${scaleChoice(view.scale, { own: 'Each map on its own scale', shared: 'One scale for all maps' }, (scale) => c.change({ scale }))}
        <span class="buttons">${zoomButtons(view.zoom, (zoom) => c.change({ zoom }))}</span>
      </div>
      <lens-cell-grid
        class="att-grid"
        .source=${cells}
        .label=${'Maps of every layer and head'}
        .zoom=${view.zoom}
        .smooth=${view.smooth}
        .arrived=${c.arrived}
        .chosen=${view.shown === 'attention' ? place : undefined}
        @lens-sight=${({ detail }: CustomEvent<CellsInSight>) => c.sight(detail.rowFrom, detail.rowTo)}
        @lens-zoom=${({ detail }: CustomEvent<number>) => c.change({ zoom: detail })}
        @lens-cell=${({ detail }: CustomEvent<CellPoint | null>) => this.onCell(detail ?? undefined)}
        @lens-choose-cell=${({ detail }: CustomEvent<CellPoint>) => this.choose(detail)}
      ></lens-cell-grid>
      <p class="cell-readout">
        ${store?.working === true && cells !== undefined ? 'Fetching matrices… ' : ''}${point === undefined || cells === undefined || point.row >= cells.rows ? '' : cells.label(point.row, point.column)}
      </p>
      ${
        cells?.limit === undefined
          ? nothing
          : html`<lens-color-bar
              .colors=${c.colors}
              .limit=${cells.limit}
              .unit=${'share of the attention'}
              .note=${'shared by all maps'}
            ></lens-color-bar>`
      }
    `;
  }

  private choose({ row, column }: CellPoint): void {
    const c = this.controller;
    const layer = c.layers[row];
    const head = headAt(column);
    if (layer !== undefined && !(typeof head === 'number' && head >= layer.heads)) c.choose(layer.name, head);
  }

  private onCell(point: CellPoint | undefined): void {
    this.point = point;
    this.requestUpdate();
  }

  /** The place of a pixel, as shares. */
  private shareOf({ x, y }: Pixel): { readonly x: number; readonly y: number } | undefined {
    const picture = this.scene?.picture;
    return picture && { x: (x + 0.5) / picture.width, y: (y + 0.5) / picture.height };
  }

  private onPixel({ pixel, spoken }: PixelEvent): void {
    const c = this.controller;
    const at = pixel === undefined ? undefined : this.shareOf(pixel);
    c.pointed = at;
    const layout = this.layout;
    if (c.large?.kind === 'matrix' || layout === undefined || c.marking || !(c.view.follow || spoken)) {
      this.requestUpdate();
      return;
    }
    const cell = at === undefined ? undefined : cellOf(at, layout.grid);
    const token = cell && placeOf(cell, layout.grid);
    if (spoken && token !== undefined) return c.pin(token, true);
    if (token !== undefined) this.moved ??= performance.now();
    c.hover(token);
  }

  private onPick({ pixel, spoken }: PickEvent): void {
    const c = this.controller;
    const { layout } = this;
    const at = this.shareOf(pixel);
    if (c.large?.kind === 'matrix' || at === undefined || layout === undefined) return;
    c.pin(placeOf(cellOf(at, layout.grid)!, layout.grid), spoken);
  }

  private onStroke({ phase, begin, to }: StrokeEvent): void {
    const c = this.controller;
    const picture = this.scene?.picture;
    if (picture === undefined || phase === 'cancel') return;
    const { width, height } = picture;
    c.hover(undefined);
    if (phase === 'end') c.marking = false;
    // A click is no region.
    if (begin.x === to.x && begin.y === to.y) return c.mark(undefined);
    c.mark({
      left: Math.min(begin.x, to.x) / width,
      top: Math.min(begin.y, to.y) / height,
      right: (Math.max(begin.x, to.x) + 1) / width,
      bottom: (Math.max(begin.y, to.y) + 1) / height,
    });
  }

  private get layout(): NonNullable<AttentionController['stageLayer']>['from'] {
    const c = this.controller;
    return c.view.direction === 'outgoing' ? c.stageLayer?.from : c.stageLayer?.to;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    if (event.key === 'r' || event.key === 'R') this.controller.hold(true);
  };

  private readonly onKeyUp = (event: KeyboardEvent): void => {
    if (event.key === 'r' || event.key === 'R') this.letGo();
  };

  private readonly letGo = (): void => this.controller.hold(false);
}
