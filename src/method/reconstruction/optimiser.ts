/**
 * Steps uphill. `adam` (Kingma and Ba 2015) and `nadam` (Dozat 2016); `normalised`: x + lr · g / (‖g‖₂ + 1e-8), for each
 * picture; `relative`: the same with steps of lr times the length of the picture at the start.
 */
export type OptimiserName = 'adam' | 'nadam' | 'normalised' | 'relative';

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

export class Optimiser {
  private readonly first: Float32Array;
  private readonly second: Float32Array;
  private readonly lengths: readonly number[];
  private t = 0;

  /** @param start what is optimised, of all pictures */
  constructor(
    private readonly name: OptimiserName,
    private readonly rate: number,
    start: Float32Array,
    private readonly pictures: number,
  ) {
    const adaptive = name === 'adam' || name === 'nadam';
    this.first = new Float32Array(adaptive ? start.length : 0);
    this.second = new Float32Array(adaptive ? start.length : 0);
    this.lengths = parts(start, pictures).map(length);
  }

  /** Changes `x` in place. */
  step(x: Float32Array, gradient: Float32Array): void {
    this.t++;
    if (this.name === 'adam' || this.name === 'nadam') this.adaptive(x, gradient);
    else this.along(x, gradient);
  }

  private along(x: Float32Array, gradient: Float32Array): void {
    const gradients = parts(gradient, this.pictures);
    parts(x, this.pictures).forEach((one, k) => {
      const g = gradients[k]!;
      const rate = this.name === 'relative' ? this.rate * this.lengths[k]! : this.rate;
      const share = rate / (length(g) + 1e-8);
      for (let i = 0; i < one.length; i++) one[i]! += share * g[i]!;
    });
  }

  private adaptive(x: Float32Array, gradient: Float32Array): void {
    const { first, second, t, rate } = this;
    const [c1, c2] = [1 - BETA1 ** t, 1 - BETA2 ** t];
    // Nadam looks one step ahead with the first moment.
    const ahead = this.name === 'nadam' ? 1 - BETA1 ** (t + 1) : 0;
    for (let i = 0; i < x.length; i++) {
      const g = gradient[i]!;
      const m = (first[i] = BETA1 * first[i]! + (1 - BETA1) * g);
      const v = (second[i] = BETA2 * second[i]! + (1 - BETA2) * g * g);
      const mean = ahead > 0 ? (BETA1 * m) / ahead + ((1 - BETA1) * g) / c1 : m / c1;
      x[i]! += (rate * mean) / (Math.sqrt(v / c2) + EPSILON);
    }
  }
}

/** Views of each picture's part. */
function parts(data: Float32Array, pictures: number): Float32Array[] {
  const size = data.length / pictures;
  return Array.from({ length: pictures }, (_, k) => data.subarray(k * size, (k + 1) * size));
}

function length(data: Float32Array): number {
  let sum = 0;
  for (const v of data) sum += v * v;
  return Math.sqrt(sum);
}
