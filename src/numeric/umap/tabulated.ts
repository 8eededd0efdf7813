/** Bits of a float's mantissa that are interpolated over: 256 cells for each doubling, good to about 1e-5 of the value. */
const BITS = 15;
const LEAST = 2 ** -30;
const MOST = 2 ** 20;

/**
 * A smooth function of a positive number, looked up: powers are what a layout spends its time on. Cells are told from the
 * bits of the number in single precision, so that they are equally fine at every size; within one it is interpolated.
 */
export class Tabulated {
  private readonly values: Float64Array;
  private readonly first: number;
  private readonly float = new Float32Array(1);
  private readonly bits = new Int32Array(this.float.buffer);

  constructor(private readonly exact: (x: number) => number) {
    this.first = this.cellOf(LEAST);
    this.values = new Float64Array(this.cellOf(MOST) - this.first + 1);
    for (let i = 0; i < this.values.length; i++) {
      this.bits[0] = (i + this.first) << BITS;
      this.values[i] = exact(this.float[0]!);
    }
  }

  at(x: number): number {
    if (!(x >= LEAST && x < MOST)) return this.exact(x);
    this.float[0] = x;
    const bits = this.bits[0]!;
    const i = (bits >> BITS) - this.first;
    // Rounded up to the next power of two, it may stand behind the last cell.
    if (i + 1 >= this.values.length) return this.exact(x);
    const share = (bits & ((1 << BITS) - 1)) / (1 << BITS);
    return this.values[i]! + share * (this.values[i + 1]! - this.values[i]!);
  }

  private cellOf(x: number): number {
    this.float[0] = x;
    return this.bits[0]! >> BITS;
  }
}
