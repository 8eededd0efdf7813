import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { LightElement } from '../../shared/page/lightElement.js';
import type { SeriesEntry } from '../../../src/protocol/modelPanel.js';
import type { NamedFile } from '../../../src/protocol/explainPanel.js';
import { colormap } from '../../../src/result/colormap.js';
import type { LayerDescription } from '../../../src/result/inspection.js';
import type { MethodDescription } from '../../../src/result/method.js';
import type { LayerWeights } from '../../../src/result/weights.js';
import type { CellPoint, CellsInSight } from '../../shared/canvas/cellGrid.js';
import type { CellSource } from '../../shared/canvas/cells.js';
import type { Pixel } from '../../shared/canvas/geometry.js';
import { Remade } from '../../shared/remade.js';
import { Clock } from '../../shared/task/clock.js';
import { button, checkbox, iconButton, slider } from '../../shared/controls.js';
import { emptyState, failure, working } from '../../shared/messages.js';
import type { Editor, TabDefinition } from '../editor.js';
import type { TrainingView } from '../kept.js';
import { weightSource } from '../weights/source.js';
import { curvePart } from './curve.js';
import { filtersPart } from './filtersPart.js';
import type { Frame, WeightPart } from './frame.js';
import { TrainingFrames } from './frames.js';
import { picturePart } from './picturePart.js';
import { Player } from './player.js';

/** A layer's filters, its numbers, and the explanation of a picture over the checkpoints of a training. */
@customElement('lens-training')
export class TrainingTab extends LightElement {
  @property({ attribute: false }) controller!: Editor;
  @property({ attribute: false }) view!: TrainingView;
  @property({ attribute: false }) picture: NamedFile | undefined;
  @property({ attribute: false }) layer: LayerDescription | undefined;
  /** Name of the layer's weight that is looked at; default its main one. */
  @property() weight: string | undefined;
  @property({ attribute: false }) series: readonly SeriesEntry[] = [];

  @state() private methods: readonly MethodDescription[] = [];
  @state() private labels: readonly string[] = [];
  @state() private arrived = 0;
  @state() private point: CellPoint | undefined;
  @state() private pixel: Pixel | undefined;
  @query('.training-play .slider') private readonly bar!: HTMLInputElement | null;
  private first = 'gradient';
  private frames!: TrainingFrames;
  private readonly player = new Player(
    () => this.step(1),
    () => this.frames.ready(this.at),
    () => this.requestUpdate(),
  );
  /** What was shown last: it stays, greyed, until what is looked at is there. */
  private shown: Frame | undefined;
  private explained: Frame | undefined;
  /** The weights of the layer, as the checkpoint that answered last has them. */
  private known: LayerWeights | undefined;
  private source: CellSource | undefined;
  private readonly sources = new Remade<CellSource>();
  private sight: CellsInSight | undefined;
  private readonly clock = new Clock(this);
  private busy = false;
  private startedAt = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    const { host } = this.controller;
    this.frames = new TrainingFrames(
      host,
      () => this.onFrames(),
      () => this.arrived++,
    );
    void host
      .methods({})
      .then(({ methods, first }) => {
        this.first = first;
        this.methods = methods;
      })
      .catch(() => undefined);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.player.pause();
    this.frames.dispose();
    this.busy = false;
  }

  private get at(): number {
    const { series, view, controller: c } = this;
    const of = (uri: string | undefined): number => series.findIndex((each) => each.file.uri === uri);
    const chosen = of(view.at);
    // Its file may have gone: then the checkpoint that is open.
    return Math.max(0, chosen >= 0 ? chosen : of(c.setup?.model.uri));
  }

  private get method(): MethodDescription | undefined {
    return this.methods.find((m) => m.id === (this.view.method ?? this.first)) ?? this.methods[0];
  }

  /** The weight that is chosen, and its part in the layer where that is known. */
  private get chosen(): WeightPart | undefined {
    const { weight, known } = this;
    if (weight === undefined) return undefined;
    return known?.weights.find(({ name }) => name === weight) ?? { name: weight, role: '' };
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const { frames, layer, picture, view, method, series } = this;
    if (changed.has('series')) this.onSeries(changed.get('series') ?? []);
    frames.lookAt(this.at);
    if (changed.has('series')) frames.setSeries(series);
    frames.setLayer(layer === undefined || layer.weights.length === 0 ? undefined : layer.name, this.chosen);
    const trusted = this.controller.setup?.trusted !== false;
    const at = view.atLayer && layer !== undefined && method?.layer !== 'none' ? { layer: layer.name } : {};
    frames.setQuestion(
      picture === undefined || method === undefined || !trusted || series.length < 2
        ? undefined
        : { picture: picture.uri, method: method.id, target: view.target, ...at },
    );
    frames.explainAll(view.curve === 'score');
    this.prepare();
  }

  /** A new checkpoint at the end is gone to, when the one before it was looked at. */
  private onSeries(before: readonly SeriesEntry[]): void {
    const { view, series } = this;
    const [last, newest] = [before.at(-1), series.at(-1)];
    if (!view.follow || last === undefined || newest === undefined || last.file.uri === newest.file.uri) return;
    const lookedAt = view.at ?? this.controller.setup?.model.uri;
    if (lookedAt === last.file.uri) queueMicrotask(() => this.change({ at: newest.file.uri }));
  }

  private onFrames(): void {
    const busy = this.frames.working !== undefined;
    if (busy && !this.busy) this.startedAt = Date.now();
    this.busy = busy;
    this.clock.run(busy);
    this.requestUpdate();
  }

  private prepare(): void {
    const now = this.frames.list[this.at];
    if (now?.weights !== undefined) this.shown = now;
    else if (now?.weightsError !== undefined || this.layer === undefined) this.shown = undefined;
    if (now?.explanation !== undefined || now?.explanationError !== undefined) this.explained = now;
    const { shown } = this;
    if (this.known?.layer !== this.layer?.name) this.known = undefined;
    if (shown?.weights?.answer.layer === this.layer?.name) this.known = shown?.weights?.answer ?? this.known;
    if (shown?.weights === undefined || shown.weights.answer.layer !== this.layer?.name) {
      this.source = undefined;
      return;
    }
    const { answer, pages } = shown.weights;
    const { limit } = this.frames.magnitude;
    const { map } = this.controller.view.weights;
    this.source = this.sources.get([pages, limit, map, this.arrived], () => {
      if (this.sight !== undefined) pages.need(this.sight);
      return weightSource(answer, pages, {
        colors: colormap(map),
        limit: limit || pages.magnitude,
        dead: (output) => shown.statistics?.dead[output] === 1,
      });
    });
  }

  override render(): TemplateResult {
    const { series, frames, at, controller: c } = this;
    if (series.length < 2)
      return emptyState({
        icon: 'history',
        text: 'There is only this checkpoint. Others of the same training beside it (epoch_1.onnx, epoch_2.onnx, last.onnx …) appear here at once; any other files with the same layers can be chosen.',
        action: { label: 'Choose Checkpoints…', onClick: () => void c.chooseSeries() },
      });
    const frame = frames.list[at];
    return html`
      ${this.playPart()}
      <div class="training-sides">${this.filters(frame)} ${this.pictureSide(frame)}</div>
      ${curvePart({
        frames: frames.list,
        at,
        curve: this.view.curve,
        onCurve: (curve) => this.change({ curve }),
        onGo: (index) => this.go(index),
      })}
      ${this.work()}
    `;
  }

  private playPart(): TemplateResult {
    const { series, at, player, controller: c } = this;
    const { file } = series[at]!;
    const { playing, pace } = player;
    return html`<div
      class="training-play"
      role="group"
      aria-label="Checkpoint that is looked at"
      @keydown=${this.onKey}
    >
      ${iconButton({
        label: playing ? 'Pause' : `Play: a checkpoint every ${(pace / 1000).toFixed(1)} s`,
        icon: playing ? 'debug-pause' : 'play',
        onClick: () => this.toggle(),
      })}
      ${iconButton({ label: 'Earlier checkpoint', icon: 'chevron-left', disabled: at === 0, onClick: () => this.go(at - 1) })}
      ${slider({
        label: 'Checkpoint',
        value: at,
        minimum: 0,
        maximum: series.length - 1,
        step: 1,
        text: `${file.name}, ${at + 1} of ${series.length}`,
        onInput: (index) => this.go(index),
      })}
      ${iconButton({ label: 'Later checkpoint', icon: 'chevron-right', disabled: at === series.length - 1, onClick: () => this.go(at + 1) })}
      <span class="training-name ellipsis" title=${file.name}>${file.name}</span>
      <span class="dim training-count">${at + 1} of ${series.length}</span>
      ${checkbox({ label: 'Go to new ones', checked: this.view.follow, onChange: (follow) => this.change({ follow }) })}
      ${iconButton({ label: 'Choose the checkpoints', icon: 'list-selection', onClick: () => void c.chooseSeries() })}
      ${iconButton({ label: `Open ${file.name}`, icon: 'go-to-file', disabled: file.uri === c.setup?.model.uri, onClick: () => void c.host.open({ uri: file.uri }) })}
    </div>`;
  }

  private filters(frame: Frame | undefined): TemplateResult {
    const { controller: c, shown, point } = this;
    const zoomed = (zoom: number): void => c.update({ weights: { ...c.view.weights, zoom } });
    return filtersPart({
      layer: this.layer,
      frame,
      shown: shown?.weights?.answer.layer === this.layer?.name ? shown : undefined,
      answer: this.known,
      source: this.source,
      frames: this.frames,
      view: c.view.weights,
      arrived: this.arrived,
      point,
      onPoint: (at) => (this.point = at),
      onSight: (sight) => {
        this.sight = sight;
        this.shown?.weights?.pages.need(sight);
      },
      onZoom: zoomed,
      // The same as in the tab of the weights.
      onWeight: (weight) => c.update({ weights: { ...c.view.weights, weight } }),
      onFirst: () => this.chooseFirst(),
    });
  }

  private pictureSide(frame: Frame | undefined): TemplateResult {
    const { controller: c, frames, view, explained } = this;
    const error = frame?.explanationError;
    return html`<div>
      ${picturePart({
        picture: this.picture,
        trusted: c.setup?.trusted !== false,
        methods: this.methods,
        method: this.method,
        view,
        layer: this.layer?.name,
        labels: this.labels,
        explained: frames.explained,
        frame: explained,
        current: explained === frame,
        limit: frames.mapLimit,
        count: this.series.length,
        pixel: this.pixel,
        onPixel: (pixel) => (this.pixel = pixel),
        onPicture: () => c.choosePicture(),
        onLabels: () => void this.loadLabels(),
        onChange: (change) => this.change(change),
      })}
      ${error === undefined || this.picture === undefined ? nothing : failure(error, [{ label: 'Try again', onClick: () => frames.resume() }])}
    </div>`;
  }

  /** What is under way, at a place that moves nothing. */
  private work(): TemplateResult {
    const { frames } = this;
    const busy = frames.working !== undefined && Date.now() - this.startedAt > 400;
    return html`<div class="training-work">
      ${
        busy
          ? working({
              message: frames.progress?.message ?? 'Reading the checkpoints',
              fraction: frames.progress?.fraction,
              elapsed: Date.now() - this.startedAt,
              onCancel: () => {
                this.player.pause();
                frames.stop();
              },
            })
          : frames.stopped
            ? html`<p class="dim">Stopped. ${button({ label: 'Go on', onClick: () => frames.resume() })}</p>`
            : nothing
      }
    </div>`;
  }

  private step(by: number): boolean {
    const to = this.at + by;
    if (to < 0 || to >= this.series.length) return false;
    this.go(to, true);
    return true;
  }

  private go(index: number, played = false): void {
    const entry = this.series[index];
    if (entry === undefined) return;
    if (!played) this.player.pause();
    this.change({ at: entry.file.uri });
  }

  /** From the end it begins anew. */
  private toggle(): void {
    if (this.player.playing) return this.player.pause();
    if (this.at === this.series.length - 1) this.go(0, true);
    this.player.play();
  }

  private chooseFirst(): void {
    const first = this.controller.rows.find((row) => row.layer.weights.length > 0);
    if (first !== undefined) this.controller.select(first.layer.name);
  }

  private async loadLabels(): Promise<void> {
    if (this.labels.length === 0) this.labels = await this.controller.host.labels({}).catch(() => []);
  }

  private change(view: Partial<TrainingView>): void {
    this.controller.update({ training: { ...this.controller.view.training, ...view } });
  }

  /** The slider moves by itself; the keys of a player work on all of the bar. */
  private readonly onKey = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (event.key === ' ' && target === this.bar) this.toggle();
    else if (event.key === 'ArrowLeft' && target.localName === 'button') this.step(-1);
    else if (event.key === 'ArrowRight' && target.localName === 'button') this.step(1);
    else return;
    event.preventDefault();
  };
}

export const tab: TabDefinition = {
  id: 'training',
  label: 'Training',
  render: (c) =>
    html`<lens-training
      .controller=${c}
      .view=${c.view.training}
      .picture=${c.view.activations.picture}
      .layer=${c.layer}
      .weight=${c.view.weights.weight}
      .series=${c.series}
    ></lens-training>`,
};
