import { given } from '../../src/base/given.js';
import type { Client } from '../../src/protocol/channel.js';
import type { NamedFile } from '../../src/protocol/explainPanel.js';
import type { VisualizeForm } from '../../src/protocol/reconstruction.js';
import type {
  PictureAsked,
  PictureFile,
  VisualizeHostApi,
  VisualizeSetup,
} from '../../src/protocol/reconstructionPanel.js';
import type { ParameterSchema } from '../../src/result/method.js';
import type { ParameterValues } from '../shared/form/parameters.js';
import { Remade } from '../shared/remade.js';
import { Task } from '../shared/task/task.js';
import { askedOf, isOfLayer, nameOfAim, within, type Aim } from './aim.js';
import { NEW_VIEW, type ChannelsAsked, type VisualizeView } from './kept.js';
import { valuesOf } from './tricks.js';

/** A preset that changes a photograph, and the one whose phase cannot begin with one. */
const [OF_A_PICTURE, OF_NOISE] = ['accentuate', 'maco'];
/** The file without which there is nothing to aim at. */
const WANTED: Partial<Record<Aim['kind'], 'invert' | 'direction'>> = { inversion: 'invert', direction: 'direction' };

/** What the panel asks for, as it is set now, and what can be set. Without a DOM. */
export abstract class Question {
  setup: VisualizeSetup | undefined;
  view: VisualizeView = NEW_VIEW;
  readonly form = new Task<VisualizeForm>(() => this.onForm());
  private shownForm: VisualizeForm | undefined;
  private readonly schemas = new Remade<ParameterSchema>();

  protected constructor(
    readonly host: Client<VisualizeHostApi>,
    protected readonly changed: () => void,
  ) {}

  /** Told when it is known what can be set, or that it cannot be. */
  protected abstract onKnown(): void;

  update(change: Partial<VisualizeView>): void {
    this.view = { ...this.view, ...change };
    this.changed();
  }

  /** Another question. */
  ask(change: Partial<Pick<VisualizeView, 'aim' | 'preset' | 'params' | 'files' | 'seed'>>): void {
    const { aim } = change;
    this.update(aim === undefined ? change : { ...change, aim: this.withLayer(aim) });
    this.loadForm();
  }

  setParams(params: ParameterValues): void {
    this.ask({ params: { ...this.view.params, [this.view.preset]: params } });
  }

  /** What was changed of the preset. */
  get changedParams(): ParameterValues {
    return this.view.params[this.view.preset] ?? {};
  }

  /** All that the preset is set to. */
  get values(): ParameterValues {
    return this.shownForm === undefined ? {} : valuesOf(this.shownForm, this.view.preset, this.changedParams);
  }

  get facts(): VisualizeForm | undefined {
    return this.shownForm;
  }

  /** What can be set, with the preset's own values as defaults. */
  get schema(): ParameterSchema {
    const { shownForm: form, view } = this;
    return this.schemas.get([form, view.preset], () =>
      form === undefined
        ? {}
        : (Object.fromEntries(
            Object.entries(form.schema).map(([name, spec]) => [
              name,
              { ...spec, default: form.presets[view.preset]?.[name] ?? spec.default },
            ]),
          ) as ParameterSchema),
    );
  }

  get name(): string {
    return nameOfAim(this.view.aim, this.shownForm?.classes);
  }

  /** Whether the preset begins with the picture that was chosen. */
  startOf(preset: string): NamedFile | undefined {
    return preset === OF_NOISE ? undefined : this.view.files.start;
  }

  /** A file of the question, or none any more. */
  setFile(name: PictureFile, file: NamedFile | undefined): void {
    const { [name]: _before, ...others } = this.view.files;
    this.ask({ files: file === undefined ? others : { ...others, [name]: file } });
  }

  /** The file that is missing: a picture to change, one whose activations are wanted, or a direction. */
  get wanted(): 'start' | 'invert' | 'direction' | undefined {
    const { aim, files } = this.view;
    const wanted = WANTED[aim.kind];
    if (wanted !== undefined && files[wanted] === undefined) return wanted;
    return this.wantsStart ? 'start' : undefined;
  }

  private get wantsStart(): boolean {
    return this.view.preset === OF_A_PICTURE && this.view.files.start === undefined;
  }

  /** The question as it is set now. */
  asking(preset = this.view.preset, params: ParameterValues = this.view.params[preset] ?? {}): PictureAsked {
    const { aim, seed, files, attempt } = this.view;
    const { folder, invert, direction, natural, other } = files;
    return {
      ...askedOf(aim),
      params: { preset, ...params },
      files: given({
        start: this.startOf(preset)?.uri,
        folder: folder?.uri,
        invert: aim.kind === 'inversion' ? invert?.uri : undefined,
        direction: aim.kind === 'direction' ? direction?.uri : undefined,
        // Natural pictures and other models know of classes.
        natural: aim.kind === 'class' ? natural?.uri : undefined,
        other: isOfLayer(aim) ? undefined : other?.uri,
      }),
      seed,
      attempt,
    };
  }

  /** A picture for every channel of the layer, as it is set now. */
  get channelsAsked(): Omit<ChannelsAsked, 'running'> | undefined {
    const { aim, channels } = this.view;
    const layer = this.shownForm?.layer;
    if (aim.layer === undefined || layer?.name !== aim.layer || layer.channels === undefined) return undefined;
    const { params, files, seed } = this.asking();
    const { start, folder } = files;
    return {
      base: { layer: aim.layer, params: { ...params, steps: channels.steps }, files: given({ start, folder }), seed },
      count: layer.channels,
    };
  }

  /** The layer of a question about one: where none was chosen, the last convolution. */
  protected withLayer(aim: Aim): Aim {
    if (!isOfLayer(aim) || aim.layer !== undefined) return aim;
    const layers = this.setup?.layers ?? [];
    const layer = (layers.findLast(({ op }) => /Conv/.test(op)) ?? layers.at(-1))?.name;
    return { ...aim, ...given({ layer }) };
  }

  loadForm(): void {
    const { aim, files } = this.view;
    const start = this.startOf(this.view.preset);
    const size = Number(this.changedParams['size'] ?? 0);
    const request = {
      start: start === undefined ? 'noise' : /\.npy$/i.test(start.name) ? 'array' : 'picture',
      folder: files.folder !== undefined,
      oneClass: aim.kind === 'class',
      inversion: aim.kind === 'inversion',
      ...given({ layer: aim.layer, size: size > 0 ? size : undefined }),
    } as const;
    void this.form.run(JSON.stringify(request), (options) => this.host.form(request, options));
  }

  private onForm(): void {
    const { value } = this.form;
    if (value !== undefined && value !== this.shownForm) {
      this.shownForm = value;
      const { aim } = this.view;
      const { layer, classes } = value;
      if (layer !== undefined && layer.name === aim.layer) this.view = { ...this.view, aim: within(aim, layer) };
      if (classes.length === 0 && !isOfLayer(aim)) this.ask({ aim: { ...aim, kind: 'channel' } });
    }
    this.onKnown();
    this.changed();
  }
}
