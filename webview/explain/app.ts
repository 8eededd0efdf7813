import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { given } from '../../src/base/given.js';
import type { Client } from '../../src/protocol/channel.js';
import type { ExplainHostApi, ExportKind } from '../../src/protocol/explainPanel.js';
import type { HeatCanvas, PickEvent, PixelEvent, StrokeEvent } from '../shared/canvas/heatCanvas.js';
import type { BrushEvent } from '../shared/canvas/brush.js';
import type { BoxEvent } from '../shared/canvas/canvasBoxes.js';
import type { Pixel } from '../shared/canvas/geometry.js';
import '../shared/canvas/heatCanvas.js';
import '../shared/charts/colorBar.js';
import '../shared/form/menu.js';
import '../shared/canvas/thumbnail.js';
import { Clock } from '../shared/task/clock.js';
import { iconButton, segmented } from '../shared/controls.js';
import { sliceWords, type Scene } from '../shared/canvas/display.js';
import { baseName, formatDuration } from '../shared/format.js';
import { emptyState, failure, notice, working } from '../shared/messages.js';
import { isTyping } from '../shared/form/typing.js';
import type { MenuItem } from '../shared/form/menu.js';
import type { ExplainController } from './controller.js';
import { changedNotice, historyPart, modelViewPart, notesPart, picturesPart, warningsPart } from './picture/details.js';
import './grid/element.js';
import type { ExplainGrid } from './grid/element.js';
import { commandOf, gridMenu } from './grid/exports.js';
import { gridChoicePart } from './grid/part.js';
import { drawingOf, exportPicture, exportSvg, type ExportedPicture } from './picture/exportPicture.js';
import { DrawnScene } from './picture/drawn.js';
import { photographPart } from './picture/photographPart.js';
import { sanityPart } from './sanity/part.js';
import { KnownBoxes } from './picture/boxes.js';
import { readingPart } from './output/reading.js';
import { waysOut } from './picture/wayOut.js';
import { KnownLayers } from './region/layers.js';
import { RegionPainting } from './region/painting.js';
import { KEYS, regionExport, regionPart } from './region/part.js';
import { predictionsPart, questionPart } from './question/part.js';
import { doubtsPart } from './settings/doubts.js';
import { editedNote, openEditor } from './settings/editor.js';
import { Painting } from './whatIf/painting.js';
import {
  drawingControls,
  modeControls,
  slicePart,
  partsToggle,
  readout,
  scalePart,
  spokenReadout,
} from './picture/viewControls.js';

const PROVIDERS: Readonly<Record<string, string>> = {
  cpu: 'CPU',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'Core ML',
};

/** The explain panel. What it knows is in the controller; this draws it and turns keys and clicks into calls. */
@customElement('lens-explain')
export class ExplainApp extends LitElement {
  controller!: ExplainController;
  host!: Client<ExplainHostApi>;

  @state() private pixel: Pixel | undefined;
  @state() private spoken = '';
  /** O is held: the original is shown. */
  @state() private held = false;
  @query('lens-explain-grid') private readonly grid!: ExplainGrid | null;
  private version = 0;
  @query('lens-heat-canvas') private readonly canvas!: HeatCanvas | null;
  /** Made anew where they change only: the canvas draws when it gets others. */
  private readonly boxes = new KnownBoxes();
  private readonly layers = new KnownLayers();
  private readonly picked = new RegionPainting(
    () => this.controller,
    () => this.requestUpdate(),
    (text) => (this.spoken = text),
  );
  private previewOf: string | undefined;
  private preview: ImageBitmap | undefined;
  private readonly clock = new Clock(this);
  private readonly painting = new Painting(() => this);
  private readonly drawn = new DrawnScene();

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.onKey);
    document.addEventListener('keyup', this.onKeyUp);
    window.addEventListener('blur', this.letGo);
  }

  /** Draws anew; called by the controller. */
  refresh(): void {
    this.requestUpdate();
    this.controller.whatIf.follow(this.controller.shown);
    this.clock.run(this.controller.working);
    void this.loadPreview();
  }

  private get picking(): boolean {
    return this.controller.whatIf.brush !== undefined || this.picked.available;
  }

  private sceneNow(): Scene | undefined {
    return this.drawn.of(this.controller, this.picking);
  }

  override render(): TemplateResult {
    const c = this.controller;
    const scene = this.sceneNow();
    return html`
      ${this.header()} ${c.compare.open ? this.gridPage() : this.singlePage(scene)}
      <div class="sr-only" aria-live="polite">${this.spoken}</div>
    `;
  }

  private gridPage(): TemplateResult {
    const c = this.controller;
    return html`<main class="layout grid-layout">
      <div class="left">
        ${c.compare.grid.outdated && !c.compare.grid.working ? changedNotice(c, () => c.compare.grid.rerun()) : nothing}
        <lens-explain-grid
          .asked=${c}
          .compare=${c.compare}
          .version=${++this.version}
          .held=${this.held}
        ></lens-explain-grid>
      </div>
      <div class="right">
        ${gridChoicePart(c, c.compare)} ${modeControls(c, this.held)} ${slicePart(c, this.grid?.first)}
      </div>
      <div class="draw">${drawingControls(c, this.grid?.first)}</div>
    </main>`;
  }

  private singlePage(scene: Scene | undefined): TemplateResult {
    const c = this.controller;
    return html`<main class="layout">
      <div class="left">
        ${picturesPart(c, (picture) => c.select(picture))} ${this.stage(scene)} ${this.painting.tools()}
        <section class="trust" aria-label="Trust">
          ${sanityPart(c, c.badge, () => c.badge.check())} ${warningsPart(c)}
        </section>
        ${modeControls(c, this.held)} ${slicePart(c, scene, this.picking)} ${photographPart(c)} ${partsToggle(c, scene)}
        ${regionPart(c, this.picked)} ${scalePart(c, scene)} ${readout(c, scene, this.pixel)}
      </div>
      <div class="right">
        ${predictionsPart(c, {
          doubts: html`${readingPart(c, c.error, () => void c.saveReading())}
          ${editedNote(c.preparation, c.question?.settings !== undefined)}
          ${doubtsPart(c, c.search, {
            edit: () => openEditor(c.preparation),
            take: () => void c.search.take(),
            replace: () => void c.search.replace(),
          })}`,
          whatIf: c.whatIf,
          scores: () => this.painting.scores(),
        })}
        ${questionPart(c)}
      </div>
      <div class="draw">${drawingControls(c, scene, c.difference)}</div>
      <div class="below">${modelViewPart(c, c.preparation, () => this.saveSettings())} ${notesPart(c)}</div>
      ${historyPart(c)}
    </main>`;
  }

  private header(): TemplateResult {
    const c = this.controller;
    const { setup, current, shown } = c;
    const count = c.compare.open ? (setup?.pictures.length ?? 0) : 1;
    const selected =
      setup?.pictures.find((p) => p.uri === c.selected)?.name ??
      (c.selected === undefined ? '' : baseName(decodeURIComponent(c.selected)));
    const refused = current?.answer?.refusedProviders ?? [];
    const provider = current?.answer?.provider ?? shown?.explanation.recipe.provider;
    const ms = shown?.explanation.milliseconds;
    return html`<header class="toolbar">
      <h1>
        <span class="ellipsis">${count > 1 ? `${count} pictures` : selected}</span
        >${shown?.explanation.edited === undefined ? nothing : html`<span class="edited">edited picture</span>`}<span
          class="dim ellipsis"
          >${setup?.model.name ?? ''}</span
        >
      </h1>
      <span
        class="ran"
        title=${refused.length === 0 ? nothing : refused.map((r) => `${r.provider}: ${r.reason}`).join('\n')}
        >${provider === undefined ? '' : `${PROVIDERS[provider] ?? provider}${ms === undefined || shown?.partial ? '' : ` · ${formatDuration(ms)}`}`}</span
      >
      ${segmented({
        label: 'View',
        value: c.compare.open ? 'grid' : 'single',
        choices: [
          { value: 'single', label: 'Single', title: 'One map, large' },
          { value: 'grid', label: 'Grid', title: 'Pictures, methods and classes beside each other' },
        ],
        onChange: (view) => c.compare.show(view === 'grid'),
      })}
      <div class="buttons">
        ${iconButton({ label: 'Run again', icon: 'refresh', disabled: c.setup?.pictures.length === 0, onClick: () => (c.compare.open ? c.compare.grid.rerun() : c.rerun()) })}
        ${iconButton({
          label: setup?.pinned
            ? 'Unpin: let the next picture use this panel'
            : 'Pin: keep this panel, open the next picture in another',
          icon: setup?.pinned ? 'pinned' : 'pin',
          pressed: setup?.pinned ?? false,
          onClick: () => c.pin(),
        })}
        <lens-menu .label=${'Export'} .icon=${'desktop-download'} .items=${this.exports()}></lens-menu>
      </div>
    </header>`;
  }

  private stage(scene: Scene | undefined): TemplateResult {
    const c = this.controller;
    const { shown, error, current } = c;
    const slice = scene && sliceWords(scene);
    const label =
      shown === undefined
        ? 'Picture'
        : `${baseName(shown.explanation.input)}${shown.explanation.edited === undefined ? '' : ', edited picture'}, heat for ${shown.explanation.target.label}${slice === undefined ? '' : `, ${slice}`}`;
    const display = this.held ? { ...c.display, mode: 'original' as const } : c.display;
    const grey = error !== undefined || (shown !== undefined && !shown.current);
    const empty = c.setup?.pictures.length === 0;
    return html`<section
      class="stage ${grey ? 'grey' : ''} ${c.working ? 'busy' : ''}"
      aria-label="Picture"
      aria-busy=${c.working}
      @lens-pixel=${this.onPixel}
      @lens-pick=${(e: CustomEvent<PickEvent>) => this.picked.pick(e.detail)}
      @lens-stroke=${(e: CustomEvent<StrokeEvent>) => this.picked.stroke(e.detail)}
      @lens-brush=${(e: CustomEvent<BrushEvent>) => (c.whatIf.brush === undefined ? this.picked.brushed(e.detail) : c.whatIf.stroke(e.detail))}
      @lens-box=${(e: CustomEvent<BoxEvent>) => c.ask({ target: `box:${e.detail.index + 1}` })}
    >
      ${
        empty
          ? emptyState({
              icon: 'file-media',
              text: 'Choose a picture to see where the model looks.',
              action: { label: 'Choose Pictures…', onClick: () => void this.host.choosePictures({}) },
            })
          : html`<lens-heat-canvas
              .scene=${scene}
              .placeholder=${this.preview}
              .display=${display}
              .label=${label}
              .boxes=${this.boxes.of(c)}
              .brush=${c.whatIf.brush ?? this.picked.brush}
              .overlay=${this.painting.overlay(display)}
              .layers=${this.held ? [] : this.layers.of(c, this.picked)}
              .strokes=${this.picked.strokes}
              .keys=${this.picked.available ? KEYS[this.picked.tool] : ''}
            ></lens-heat-canvas>`
      }
      <div class="stage-top">
        ${current?.outdated === true && !c.working ? changedNotice(c, () => c.rerun()) : nothing}
        ${
          !c.working && current?.status === 'partial'
            ? notice({
                icon: 'debug-pause',
                text: shown?.current && shown.partial ? 'Stopped: this is what there was.' : 'Stopped.',
                action: { label: 'Run again', onClick: () => c.rerun() },
              })
            : nothing
        }
      </div>
      ${
        error === undefined || c.working
          ? nothing
          : failure(error, [
              ...waysOut(c, error),
              { label: 'Run again', look: 'primary', onClick: () => c.rerun() },
              ...(error.kind === 'runtime' || error.kind === 'bug'
                ? [{ label: 'Show log', onClick: () => void this.host.showLog({}) }]
                : []),
            ])
      }
      ${
        c.working && current !== undefined
          ? working({
              message: current.progress?.message ?? (shown === undefined ? 'Opening the model' : 'Working'),
              fraction: current.progress?.fraction,
              elapsed: Date.now() - current.startedAt,
              onCancel: () => c.cancel(),
            })
          : nothing
      }
    </section>`;
  }

  private exports(): readonly MenuItem[] {
    if (this.controller.compare.open)
      return gridMenu(this.controller, this.controller.compare, this.host, this.grid, (text) => (this.spoken = text));
    const { settings, edit } = this.controller.question ?? {};
    // A command line finds its settings beside the model, and cannot say what was painted: it would say another thing.
    const why =
      settings !== undefined
        ? ' (save the settings first)'
        : edit !== undefined
          ? ' (not of a painted picture: save that as PNG)'
          : '';
    const disabled = this.controller.shown?.current !== true || this.controller.working;
    return [
      { label: 'Picture (PNG)…', icon: 'file-media', disabled, onClick: () => void this.export('png') },
      { label: 'Picture (SVG)…', icon: 'file-code', disabled, onClick: () => void this.export('svg') },
      { label: 'Values (.npy)…', icon: 'symbol-array', disabled, onClick: () => void this.export('npy') },
      ...regionExport(this.host, this.picked.region, this.controller.shown?.explanation.input),
      { label: 'Recipe (JSON)…', icon: 'json', disabled, onClick: () => void this.export('recipe') },
      ...this.painting.exports(),
      {
        label: `Copy as command line${why}`,
        icon: 'terminal',
        disabled: disabled || why !== '',
        onClick: () => void this.copyCommand(),
      },
    ];
  }

  private async export(kind: ExportKind): Promise<void> {
    const { current, shown, display, method } = this.controller;
    const scene = this.sceneNow();
    if (current === undefined || shown === undefined || scene === undefined) return;
    const { badge, difference } = this.controller;
    const sanity = badge.summary;
    const drawing = drawingOf(scene, display);
    const request = { kind, run: current.id, picture: shown.picture, drawing, ...given({ sanity }) };
    if (kind !== 'png' && kind !== 'svg') {
      await this.host.save(request);
      return;
    }
    const exported: ExportedPicture = {
      explanation: shown.explanation,
      scene,
      display,
      method: method?.title ?? '',
      ...given({ sanity, reference: difference.reference?.title }),
    };
    await this.host.save({ ...request, bytes: await (kind === 'svg' ? exportSvg : exportPicture)(exported) });
  }

  private async copyCommand(): Promise<void> {
    const { current, shown } = this.controller;
    if (current === undefined || shown === undefined) return;
    const command = commandOf(current.question, shown.picture, shown.explanation);
    await this.host.copyCommands({ commands: [command] });
    this.spoken = 'The command line is on the clipboard.';
  }

  private saveSettings(): void {
    void this.host.saveSettings({});
  }

  /** The picture itself, until the model has answered. */
  private async loadPreview(): Promise<void> {
    const { selected, shown, setup } = this.controller;
    if (setup === undefined || selected === undefined || shown !== undefined || this.previewOf === selected) return;
    this.previewOf = selected;
    this.preview = undefined;
    const bytes = await this.host.preview({ picture: selected }).catch(() => undefined);
    const bitmap =
      bytes === undefined ? undefined : await createImageBitmap(new Blob([bytes.slice()])).catch(() => undefined);
    if (this.previewOf !== selected) return;
    this.preview = bitmap;
    this.requestUpdate();
  }

  private readonly onPixel = (event: CustomEvent<PixelEvent>): void => {
    this.pixel = event.detail.pixel;
    if (event.detail.spoken) this.spoken = spokenReadout(this.controller, this.sceneNow(), this.pixel);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { grid } = this.controller.compare;
    if (this.painting.key(event, isTyping(event))) event.preventDefault();
    else if (event.key === 'Escape' && grid.working) grid.cancel();
    else if (event.key === 'Escape' && this.controller.working) this.controller.cancel();
    else if (event.key.toLowerCase() === 'o' && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event))
      this.held = true;
  };

  private readonly onKeyUp = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() === 'o') this.letGo();
  };

  private readonly letGo = (): void => {
    this.held = false;
  };

  /** Moves the focus to the picture; for a command. */
  focusPicture(): void {
    this.canvas?.querySelector('canvas')?.focus();
  }
}
