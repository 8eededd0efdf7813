import { Newest } from '../../../src/base/newest.js';
import type { CallOptions } from '../../../src/protocol/channel.js';
import type { HeatAnswer, SetProgress } from '../../../src/protocol/dataset.js';
import { Task } from '../../shared/task/task.js';

/** A pointer that stays so long on a picture asks for its map; one that goes across asks for nothing. */
const DWELL_MS = 250;
/** Maps that are kept: a map and its picture are under a megabyte, mostly far less. */
const KEPT = 60;

export type AskHeat = (example: number, options: CallOptions<SetProgress>) => Promise<HeatAnswer>;

/** The map of the picture under the pointer, or of the one that a key asked for: asked when wanted, dropped when left. */
export class Heat {
  readonly task = new Task<HeatAnswer, SetProgress>(() => this.changed());
  private readonly kept = new Newest<number, HeatAnswer>(KEPT);
  private wanted: number | undefined;
  /** By a key: what the pointer does is of no account. */
  private held = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ask: AskHeat,
    private readonly onChange: () => void,
  ) {}

  /** The picture whose map is shown or awaited. */
  get example(): number | undefined {
    return this.wanted;
  }

  /** The map of that picture, once it is there. */
  get answer(): HeatAnswer | undefined {
    return this.wanted === undefined ? undefined : this.kept.get(this.wanted);
  }

  /** The pointer is on a picture, or on none. */
  point(example: number | undefined): void {
    if (this.held || example === this.wanted) return;
    this.leave();
    if (example === undefined) return;
    if (this.kept.has(example)) this.show(example);
    else this.timer = setTimeout(() => this.show(example), DWELL_MS);
  }

  /** A key asks for the map of a picture, or has it go again. */
  toggle(example: number): void {
    const shown = this.held && this.wanted === example;
    this.leave();
    if (shown) return;
    this.held = true;
    this.show(example);
  }

  /** Keys have gone to a picture. */
  moved(example: number | undefined): void {
    if (this.held && example !== this.wanted) this.leave();
  }

  /** Shows none; what is asked for is not waited for. */
  leave(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.held = false;
    if (this.wanted === undefined) return;
    this.wanted = undefined;
    this.task.cancel();
    this.onChange();
  }

  /** It is about other pictures, or another model. */
  clear(): void {
    this.leave();
    this.kept.clear();
    this.task.clear();
  }

  private show(example: number): void {
    this.wanted = example;
    // Anew: the same question may be on its way out, cancelled.
    if (!this.kept.has(example)) void this.task.run(String(example), (options) => this.ask(example, options), true);
    this.onChange();
  }

  private changed(): void {
    const { value, question, working, outdated } = this.task;
    if (value !== undefined && !working && !outdated && question !== undefined) this.kept.set(Number(question), value);
    this.onChange();
  }
}
