import { LensError } from '../../base/errors.js';
import { isFloating, toNumbers, type Tensor } from '../../base/tensor.js';
import type { ProviderReport, Session } from '../session.js';

/** Largest difference over largest magnitude that a GPU's float32 arithmetic may show. */
const TOLERANCE = 2e-3;

/**
 * A GPU session whose first run is repeated on the CPU. Providers can be present and wrong (a WebGPU convolution with
 * one-sided padding was off by 0.8), or present and slower than the CPU (a software adapter). Under `auto` the CPU then
 * takes over and the reason is kept; a provider chosen by name is never replaced: a wrong one is an error.
 */
export class SelfCheckedSession implements Session {
  private current: Session;
  private checking: Promise<void> | undefined;
  private report: ProviderReport;

  constructor(
    private readonly gpu: Session,
    private readonly openCpu: () => Promise<Session>,
    private readonly mayFallBack: boolean,
  ) {
    this.current = gpu;
    this.report = gpu.provider;
  }

  get provider(): ProviderReport {
    return this.report;
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: readonly string[],
    signal?: AbortSignal,
  ): Promise<Record<string, Tensor>> {
    if (this.checking === undefined) {
      // A check that was cancelled or failed for another reason is made again by the next run.
      this.checking = this.check(feeds, fetches, signal).catch((error: unknown) => {
        if (!(error instanceof LensError && error.code === 'session/provider-wrong')) this.checking = undefined;
        throw error;
      });
    }
    await this.checking;
    return this.current.run(feeds, fetches, signal);
  }

  async dispose(): Promise<void> {
    await this.current.dispose();
  }

  private async check(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: readonly string[],
    signal?: AbortSignal,
  ): Promise<void> {
    const cpu = await this.openCpu();
    try {
      const expected = await timed(() => cpu.run(feeds, fetches, signal));
      let verdict: string | undefined;
      try {
        // The first run compiles shaders; the second is the one to compare.
        const first = await this.gpu.run(feeds, fetches, signal);
        const difference = largestDifference(expected.result, first);
        if (difference > TOLERANCE)
          verdict = `it computes something else than the CPU for this model (difference ${difference.toPrecision(2)})`;
        else if (this.mayFallBack) {
          const again = await timed(() => this.gpu.run(feeds, fetches, signal));
          if (again.ms > expected.ms * 1.5)
            verdict = `it is slower than the CPU here (${again.ms.toFixed(0)} ms against ${expected.ms.toFixed(0)} ms)`;
        }
      } catch (error) {
        if (!this.mayFallBack || signal?.aborted) throw error;
        verdict = error instanceof Error ? error.message : String(error);
      }
      if (verdict === undefined) {
        await cpu.dispose();
        return;
      }
      if (!this.mayFallBack) {
        throw new LensError(
          'runtime',
          'session/provider-wrong',
          `The provider "${this.gpu.provider.used}" cannot be trusted: ${verdict}.`,
          {
            hint: 'Choose "auto" or "cpu".',
          },
        );
      }
      this.report = {
        used: 'cpu',
        refused: [...this.gpu.provider.refused, { provider: this.gpu.provider.used, reason: verdict }],
      };
      this.current = cpu;
      await this.gpu.dispose();
    } catch (error) {
      if (this.current !== cpu) await cpu.dispose();
      throw error;
    }
  }
}

/** Over the floating outputs: largest difference divided by the largest magnitude of that output; Infinity where NaNs disagree. */
export function largestDifference(
  expected: Readonly<Record<string, Tensor>>,
  actual: Readonly<Record<string, Tensor>>,
): number {
  let worst = 0;
  for (const [name, tensor] of Object.entries(expected)) {
    const other = actual[name];
    if (other === undefined || other.data.length !== tensor.data.length) return Infinity;
    if (!isFloating(tensor.type)) continue;
    const a = toNumbers(tensor);
    const b = toNumbers(other);
    let scale = 1e-6;
    let difference = 0;
    for (let i = 0; i < a.length; i++) {
      if (Number.isFinite(a[i]!) !== Number.isFinite(b[i]!)) return Infinity;
      if (!Number.isFinite(a[i]!)) continue;
      scale = Math.max(scale, Math.abs(a[i]!));
      difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    }
    worst = Math.max(worst, difference / scale);
  }
  return worst;
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const start = performance.now();
  const result = await work();
  return { result, ms: performance.now() - start };
}
