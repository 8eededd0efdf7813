/** In dB: noise of a tenth of the signal's power. Below it little is left of what a layer says. */
export const SIGNAL_BOUND = 10;

/** Sums over a data set from which signal-to-noise ratios follow, one for each of some pairs of values. */
export class SignalSums {
  private readonly signal: Float64Array;
  private readonly noise: Float64Array;
  private readonly bad: Float64Array;
  private readonly good: Float64Array;
  /** All of it: what another's {@link plus} takes. */
  readonly sums: Float64Array;

  constructor(pairs: number) {
    this.sums = new Float64Array(4 * pairs);
    [this.signal, this.noise, this.bad, this.good] = [0, 1, 2, 3].map((k) =>
      this.sums.subarray(k * pairs, (k + 1) * pairs),
    ) as [Float64Array, Float64Array, Float64Array, Float64Array];
  }

  /** The sums of another part of the data set, over the same pairs. */
  plus(sums: Float64Array): void {
    for (let i = 0; i < sums.length; i++) this.sums[i]! += sums[i]!;
  }

  /** The same values of both models on the same pictures. */
  add(pair: number, a: Float32Array, b: Float32Array): void {
    let [signal, noise, bad] = [0, 0, 0];
    for (let i = 0; i < a.length; i++) {
      const [x, y] = [a[i]!, b[i]!];
      const difference = x - y;
      if (!Number.isFinite(difference)) {
        bad++;
        continue;
      }
      signal += x * x;
      noise += difference * difference;
    }
    this.signal[pair]! += signal;
    this.noise[pair]! += noise;
    this.bad[pair]! += bad;
    this.good[pair]! += a.length - bad;
  }

  /** In dB: infinite where both are the same, NaN where nothing was finite. */
  ratio(pair: number): number {
    if (this.good[pair] === 0) return NaN;
    if (this.noise[pair] === 0) return Infinity;
    return 10 * Math.log10(this.signal[pair]! / this.noise[pair]!);
  }

  /** Numbers that were not finite in one of the two. */
  broken(pair: number): number {
    return this.bad[pair]!;
  }
}

/** Whether a layer counts as broken. */
export function isBroken({ snr, broken }: { readonly snr: number; readonly broken: number }, bound: number): boolean {
  return broken > 0 || !(snr >= bound);
}
