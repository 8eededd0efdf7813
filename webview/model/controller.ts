import type { Client } from '../../src/protocol/channel.js';
import type {
  FileStatus,
  ModelHostApi,
  ModelSetup,
  OtherCheckpoint,
  SeriesEntry,
  SourcePlace,
} from '../../src/protocol/modelPanel.js';
import type { ScanProgress } from '../../src/result/overview.js';
import type { Measurements, Oddity, Overview, WeightScan } from '../../src/result/overview.js';
import type { LayerDescription } from '../../src/result/inspection.js';
import type { Editor } from './editor.js';
import { NEW_VIEW, type ModelView } from './kept.js';
import { layerRows, type LayerRow } from './layers/rows.js';
import { Remade } from '../shared/remade.js';
import { Task } from '../shared/task/task.js';

/** Models up to this size are measured and checked without being asked: it takes moments. */
const AT_ONCE_BYTES = 200_000_000;

const NONE: readonly LayerDescription[] = [];

/** What the editor of a checkpoint knows: the file in three parts, the layer that is selected, and what was chosen. */
export class ModelController implements Editor {
  setup: ModelSetup | undefined;
  file: FileStatus = { version: 0, state: 'ready' };
  view: ModelView = NEW_VIEW;
  readonly overview = new Task<Overview>(() => this.changed());
  readonly measured = new Task<Measurements>(() => this.changed());
  readonly scan = new Task<WeightScan, ScanProgress>(() => this.changed());
  source: { readonly layer: string; readonly place: SourcePlace | undefined } | undefined;
  series: readonly SeriesEntry[] = [];
  /** The last checkpoint that a layer was compared with and that was rewritten since. */
  other: Editor['other'];
  /** Grows when the list is to scroll to the selected layer. */
  reveal = 0;
  /** Version of the file that was read last: what belongs to it is asked anew when it changes. */
  readVersion = 0;
  private readonly rowsMade = new Remade<readonly LayerRow[]>();

  constructor(
    readonly host: Client<ModelHostApi>,
    private readonly onChange: () => void,
  ) {}

  /** Begins, with what was kept of a page before. */
  async start(kept: ModelView | undefined): Promise<void> {
    // A view that another version has kept may lack parts.
    if (kept !== undefined) this.view = { ...NEW_VIEW, ...kept };
    this.setup = await this.host.setup({});
    this.file = { version: this.setup.version, state: this.setup.state };
    const { layer, picture, folder, compare } = this.setup;
    const { activations } = this.view;
    this.view = {
      ...this.view,
      ...(layer === undefined ? {} : { layer, tab: kept?.tab ?? 'weights' }),
      ...(compare === undefined ? {} : { tab: 'weights', weights: { ...this.view.weights, compare } }),
      activations: {
        ...activations,
        ...(activations.picture === undefined && picture !== undefined ? { picture } : {}),
        ...(activations.folder === undefined && folder !== undefined ? { folder } : {}),
      },
    };
    this.reveal++;
    this.changed();
    void this.read();
    await this.findSeries();
  }

  private async findSeries(): Promise<void> {
    const { chosen } = this.view.training;
    this.series = await this.host.series(chosen === undefined ? {} : { chosen }).catch(() => []);
    this.changed();
  }

  /** Asks which checkpoints to look at as one training; none: those beside this one again. */
  async chooseSeries(): Promise<void> {
    const files = await this.host.chooseSeries({});
    if (files === undefined) return;
    const { chosen: _before, ...training } = this.view.training;
    this.update({ training: files.length === 0 ? training : { ...training, chosen: files } });
    await this.findSeries();
  }

  /** The file has changed, begun to change, or gone. */
  fileChanged(status: FileStatus): void {
    const newer = status.version !== this.file.version;
    this.file = status;
    if (newer) void this.read();
    this.changed();
  }

  /** Reads the file anew: what is shown stays until there is something newer. */
  async read(): Promise<void> {
    const version = String(this.file.version);
    this.measured.expire();
    this.scan.expire();
    await this.overview.run(version, (options) => this.host.overview({}, options), true);
    const overview = this.overview.value;
    if (this.overview.question !== version || overview === undefined || this.overview.error !== undefined) return;
    this.readVersion = Number(version);
    const { layer } = this.view;
    if (layer !== undefined && !overview.layers.some((each) => each.name === layer)) this.unselect();
    else this.findSource();
    this.changed();
    if (overview.totalBytes <= AT_ONCE_BYTES) {
      // Side by side: the run is native code, and reading the weights waits for the disk.
      await Promise.all([this.setup?.trusted ? this.measure() : undefined, this.check()]);
    }
  }

  /** Runs the model once, for shapes, FLOPs and memory. */
  measure(): Promise<void> {
    return this.measured.run(String(this.file.version), (options) => this.host.measure({}, options));
  }

  /** Reads every weight once and says what is odd. */
  check(): Promise<void> {
    return this.scan.run(String(this.file.version), (options) => this.host.scanWeights({}, options));
  }

  /** Everything that is odd: what the file says, and what its weights say. */
  get oddities(): readonly Oddity[] {
    const scanned = this.scan.value ?? this.scan.progress?.partial;
    const all = [...(this.overview.value?.oddities ?? []), ...(scanned?.oddities ?? [])];
    const seen = new Set<string>();
    return all.filter((o) => !seen.has(o.sentence) && seen.add(o.sentence));
  }

  /** The list of layers; the same array while nothing in it has changed. */
  get rows(): readonly LayerRow[] {
    const layers = this.overview.value?.layers ?? NONE;
    const measured = this.measured.value;
    return this.rowsMade.get([layers, measured, this.scan.value, this.overview.value?.oddities], () => {
      const fits = measured?.layers.length === layers.length ? measured : undefined;
      return layerRows(layers, fits, this.oddities);
    });
  }

  get layer(): LayerDescription | undefined {
    const { layer } = this.view;
    return layer === undefined ? undefined : this.overview.value?.layers.find((each) => each.name === layer);
  }

  get row(): LayerRow | undefined {
    const { layer } = this.view;
    return layer === undefined ? undefined : this.rows.find((each) => each.layer.name === layer);
  }

  /** Selects a layer on this page and tells the window. */
  select(layer: string | undefined, told = false): void {
    if (layer === this.view.layer) return;
    if (layer === undefined) return this.unselect();
    const { weight: _before, ...weights } = this.view.weights;
    const { channel: _channel, ...activations } = this.view.activations;
    this.update({ layer, weights, activations });
    this.findSource();
    if (!told) void this.host.select({ layer }).catch(() => undefined);
  }

  show(layer: string): void {
    this.select(layer);
    this.reveal++;
    this.changed();
  }

  /** A layer was selected elsewhere. */
  follow(layer: string | undefined, show: boolean): void {
    this.select(layer, true);
    if (show && this.view.tab === 'overview') this.update({ tab: 'weights' });
    this.reveal++;
    this.changed();
  }

  /** Shows the selected layer beside the same one elsewhere; `undefined`: no more. */
  compareWith(other: OtherCheckpoint | undefined): void {
    const { compare: _before, ...weights } = this.view.weights;
    this.update({ weights: other === undefined ? weights : { ...weights, compare: other }, tab: 'weights' });
  }

  /** Asks what to compare the selected layer with. */
  async chooseOther(): Promise<void> {
    const { layer } = this.view;
    const other = layer === undefined ? undefined : await this.host.chooseOther({ layer });
    if (other !== undefined) this.compareWith(other);
  }

  /** Asks for a picture, for everything that shows one to the model. */
  choosePicture(): void {
    void this.host.choosePicture({}).then((picture) => {
      if (picture !== undefined) this.update({ activations: { ...this.view.activations, picture } });
    });
  }

  /** Checkpoints of the same training have come, gone, or been rewritten. */
  seriesChanged(series: readonly SeriesEntry[]): void {
    this.series = series;
    this.changed();
  }

  /** A checkpoint that is compared with has been rewritten. */
  otherChanged(other: NonNullable<Editor['other']>): void {
    this.other = other;
    this.changed();
  }

  /** Changes what is shown. */
  update(view: Partial<ModelView>): void {
    this.view = { ...this.view, ...view };
    this.changed();
  }

  private unselect(): void {
    const { layer: _layer, ...view } = this.view;
    this.view = view;
    this.source = undefined;
    this.changed();
  }

  private findSource(): void {
    const { layer } = this.view;
    if (layer === undefined) return;
    void this.host
      .source({ layer })
      .catch(() => undefined)
      .then((place) => {
        if (this.view.layer !== layer) return;
        this.source = { layer, place };
        this.changed();
      });
  }

  private changed(): void {
    this.onChange();
  }
}
