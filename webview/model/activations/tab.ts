import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { address, type Address } from '../../../src/base/place.js';
import type { Activation } from '../../../src/result/activations.js';
import { SEQUENTIAL, type SequentialName } from '../../../src/result/colormap.js';
import { normalise } from '../../../src/result/heatmap.js';
import type { LayerDescription } from '../../../src/result/inspection.js';
import '../../shared/canvas/cellGrid.js';
import '../../shared/charts/colorBar.js';
import '../../shared/form/menu.js';
import type { CellGrid, CellPoint, CellsInSight } from '../../shared/canvas/cellGrid.js';
import type { CellSource } from '../../shared/canvas/cells.js';
import type { Pixel } from '../../shared/canvas/geometry.js';
import { button, segmented } from '../../shared/controls.js';
import type { Scene } from '../../shared/canvas/display.js';
import { formatDuration, formatNumber, formatShape, plural } from '../../shared/format.js';
import { emptyState, failure } from '../../shared/messages.js';
import type { MenuItem } from '../../shared/form/menu.js';
import { activationColors, activationLimit, ActivationPages, activationSource, isSigned, pageLength } from './pages.js';
import { channelPart } from './channelPart.js';
import { scaleChoice, zoomButtons } from '../../shared/form/cellControls.js';
import type { Editor, TabDefinition } from '../editor.js';
import { activationExports } from './exports.js';
import type { ActivationsView } from '../kept.js';
import { LightElement } from '../../shared/page/lightElement.js';
import { Remade } from '../../shared/remade.js';
import { PagedAnswer } from '../../shared/task/pagedAnswer.js';
import { taskProgress } from '../../shared/task/taskProgress.js';
import './topPart.js';

/** What a layer sees in a picture: its channels as maps, one of them over the picture, and what excites it. */
@customElement('lens-activations')
export class ActivationsTab extends LightElement {
  @property({ attribute: false }) controller!: Editor;
  @property({ attribute: false }) view!: ActivationsView;
  @property({ attribute: false }) layer: LayerDescription | undefined;
  @property({ type: Number }) version = 0;

  @state() private pixel: Pixel | undefined;
  @state() private point: CellPoint | undefined;
  @state() private dropping = false;
  @query('lens-cell-grid') private readonly grid!: CellGrid | null;
  private readonly paged = new PagedAnswer<Activation, ActivationPages, CellSource>(this, {
    open: (answer, arrived) => this.open(answer, arrived),
    draw: (_answer, pages) => activationSource(pages, this.sequential, this.view.scale),
    drawnFrom: () => [this.sequential, this.view.scale],
  });
  /** What was asked last: its pages are of the same. */
  private request: { readonly input: Address; readonly layer: string } | undefined;
  private readonly scenes = new Remade<Scene | undefined>();

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('dragover', this.onDrag);
    this.addEventListener('dragleave', () => (this.dropping = false));
    this.addEventListener('drop', this.onDrop);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('layer') || changed.has('view') || changed.has('version')) this.load();
  }

  private get sequential(): SequentialName {
    return SEQUENTIAL.find((name) => name === this.controller.setup?.colorMap) ?? 'magma';
  }

  /** Runs the model up to the layer; the latest question wins. */
  private load(anew = false): void {
    const { layer, view, controller: c } = this;
    const { picture, sort } = view;
    if (layer === undefined || picture === undefined || c.setup?.trusted === false) return;
    const request = { input: picture.uri, layer: layer.name };
    this.request = request;
    const question = JSON.stringify([request, sort, this.version]);
    const ask = async (options: Parameters<typeof c.host.activations>[1]): Promise<Activation> => {
      const first = await c.host.activations({ ...request, page: { from: 0, count: 64, sort } }, options);
      const count = pageLength(first);
      return count === 64 || first.channels <= 64
        ? first
        : c.host.activations({ ...request, page: { from: 0, count, sort } }, options);
    };
    void this.paged.task.run(question, ask, anew);
  }

  private open(answer: Activation, arrived: () => void): ActivationPages {
    const { request, controller: c } = this;
    return new ActivationPages(
      answer,
      pageLength(answer),
      (from, count, signal) =>
        c.host.activations({ ...request!, page: { from, count, sort: this.view.sort } }, { signal }),
      arrived,
    );
  }

  override render(): TemplateResult {
    const { layer, view, controller: c } = this;
    const { answer, task } = this.paged;
    if (c.setup?.trusted === false)
      return emptyState({
        icon: 'workspace-untrusted',
        text: 'Models of a workspace that is not trusted are not run.',
        action: { label: 'See the weights', onClick: () => c.update({ tab: 'weights' }) },
      });
    if (view.picture === undefined)
      return emptyState({
        icon: 'file-media',
        text: 'Choose a picture, or drop one here, to see what each layer makes of it.',
        action: { label: 'Choose a Picture…', onClick: () => this.choosePicture() },
      });
    return html`<div class=${this.dropping ? 'dropping' : ''}>
      <div class="controls-row">
        <span class="ellipsis">${view.picture.name}</span>
        ${button({ label: 'Other Picture…', onClick: () => this.choosePicture() })}
        ${layer === undefined || answer === undefined ? nothing : this.controls(answer)}
      </div>
      ${
        layer === undefined
          ? emptyState({
              icon: 'layers',
              text: 'Choose a layer in the list to see what it makes of the picture.',
              action: { label: 'Choose the first layer', onClick: () => c.select(c.rows[0]?.layer.name) },
            })
          : answer === undefined
            ? nothing
            : this.shown(answer)
      }
      ${
        task.error === undefined
          ? nothing
          : failure(task.error, [
              { label: 'Run again', look: 'primary', onClick: () => this.load(true) },
              { label: 'Show log', onClick: () => void c.host.showLog({}) },
            ])
      }
      ${taskProgress(task, 'Running the model')}
      ${
        task.stopped && !task.working
          ? html`<p class="dim">Stopped. ${button({ label: 'Run again', onClick: () => this.load(true) })}</p>`
          : nothing
      }
    </div>`;
  }

  private controls(answer: Activation): TemplateResult {
    const { view } = this;
    const { layout } = answer;
    return html`
      ${segmented({
        label: 'Order of channels',
        value: view.sort,
        choices: [
          { value: 'index', label: 'Index' },
          { value: 'mean', label: 'Mean', title: 'The most active on average first' },
          { value: 'max', label: 'Largest', title: 'The largest single value first' },
        ],
        onChange: (sort) => this.change({ sort: sort as ActivationsView['sort'] }),
      })}
      ${
        layout === 'vector'
          ? nothing
          : scaleChoice(
              view.scale,
              { own: 'Each channel on its own scale', shared: 'One scale for all channels' },
              (scale) => this.change({ scale }),
            )
      }
      <span class="buttons">
        ${zoomButtons(view.zoom, (zoom) => this.change({ zoom }))}
        <lens-menu .label=${'Export'} .icon=${'desktop-download'} .items=${this.exports(answer)}></lens-menu>
      </span>
    `;
  }

  private shown(answer: Activation): TemplateResult {
    const { task, pages, drawn, arrived } = this.paged;
    const old = task.outdated || task.error !== undefined;
    const channel = this.channel;
    const place = channel === undefined ? undefined : pages?.of(channel)?.place;
    const facts = [
      formatShape(answer.dims),
      `${plural(answer.channels, answer.layout === 'vector' ? 'unit' : 'channel')} of ${answer.height}×${answer.width}`,
      `${formatNumber(answer.min)} to ${formatNumber(answer.max)}, mean ${formatNumber(answer.mean)}`,
      answer.dead > 0 ? `${answer.dead} zero everywhere` : '',
      answer.nan > 0 ? `${answer.nan} NaN` : '',
      `${answer.provider} · ${formatDuration(answer.milliseconds)}`,
    ];
    return html`<div class=${old ? 'old' : ''}>
      <lens-cell-grid
        .source=${drawn}
        .label=${`Activations of ${answer.layer}`}
        .zoom=${this.view.zoom}
        .arrived=${arrived}
        .smooth=${this.view.smooth}
        .chosen=${place === undefined ? undefined : { row: place, column: 0 }}
        @lens-sight=${(event: CustomEvent<CellsInSight>) => pages?.need(event.detail)}
        @lens-zoom=${(event: CustomEvent<number>) => this.change({ zoom: event.detail })}
        @lens-cell=${(event: CustomEvent<CellPoint | null>) => (this.point = event.detail ?? undefined)}
        @lens-choose-cell=${(event: CustomEvent<CellPoint>) => this.choose(event.detail.row)}
      ></lens-cell-grid>
      <p class="cell-readout">
        ${this.readout() ?? html`<span class="dim">${facts.filter(Boolean).join(' · ')}</span>`}
      </p>
      ${this.scale(answer)} ${answer.notes.map((note) => html`<p class="dim">${note}</p>`)}
      ${channel === undefined ? nothing : this.large(answer, channel)}
      ${
        channel === undefined || answer.layout === 'other'
          ? nothing
          : html`<lens-top
              .controller=${this.controller}
              .layer=${answer.layer}
              .channel=${channel}
              .folder=${this.view.folder?.uri}
              .version=${this.version}
            ></lens-top>`
      }
    </div>`;
  }

  /** Of the grid. */
  private scale(answer: Activation): TemplateResult {
    const own = this.view.scale === 'own' && answer.layout !== 'vector';
    return html`<lens-color-bar
      .colors=${activationColors(answer, this.sequential)}
      .limit=${own ? 1 : activationLimit(answer, undefined)}
      .unit=${own ? 'of each channel’s largest value' : 'activation'}
      .note=${own ? 'each on its own scale' : answer.layout === 'vector' ? '' : 'shared by all channels'}
    ></lens-color-bar>`;
  }

  /** The channel that is looked at; the first of the order until one is chosen. */
  private get channel(): number | undefined {
    return this.view.channel ?? this.paged.pages?.at(0)?.channel;
  }

  private readout(): string | undefined {
    const { point } = this;
    const { drawn: source, pages, answer } = this.paged;
    if (point === undefined || source === undefined || answer === undefined) return undefined;
    const found = pages?.at(point.row);
    const value =
      found === undefined || point.x === undefined || point.y === undefined
        ? ''
        : ` · (${point.x}, ${point.y}) ${formatNumber(found.values[found.offset + point.y * answer.width + point.x] ?? NaN)}`;
    return `${source.label(point.row, 0)}${value}`;
  }

  private large(answer: Activation, channel: number): TemplateResult {
    const { pixel, view } = this;
    return channelPart({
      answer,
      channel,
      scene: this.scene(answer, channel),
      view,
      pixel,
      colors: activationColors(answer, this.sequential),
      limit: this.limit(answer, channel),
      onPixel: (at) => (this.pixel = at),
      onChange: (change) => this.change(change),
      onVisualize: () => void this.controller.host.visualizeAt({ layer: answer.layer, channel }),
    });
  }

  private limit(answer: Activation, channel: number): number {
    return activationLimit(answer, this.view.scale === 'own' ? channel : undefined);
  }

  private scene(answer: Activation, channel: number): Scene | undefined {
    const { pages, arrived } = this.paged;
    return this.scenes.get([pages, arrived, channel, this.view.scale, this.sequential], () => {
      const map = answer.layout === 'maps' || answer.layout === 'tokens' ? pages?.of(channel)?.map : undefined;
      if (map === undefined) return undefined;
      const { height, width, picture } = answer;
      const signed = isSigned(answer);
      const values = { width, height, values: map, signed };
      return {
        picture,
        values,
        scaled: normalise(values, 100, this.limit(answer, channel)),
        colors: activationColors(answer, this.sequential),
        channels: false,
        signed,
      };
    });
  }

  private exports(answer: Activation): readonly MenuItem[] {
    const { channel, controller, view } = this;
    const map = channel === undefined ? undefined : this.paged.pages?.of(channel)?.map;
    return activationExports(controller, answer, view, { channel, map }, () => this.grid?.picture());
  }

  private choose(place: number): void {
    const found = this.paged.pages?.at(place);
    if (found !== undefined) this.change({ channel: found.channel });
  }

  private choosePicture(): void {
    void this.controller.host.choosePicture({}).then((picture) => {
      if (picture !== undefined) this.change({ picture });
    });
  }

  private change(view: Partial<ActivationsView>): void {
    this.controller.update({ activations: { ...this.controller.view.activations, ...view } });
  }

  private readonly onDrag = (event: DragEvent): void => {
    event.preventDefault();
    this.dropping = true;
  };

  private readonly onDrop = (event: DragEvent): void => {
    event.preventDefault();
    this.dropping = false;
    const data = event.dataTransfer;
    const list = data?.getData('application/vnd.code.uri-list') || data?.getData('text/uri-list') || '';
    const uri = list.split(/\r?\n/).find((line) => line !== '' && !line.startsWith('#'));
    if (uri === undefined) return;
    void this.controller.host.usePicture({ uri: address(uri) }).then((picture) => {
      if (picture !== undefined) this.change({ picture });
    });
  };
}

export const tab: TabDefinition = {
  id: 'activations',
  label: 'Activations',
  render: (c) =>
    html`<lens-activations
      .controller=${c}
      .view=${c.view.activations}
      .layer=${c.layer}
      .version=${c.readVersion}
    ></lens-activations>`,
};
