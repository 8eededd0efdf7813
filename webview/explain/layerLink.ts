import type { Asked } from './asked.js';

/** Moving through a list with the arrow keys selects every layer on the way: the model runs where it stops. */
const SETTLE_MS = 350;

/**
 * Keeps the layer of this panel and the one that is selected in the window the same, for methods that look at a layer. A
 * method that explains the input unless it is told otherwise goes on with that, and one that takes no layer leaves the
 * selection alone; both find the layer again when another method is chosen.
 */
export class LayerLink {
  /** The layer that both sides know of. */
  private known: string | undefined;
  private started = false;
  /** Selected elsewhere while the method took no layer. */
  private wanted: string | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly controller: Pick<Asked, 'method' | 'question' | 'chooseLayer'>,
    private readonly selectLayer: (layer: string) => void,
  ) {}

  /** A layer was selected elsewhere. */
  follow(layer: string): void {
    this.wanted = layer;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.apply(), SETTLE_MS);
  }

  /** Something has changed here: says which layer, where that is another one. */
  tell(): void {
    const { method, question } = this.controller;
    if (question === undefined || method === undefined) return;
    const { layer } = question;
    if (!this.started) {
      // What the panel begins with was chosen before.
      this.started = true;
      this.known = layer;
      return;
    }
    if (layer !== undefined && layer !== this.known) {
      this.known = layer;
      this.wanted = undefined;
      this.selectLayer(layer);
    } else if (this.wanted !== undefined && this.follows && this.timer === undefined) {
      // Later: this is told in the middle of a change.
      this.timer = setTimeout(() => this.apply(), 0);
    }
  }

  /** Whether the question is about a layer. */
  private get follows(): boolean {
    const { method, question } = this.controller;
    return method?.layer === 'chosen' || (method?.layer === 'optional' && question?.layer !== undefined);
  }

  private apply(): void {
    this.timer = undefined;
    const { controller: c, wanted } = this;
    if (wanted === undefined || c.question === undefined || !this.follows) return;
    this.wanted = undefined;
    this.known = wanted;
    if (c.question.layer !== wanted) c.chooseLayer(wanted);
  }
}
