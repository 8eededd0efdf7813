import type { TrainingProgress } from '../../../training/train.js';

/** How long the trainings that are left will take: by those that are done, in this run or before, and by the one that runs. */
export class WorkLeft {
  done = 0;
  private readonly taken: number[] = [];
  private started = 0;
  /** Share of the running training that is done, and its estimate of the rest in seconds. */
  private now: { share: number; rest: number | undefined } | undefined;

  constructor(readonly of: number) {}

  /** A training that another run has done; what it says of its time. */
  known(about: unknown): void {
    this.done++;
    const seconds = (about as { readonly seconds?: unknown } | null | undefined)?.seconds;
    if (typeof seconds === 'number' && Number.isFinite(seconds)) this.taken.push(seconds);
  }

  begin(): void {
    this.started = performance.now();
    this.now = { share: 0, rest: undefined };
  }

  step({ epoch, step, steps, secondsLeft }: TrainingProgress, epochs: number): void {
    this.now = { share: ((epoch - 1) * steps + step) / (epochs * steps), rest: secondsLeft };
  }

  /** @returns the seconds that it took */
  end(): number {
    const seconds = (performance.now() - this.started) / 1000;
    this.taken.push(seconds);
    this.done++;
    this.now = undefined;
    return seconds;
  }

  get fraction(): number {
    return (this.done + (this.now?.share ?? 0)) / Math.max(1, this.of);
  }

  /** Absent before any time is known. */
  get seconds(): number | undefined {
    const waiting = this.of - this.done - (this.now === undefined ? 0 : 1);
    const { now } = this;
    const elapsed = now === undefined ? 0 : (performance.now() - this.started) / 1000;
    const own = now?.rest === undefined ? undefined : elapsed + now.rest;
    const each = this.taken.length > 0 ? this.taken.reduce((a, b) => a + b, 0) / this.taken.length : own;
    if (each === undefined) return undefined;
    return each * waiting + (now === undefined ? 0 : (now.rest ?? Math.max(0, each - elapsed)));
  }
}
