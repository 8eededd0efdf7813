import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { WholePage } from '../shared/page/wholePage.js';
import { tabStrip } from '../shared/page/tabStrip.js';
import '../shared/form/menu.js';
import { Clock } from '../shared/task/clock.js';
import { icon, iconButton } from '../shared/controls.js';
import { styles } from '../shared/page/css.js';
import '../shared/splitter.js';
import { formatBytes, formatCount, plural } from '../shared/format.js';
import { failure, notice } from '../shared/messages.js';
import type { ModelController } from './controller.js';
import type { LayerOrder } from './kept.js';
import './layers/list.js';
import { TABS, tabOf } from './tabs.js';
import { taskProgress } from '../shared/task/taskProgress.js';

/** The editor of a checkpoint: its layers on one side, and on the other what it is, what it learned and what it sees. */
@customElement('lens-model')
export class ModelApp extends WholePage {
  controller!: ModelController;
  @state() private spoken = '';
  private readonly clock = new Clock(this);

  protected override readonly search = '.layer-search input';

  /** Draws anew; called by the controller. */
  refresh(): void {
    this.requestUpdate();
    const { overview, measured, scan } = this.controller;
    this.clock.run([overview, measured, scan].some((task) => task.working));
  }

  override render(): TemplateResult {
    const c = this.controller;
    const { view, overview } = c;
    const tab = tabOf(view.tab);
    return html`
      ${this.header()} ${this.notices()}
      <main
        class="model-layout tab-${tab.id}"
        ${styles({ '--layers': view.sizes?.layers === undefined ? '' : `${view.sizes.layers}px` })}
      >
        <section class="layers" aria-label="Layers">
          <lens-layer-list
            .rows=${c.rows}
            .selected=${view.layer}
            .search=${view.search}
            .order=${view.order}
            .reveal=${c.reveal}
            @lens-layer=${(event: CustomEvent<string>) => c.select(event.detail)}
            @lens-open-layer=${(event: CustomEvent<string>) => this.openLayer(event.detail)}
            @lens-search=${(event: CustomEvent<string>) => c.update({ search: event.detail })}
            @lens-order=${(event: CustomEvent<LayerOrder>) => c.update({ order: event.detail })}
          ></lens-layer-list>
        </section>
        <lens-splitter
          .label=${'Width of the list of layers'}
          .least=${140}
          .leave=${320}
          @lens-split=${(event: CustomEvent<number | null>) => this.resize(event.detail ?? undefined)}
        ></lens-splitter>
        <section class="detail" aria-label=${tab.label}>
          ${this.tabs(tab.id)} ${this.layerCard()}
          <div
            class="tab-body"
            role="tabpanel"
            id="panel-${tab.id}"
            aria-labelledby="tab-${tab.id}"
            tabindex=${tab.id === 'overview' ? 0 : -1}
          >
            ${overview.value === undefined ? this.waiting() : tab.render(c)}
          </div>
        </section>
      </main>
      <div class="sr-only" aria-live="polite">${this.spoken}</div>
    `;
  }

  private resize(layers: number | undefined): void {
    const { layers: _before, ...sizes } = this.controller.view.sizes ?? {};
    this.controller.update({ sizes: layers === undefined ? sizes : { ...sizes, layers } });
  }

  private header(): TemplateResult {
    const c = this.controller;
    const overview = c.overview.value;
    const facts =
      overview === undefined
        ? ''
        : [
            formatBytes(overview.totalBytes),
            `${formatCount(overview.parameters)} parameters`,
            plural(overview.layers.length, 'layer'),
          ].join(' · ');
    return html`<header class="page-toolbar">
      <h1><span class="ellipsis">${c.setup?.model.name ?? ''}</span><span class="dim ellipsis">${facts}</span></h1>
      ${this.seriesPart()}
      <div class="buttons">
        ${iconButton({ label: 'Explain a picture with this model', icon: 'eye', disabled: overview === undefined, onClick: () => void c.host.explainAt({}) })}
        ${iconButton({ label: 'Read the file again', icon: 'refresh', onClick: () => void c.read() })}
      </div>
    </header>`;
  }

  /** Other moments of the same training: checkpoints whose names differ in a number only. */
  private seriesPart(): TemplateResult | typeof nothing {
    const { series, setup, host } = this.controller;
    const at = series.findIndex((each) => each.file.uri === setup?.model.uri);
    if (series.length < 2 || at < 0) return nothing;
    const go = (to: number): void => {
      const entry = series[to];
      if (entry !== undefined && to !== at) void host.open({ uri: entry.file.uri });
    };
    return html`<div class="series" role="group" aria-label="Checkpoints of this training">
      ${iconButton({ label: `Earlier: ${series[at - 1]?.file.name ?? 'none'}`, icon: 'chevron-left', disabled: at === 0, onClick: () => go(at - 1) })}
      <button
        type="button"
        class="link"
        title="See the layer over the ${series.length} checkpoints of this training"
        @click=${() => this.controller.update({ tab: 'training' })}
      >
        ${at + 1} of ${series.length}
      </button>
      ${iconButton({ label: `Later: ${series[at + 1]?.file.name ?? 'none'}`, icon: 'chevron-right', disabled: at === series.length - 1, onClick: () => go(at + 1) })}
    </div>`;
  }

  private notices(): TemplateResult | typeof nothing {
    const { file, overview } = this.controller;
    const shown = overview.value !== undefined;
    if (file.state === 'writing' && shown)
      return html`<div class="strip">
        ${notice({ icon: 'sync', text: 'The file is being written. What is shown is of before.' })}
      </div>`;
    if (file.state === 'gone' && shown)
      return html`<div class="strip">
        ${notice({ icon: 'trash', text: 'The file is not there any more. What is shown was read before.' })}
      </div>`;
    if (overview.error !== undefined && shown)
      return html`<div class="strip">
        ${failure(overview.error, [{ label: 'Read again', look: 'primary', onClick: () => void this.controller.read() }])}
      </div>`;
    return nothing;
  }

  /** Before the file has been read for the first time. */
  private waiting(): TemplateResult {
    const c = this.controller;
    const { overview } = c;
    if (overview.error !== undefined)
      return failure(overview.error, [
        { label: 'Read again', look: 'primary', onClick: () => void c.read() },
        { label: 'Show log', onClick: () => void c.host.showLog({}) },
      ]);
    return html`${taskProgress(overview, 'Reading the model', { after: 0 })}`;
  }

  private tabs(shown: string): TemplateResult {
    return tabStrip({
      label: 'Views of the model',
      tabs: TABS,
      shown,
      choose: (id) => {
        this.controller.update({ tab: id });
        return this.updateComplete;
      },
    });
  }

  /** The layer that is selected: the same in every tab. */
  private layerCard(): TemplateResult | typeof nothing {
    const c = this.controller;
    const { layer, row } = c;
    if (layer === undefined) return nothing;
    const facts = [layer.op, row?.shape, layer.parameters > 0 ? `${formatCount(layer.parameters)} parameters` : ''];
    return html`<div class="layer-card">
      <div class="layer-title">
        <span class="layer-name ellipsis" title=${layer.name}>${layer.name}</span>
        <span class="dim ellipsis">${facts.filter(Boolean).join(' · ')}</span>
      </div>
      <div class="buttons">
        ${this.sourceButton()}
        ${iconButton({ label: 'Explain a picture at this layer', icon: 'eye', onClick: () => void c.host.explainAt({ layer: layer.name }) })}
        ${iconButton({ label: 'Visualize what the layer wants to see', icon: 'sparkle', onClick: () => void c.host.visualizeAt({ layer: layer.name }) })}
        ${iconButton({ label: 'Copy the name of the layer', icon: 'copy', onClick: () => this.copy(layer.name) })}
      </div>
    </div>`;
  }

  private sourceButton(): TemplateResult | typeof nothing {
    const c = this.controller;
    const { layer, source } = c;
    if (layer?.source === undefined) return nothing;
    const name = layer.source.path.split(/[\\/]/).at(-1)!;
    const found = source?.layer === layer.name ? source.place : undefined;
    const text = `${name}:${layer.source.line}`;
    if (source?.layer === layer.name && found === undefined)
      return html`<span class="dim source" title="${layer.source.path} is not in this workspace">${text}</span>`;
    const stale = found?.stale ?? false;
    const others =
      found === undefined || found.others === 0 ? '' : `, ${plural(found.others, 'other file')} fits as well`;
    return html`<button
      type="button"
      class="link source"
      title=${`Open ${found?.file ?? name} at line ${layer.source.line}${stale ? '. The file was changed after the model was written: the line may have moved' : ''}${others}`}
      @click=${() => void c.host.openSource({ layer: layer.name })}
    >
      ${icon(stale ? 'warning' : 'go-to-file')}${text}${stale ? html`<span class="dim"> (older)</span>` : nothing}
    </button>`;
  }

  private openLayer(name: string): void {
    const c = this.controller;
    c.select(name);
    if (c.view.tab === 'overview') c.update({ tab: 'weights' });
  }

  private copy(text: string): void {
    void this.controller.host.copy({ text });
    this.spoken = `Copied ${text}`;
  }

  /** Whatever shows a Cancel button is stopped; where there is none, what runs in the background. */
  protected override cancel(): boolean {
    if (super.cancel()) return true;
    const { measured, scan } = this.controller;
    const works = measured.working || scan.working;
    measured.cancel();
    scan.cancel();
    return works;
  }
}
