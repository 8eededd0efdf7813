import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DATA } from '../data.mjs';

/** One line of the tables. `skipped` says why there is no figure. */
export interface Row {
  readonly what: string;
  /** What the result is held against: a line of the table of exactness. */
  readonly against?: string;
  /** Of pictures that are made, by preset: a line of the table of what another network says of them. */
  readonly shares?: readonly string[];
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

/**
 * Milliseconds of processor time of the main thread, in steps of ten: what runs beside it, and what other programs on the machine
 * take, is not in it. 0 where the system does not tell.
 */
function mainThreadTime(): number {
  let said: string;
  try {
    said = readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1');
  } catch {
    return 0;
  }
  // After the name, which may hold anything: user and system time are the 12th and the 13th of the rest, in hundredths.
  const fields = said.slice(said.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
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
  /** Of the processor, the main thread alone; zeros where the system does not tell. */
  readonly thread: readonly number[];
}

/** As {@link interleaved}, each round by itself and on every clock: ratios within a round are what two runs can be held against. */
export async function rounds<K extends string>(
  contenders: Record<K, () => Promise<unknown>>,
  count: number,
): Promise<Record<K, Rounds>> {
  const names = Object.keys(contenders) as K[];
  const found = Object.fromEntries(names.map((n) => [n, { wall: [], processor: [], thread: [] }])) as unknown as Record<
    K,
    { wall: number[]; processor: number[]; thread: number[] }
  >;
  for (let round = -1; round < count; round++) {
    for (const name of names) {
      const [thread, processor, wall] = [mainThreadTime(), processorTime(), performance.now()];
      await contenders[name]();
      if (round < 0) continue;
      found[name].wall.push(performance.now() - wall);
      found[name].processor.push(processorTime() - processor);
      found[name].thread.push(mainThreadTime() - thread);
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
