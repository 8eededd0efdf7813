/** Steps by which the time of the next is told; those before were of another load of the machine. */
const REMEMBERED = 64;
/** The first runs of a session are slower than those that follow. */
const COLD = 2;

/** The time that is left, told from what was measured and from nothing else. */
export class TimeLeft {
  private readonly steps: number[] = [];
  private seen = 0;
  private between: number | undefined;

  /** Milliseconds of a step. */
  step(milliseconds: number): void {
    if (this.seen++ < COLD) return;
    this.steps.push(milliseconds);
    if (this.steps.length > REMEMBERED) this.steps.shift();
  }

  /** Milliseconds of what stands between two epochs: what is held out, and the file. */
  epochEnd(milliseconds: number): void {
    this.between = milliseconds;
  }

  /**
   * Seconds, if it goes on to its last epoch.
   *
   * @param between milliseconds between two epochs as long as none was measured
   * @returns undefined before anything is known
   */
  seconds(steps: number, epochs: number, between: number): number | undefined {
    const mean = this.perStep;
    return mean === undefined ? undefined : (steps * mean + epochs * (this.between ?? between)) / 1000;
  }

  /** Milliseconds; undefined before anything is known. */
  get perStep(): number | undefined {
    return this.steps.length === 0 ? undefined : this.steps.reduce((a, b) => a + b, 0) / this.steps.length;
  }
}
