import { isCancelled, toErrorData, type ErrorData } from '../../../src/base/errors.js';
import { Newest } from '../../../src/base/newest.js';
import type { PictureEdit, Rgb } from '../../../src/base/picture.js';
import type { Address } from '../../../src/base/place.js';
import { canonical } from '../../../src/base/canonical.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi, PaintedPicture, TryRequest } from '../../../src/protocol/explainPanel.js';
import type { ClassScore, Explanation } from '../../../src/result/explanation.js';
import type { OutputChoices } from '../../../src/result/output.js';
import { brushOf, type Brush, type BrushEvent } from '../../shared/canvas/brush.js';
import type { Point } from '../../shared/canvas/geometry.js';
import type { Shown } from '../asked.js';
import { meanColour, PaintLayer, samePixels, shareOf, type Fill } from './layer.js';

/** What the brush does, and how. */
export interface BrushChoice {
  readonly fill: 'colour' | 'mean' | 'grey' | 'blur';
  /** `#rrggbb`, for `colour`. */
  readonly colour: string;
  /** Diameter as a share of the picture's shorter side. */
  readonly share: number;
}

const GREY = [128, 128, 128] as const;
/** Strokes of this many milliseconds are asked about together. */
const TOGETHER = 30;
/** Bytes of edits that explanations are of; the host keeps as many. */
const NAMED_BYTES = 64_000_000;

/**
 * What the model would say if parts of the picture were not there: pixels that a person paints over, and what it says of
 * the picture with them. One question is under way at a time, and the next one is about what is painted by then. Without
 * a DOM; what is painted stays in the page and in the host's memory.
 */
export class WhatIf {
  /** Of another picture or another model nothing of before holds. */
  private about: { readonly picture: Address; readonly key: string } | undefined;
  private layer: PaintLayer | undefined;
  private square: Point | undefined;
  private shows = false;
  private chosen: BrushChoice = { fill: 'mean', colour: '#ffa500', share: 0.12 };
  private original: readonly ClassScore[] | undefined;
  private now: readonly ClassScore[] | undefined;
  private failure: ErrorData | undefined;
  private asking = false;
  private again = false;
  private drawn: PictureEdit | undefined;
  private restored: PaintedPicture | undefined;
  /** Edits that explanations are of, by the names that the host gave them. */
  private readonly named = new Newest<string, PictureEdit>(NAMED_BYTES, ({ data }) => data.byteLength);

  /** @param wait waits a little, so that many strokes become one question */
  constructor(
    private readonly host: Pick<Client<ExplainHostApi>, 'scores' | 'paint' | 'keepEdit'>,
    private readonly onChange: () => void,
    /** How outputs are read and pictures prepared, where somebody has said it in the panel. */
    private readonly said: () => Omit<TryRequest, 'picture'> = () => ({}),
    private readonly wait: () => Promise<void> = () => new Promise((resolve) => setTimeout(resolve, TOGETHER)),
  ) {}

  get open(): boolean {
    return this.shows;
  }

  get choice(): BrushChoice {
    return this.chosen;
  }

  /** Whether there is a picture to paint on. */
  get possible(): boolean {
    return this.layer !== undefined;
  }

  get brush(): Brush | undefined {
    return this.shows && this.layer !== undefined ? brushOf(this.layer.picture, this.chosen.share, 'disc') : undefined;
  }

  /** What is painted; the same object as long as nothing of it changes. */
  get edit(): PictureEdit | undefined {
    return this.drawn;
  }

  get picture(): Rgb | undefined {
    return this.layer?.picture;
  }

  /** Share of the picture that is painted over. */
  get share(): number {
    return this.drawn === undefined ? 0 : shareOf(this.drawn);
  }

  get canUndo(): boolean {
    return this.layer?.canUndo === true;
  }

  /** What the model says of the picture as it is, and as it is painted. */
  get before(): readonly ClassScore[] | undefined {
    return this.original;
  }

  get after(): readonly ClassScore[] | undefined {
    return this.now;
  }

  get error(): ErrorData | undefined {
    return this.failure;
  }

  get working(): boolean {
    return this.asking;
  }

  /** An edit of before, by its name. */
  editOf(id: string | undefined): PictureEdit | undefined {
    return id === undefined ? undefined : this.named.get(id);
  }

  /** What was painted before the page was thrown away: taken up when its picture is shown. */
  restore(painted: PaintedPicture | undefined): void {
    this.restored = painted;
  }

  /** Follows what is shown: the picture to paint on is the one that was not painted over. */
  follow(shown: Shown | undefined): void {
    if (shown === undefined || !shown.current || shown.explanation.edited !== undefined) return;
    const { picture, explanation } = shown;
    const key = keyOf(explanation, this.said().outputs);
    const { about } = this;
    if (about?.picture === picture && about.key === key) return;
    this.about = { picture, key };
    const before = this.restored?.picture === picture ? this.restored.edit : undefined;
    const kept = about?.picture === picture ? this.layer?.edit() : before;
    if (before !== undefined && kept === before) this.shows = true;
    this.restored = undefined;
    this.layer = new PaintLayer(explanation.picture, kept);
    this.square = undefined;
    this.original = undefined;
    this.now = undefined;
    this.failure = undefined;
    this.changed();
  }

  show(open: boolean): void {
    this.shows = open;
    this.square = undefined;
    this.changed();
  }

  choose(change: Partial<BrushChoice>): void {
    this.chosen = { ...this.chosen, ...change };
    this.changed();
  }

  /** The brush of the canvas does something. */
  stroke({ phase, from, to }: BrushEvent): void {
    const { layer, brush } = this;
    if (layer === undefined || brush === undefined) return;
    if (phase === 'begin' || phase === 'stamp') layer.begin();
    if (phase === 'begin' || phase === 'move') layer.paint(brush, from, to, this.fill(layer));
    if (phase === 'stamp') layer.paint({ ...brush, shape: 'square' }, from, to, this.fill(layer));
    if (phase === 'over') this.square = to;
    else if (phase !== 'end') this.square = undefined;
    if (phase !== 'end') this.changed();
  }

  undo(): void {
    this.square = undefined;
    this.layer?.undo();
    this.changed();
  }

  clear(): void {
    this.square = undefined;
    this.layer?.clear();
    this.changed();
  }

  /** Gives what is painted to the host, and answers the name by which it is explained; nothing where nothing is painted. */
  async keep(): Promise<string | undefined> {
    const { edit } = this;
    if (edit === undefined) return undefined;
    const id = await this.host.keepEdit({ edit });
    this.named.set(id, edit);
    return id;
  }

  private fill({ picture }: PaintLayer): Fill {
    const { fill, colour } = this.chosen;
    if (fill === 'blur') return 'blur';
    if (fill === 'mean') return meanColour(picture);
    return fill === 'grey' ? GREY : rgbOf(colour);
  }

  private changed(): void {
    const { layer, square } = this;
    const brush = this.brush;
    const pressed =
      square === undefined || brush === undefined || layer === undefined
        ? undefined
        : { brush: { ...brush, shape: 'square' as const }, at: square, fill: this.fill(layer) };
    const nothing = layer === undefined || (layer.empty && pressed === undefined);
    const edit = nothing ? undefined : layer.edit(pressed);
    if (edit === undefined || this.drawn === undefined || !samePixels(edit, this.drawn)) this.drawn = edit;
    this.onChange();
    if (this.shows) void this.ask();
  }

  private async ask(): Promise<void> {
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    do {
      this.again = false;
      await this.wait();
      await this.answer();
      this.onChange();
    } while (this.again);
    this.asking = false;
    this.onChange();
  }

  private async answer(): Promise<void> {
    const { about, drawn } = this;
    if (about === undefined || !this.shows) return;
    const { picture } = about;
    const read = this.said();
    void this.host.paint(drawn === undefined ? {} : { painted: { picture, edit: drawn } }).catch(() => undefined);
    try {
      const original = this.original ?? (await this.host.scores({ picture, ...read }));
      const now = drawn === undefined ? undefined : await this.host.scores({ picture, edit: drawn, ...read });
      if (this.about !== about) return; // of another picture: the next round asks
      this.original = original;
      this.now = now;
      this.failure = undefined;
    } catch (error) {
      if (this.about === about && !isCancelled(error)) this.failure = toErrorData(error);
    }
  }
}

/** What an edit and the answers to it depend on beside the edit. */
function keyOf({ recipe, picture }: Explanation, outputs: OutputChoices | undefined): string {
  const { model, input, preprocessing } = recipe;
  return canonical([model.sha256, input?.sha256, preprocessing, picture.width, picture.height, outputs]);
}

function rgbOf(colour: string): readonly [number, number, number] {
  const bits = Number.parseInt(colour.slice(1), 16);
  return [bits >> 16, (bits >> 8) & 255, bits & 255];
}
