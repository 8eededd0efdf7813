import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DATA } from '../data.mjs';

/** One line of the tables. `skipped` says why there is no figure. */
export interface Row {
  readonly what: string;
  /** What the result is held against: a line of the table of exactness. */
  readonly against?: string;
  readonly value?: string;
  readonly goal?: string;
  readonly met?: boolean;
  readonly skipped?: string;
}

/** A line of the table of exactness: the largest of some relative errors and their median, against what is allowed. */
export function errorRow(what: string, against: string, errors: readonly number[], allowed: number): Row {
  const largest = Math.max(...errors);
  const value = `${largest.toExponential(1)} (median ${median(errors).toExponential(1)})`;
  return { what, against, value, goal: `< ${allowed.toExponential(0)}`, met: largest < allowed };
}

/** Milliseconds of processor time of this process, all threads: what other programs on the machine do not change much. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * Median processor time of each contender, in rounds that take them in turn, so that a slow moment of the machine hits
 * all of them. One round before the first warms up and is not counted.
 */
export async function interleaved<K extends string>(
  contenders: Record<K, () => Promise<unknown>>,
  rounds: number,
): Promise<Record<K, number>> {
  const names = Object.keys(contenders) as K[];
  const times = new Map<K, number[]>(names.map((n) => [n, []]));
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const start = processorTime();
      await contenders[name]();
      if (round >= 0) times.get(name)!.push(processorTime() - start);
    }
  }
  return Object.fromEntries(names.map((n) => [n, median(times.get(n)!)])) as Record<K, number>;
}

/** What one contender took in each round, in milliseconds. */
export interface Rounds {
  /** On the clock: what a user waits for. */
  readonly wall: readonly number[];
  /** Of the processor, all threads: what a machine with neighbours does not change much. */
  readonly processor: readonly number[];
}

/** As {@link interleaved}, each round by itself and on both clocks: ratios within a round are what two runs can be held against. */
export async function rounds<K extends string>(
  contenders: Record<K, () => Promise<unknown>>,
  count: number,
): Promise<Record<K, Rounds>> {
  const names = Object.keys(contenders) as K[];
  const found = Object.fromEntries(names.map((n) => [n, { wall: [], processor: [] }])) as unknown as Record<
    K,
    { wall: number[]; processor: number[] }
  >;
  for (let round = -1; round < count; round++) {
    for (const name of names) {
      const [processor, wall] = [processorTime(), performance.now()];
      await contenders[name]();
      if (round < 0) continue;
      found[name].wall.push(performance.now() - wall);
      found[name].processor.push(processorTime() - processor);
    }
  }
  return found;
}

/** Path of an architecture of the test data with drawn weights, or undefined where the test data is absent. */
export function zooModel(name: string): string | undefined {
  const fill = path.join(DATA, 'zoo/fill.mjs');
  if (!existsSync(fill)) return undefined;
  const folder = path.join(os.tmpdir(), 'onnx-lens-zoo');
  const file = path.join(folder, `${name}.onnx`);
  if (!existsSync(file)) {
    const run = spawnSync(process.execPath, [fill, folder, name], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (run.status !== 0) return undefined;
  }
  return file;
}
