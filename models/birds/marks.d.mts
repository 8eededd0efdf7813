/** Types of `marks.mjs`, for the tests. */
import type { Bird } from './draw.mjs';

export const STAMP: string;
export function markedDrawing(
  seed: number,
  name: string,
  options?: { size?: number; attributes?: Record<string, string>; stamp?: boolean },
): Promise<{ bird: Bird; size: number; rgb: Buffer; masks: Record<string, Uint8Array> }>;
export function runsOf(mask: Uint8Array): number[];
export function maskOf(runs: readonly number[], length: number): Uint8Array;
