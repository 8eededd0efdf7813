import os from 'node:os';
import { LensError } from '../base/errors.js';
import { sizeOf } from '../base/tensor.js';
import type { Facts } from '../graph/facts.js';
import { longestLoop } from '../graph/build/controlFlow.js';
import type { Graph } from '../graph/graph.js';
import { activationBytes } from '../graph/measure/memory.js';
import { inferTypes } from '../graph/types.js';
import type { Sessions } from './session.js';
import { shapesOf } from './shapes.js';

/** The memory that a run takes, worked out from shapes before it starts: a file of 162 bytes can ask for gigabytes. */

const GB = 1e9;

/** Names the limit where there is no editor with settings. */
const VARIABLE = 'ONNX_LENS_MEMORY_LIMIT';

/**
 * Bytes that the values of one run may take: a quarter of the machine's memory, at least 2 and at most 16 GB, unless
 * somebody says another number of GB.
 */
export function memoryLimit(said?: number): number {
  const number = said ?? Number(process.env[VARIABLE] ?? '');
  if (Number.isFinite(number) && number > 0) return number * GB;
  const held = (process as { constrainedMemory?: () => number }).constrainedMemory?.();
  const total = held !== undefined && held > 0 ? Math.min(held, os.totalmem()) : os.totalmem();
  return Math.min(16 * GB, Math.max(2 * GB, total / 4));
}

/** How a refusal says what it is about. */
export interface PlanWords {
  /** The value that takes most. */
  readonly largest?: string | undefined;
  readonly what?: string;
  /** Whether every value's size is known: those whose shape follows from numbers are not, before they are computed. */
  readonly known?: boolean;
}

/**
 * Samples that fit into one run: `size`, or half as many as often as it takes.
 *
 * @param bytesOf what a run of so many takes
 * @throws LensError `session/memory-limit` where one alone takes more than the limit
 */
export function batchWithin(bytesOf: (n: number) => number, size: number, limit: number, words?: PlanWords): number {
  let n = size;
  while (n > 1 && bytesOf(n) > limit) n = Math.floor(n / 2);
  if (n <= 1) withinLimit(bytesOf(1), limit, words);
  return n;
}

/**
 * Refuses a run whose values would take more than the limit.
 *
 * @throws LensError `session/memory-limit` with both numbers and the value that takes most
 */
export function withinLimit(
  bytes: number,
  limit: number,
  { largest, what = 'One run of the model', known = true }: PlanWords = {},
): void {
  if (bytes <= limit) return;
  const where = largest === undefined ? '' : `; most of it is ${largest}`;
  throw new LensError(
    'unsupported',
    'session/memory-limit',
    `${what} would take ${known ? '' : 'at least '}${gigabytes(bytes)} of memory, more than the ${gigabytes(limit)} that are allowed${where}.`,
    {
      hint: `Raise the setting onnxLens.memoryLimit, or ${VARIABLE} on the command line (both in GB), or use smaller inputs.`,
    },
  );
}

/** What a run with these inputs takes at most, as far as shapes can be told without running; see {@link withinLimit}. */
export async function planRun(
  graph: Graph,
  sessions: Sessions,
  inputs: Readonly<Record<string, readonly number[]>>,
): Promise<{ readonly bytes: number; readonly largest: string | undefined; readonly known: boolean }> {
  const shapes = await shapesOf(graph, sessions, inputs);
  const types = inferTypes(graph);
  const facts: Facts = {
    dynamicBatch: false,
    batch: 1,
    get(value) {
      const dims = inputs[value] ?? shapes.get(value);
      // What comes out of a list has no type here; most values are of this one.
      const type = types.get(value) ?? 'float32';
      return dims === undefined ? undefined : { type, base: dims, slope: dims.map(() => 0) };
    },
  };
  const sizes = [...shapes].map(([value, dims]) => ({ value, dims, size: sizeOf(dims) }));
  const most = sizes.reduce<(typeof sizes)[number] | undefined>(
    (best, each) => (best === undefined || each.size > best.size ? each : best),
    undefined,
  );
  const known = graph.nodes.every((node) => node.outputs.every((v) => v === '' || facts.get(v) !== undefined));
  return {
    known,
    bytes: activationBytes(graph, facts).peak,
    largest: most === undefined ? undefined : `"${most.value}" (${most.dims.join('×')})`,
  };
}

/** No network needs more, and a million runs of the smallest body take ten seconds. */
const MOST_TRIPS = 1_000_000;

/**
 * Refuses a graph that would not come to an end: a native run cannot be stopped but by ending the process.
 *
 * @throws LensError `session/endless` for a Loop that constants let run on and on
 */
export function requireEnd(graph: Graph): void {
  const nodes = graph.nodes.map((node) => ({ ...node, attributes: node.attributes.list }));
  const longest = longestLoop(nodes, (value) => graph.weights.get(value));
  if (longest === undefined || longest.trips <= MOST_TRIPS) return;
  const { node, trips } = longest;
  const name = node.name === '' ? node.outputs.find((v) => v !== '') : node.name;
  const often = trips === Infinity ? 'without an end' : `${trips.toLocaleString('en-US')} times`;
  throw new LensError(
    'unsupported',
    'session/endless',
    `The Loop "${name}" would run its body ${often}; up to ${MOST_TRIPS.toLocaleString('en-US')} times are run.`,
    { hint: 'Export the model with a smaller number of trips, or with a condition that ends the loop.' },
  );
}

function gigabytes(bytes: number): string {
  if (bytes < GB / 2) return `${Math.max(1, Math.round(bytes / 1e6))} MB`;
  const value = bytes / GB;
  return `${value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2)} GB`;
}
