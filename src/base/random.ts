/**
 * Seeded random numbers, equal on every machine. xoshiro128** (Blackman & Vigna 2018) seeded by splitmix32; normal
 * deviates by the Box-Muller transform. `Math.random` is never used where a result depends on it.
 */
export class Random {
  private readonly state = new Uint32Array(4);
  private spare: number | undefined;

  constructor(seed: number) {
    let s = Math.trunc(seed) >>> 0;
    for (let i = 0; i < 4; i++) {
      s = (s + 0x9e3779b9) >>> 0;
      let z = s;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.state[i] = (z ^ (z >>> 15)) >>> 0;
    }
  }

  /** A whole number in [0, 2^32). */
  uint32(): number {
    const s = this.state;
    const [s0, s1, s2, s3] = [s[0]!, s[1]!, s[2]!, s[3]!];
    const x = Math.imul(s1, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = s1 << 9;
    const n2 = s2 ^ s0;
    const n3 = s3 ^ s1;
    s[1] = s1 ^ n2;
    s[0] = s0 ^ n3;
    s[2] = n2 ^ t;
    s[3] = (n3 << 11) | (n3 >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 53 random bits. */
  uniform(): number {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal. */
  normal(): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Normal numbers for a whole array. A counted loop: a large network has a hundred million weights. */
  fillNormal<T extends Float32Array | Float64Array>(out: T, mean: number, deviation: number): T {
    for (let i = 0; i < out.length; i++) out[i] = mean + deviation * this.normal();
    return out;
  }

  /** The same without what lies more than two deviations from the mean: such numbers are drawn again. */
  fillTruncatedNormal<T extends Float32Array | Float64Array>(out: T, mean: number, deviation: number): T {
    for (let i = 0; i < out.length; i++) {
      let z = this.normal();
      while (Math.abs(z) > 2) z = this.normal();
      out[i] = mean + deviation * z;
    }
    return out;
  }

  /** An independent stream, e.g. one for each input, so that results do not depend on the batch size. */
  fork(stream: number): Random {
    return new Random((this.state[0]! ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0);
  }

  /** Fisher-Yates, in place. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}
