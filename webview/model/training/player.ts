/** The pace of playing: slower where a person wants little motion on the screen. */
const PACE = { full: 700, reduced: 2000 };
const LOOK = 100;

/** Goes from checkpoint to checkpoint. Nothing is passed over: the next one is shown when this one is there. */
export class Player {
  private timer: number | undefined;
  private shownAt = 0;
  private readonly reduced = window.matchMedia('(prefers-reduced-motion: reduce)');

  /**
   * @param step goes one further, `false`: there is nothing further
   * @param ready whether what is shown now is complete
   */
  constructor(
    private readonly step: () => boolean,
    private readonly ready: () => boolean,
    private readonly changed: () => void,
  ) {}

  get playing(): boolean {
    return this.timer !== undefined;
  }

  /** Milliseconds for a checkpoint. */
  get pace(): number {
    return this.reduced.matches ? PACE.reduced : PACE.full;
  }

  play(): void {
    if (this.playing) return;
    this.shownAt = 0;
    this.timer = window.setInterval(() => this.tick(), LOOK);
    this.changed();
  }

  pause(): void {
    if (!this.playing) return;
    window.clearInterval(this.timer);
    this.timer = undefined;
    this.changed();
  }

  private tick(): void {
    if (!this.ready()) {
      this.shownAt = 0;
      return;
    }
    // The pace counts from the moment at which it can be seen.
    const now = performance.now();
    if (this.shownAt === 0) this.shownAt = now;
    if (now - this.shownAt < this.pace) return;
    this.shownAt = 0;
    if (!this.step()) this.pause();
  }
}
