import type { FloatTensor } from '../../../base/tensor.js';
import { indexOf } from '../../../graph/graph.js';
import { readsOf } from '../../../graph/order.js';
import type { FeatureMap } from '../../subject/featureMap.js';
import type { Subject } from '../../subject/subject.js';
import type { ScoreAt } from '../../target/target.js';

/**
 * Networks that look at several scales side by side (detectors with feature pyramids): their score reads maps of several
 * resolutions, and what is found at one of them leaves the others without a gradient. The layer is the last map that all
 * branches of the deciding scale read: behind it, box and class go different ways, and each knows one place only.
 */

export interface Candidate {
  readonly value: string;
  readonly map: FeatureMap;
}

/** Maps whose gradients are asked for at once: the heads of large detectors have some forty. */
const MOST = 64;

const sizeOf = ({ map }: Candidate): string => `${map.height}×${map.width}`;

/** The maps that the score reads without another map between, by resolution. */
export function scalesOf(subject: Subject, score: string, maps: readonly Candidate[]): Map<string, Candidate[]> {
  const known = new Map(maps.map((m) => [m.value, m]));
  const found = new Map<string, Candidate[]>();
  walk(subject, score, (value) => {
    const map = known.get(value);
    if (map === undefined) return true;
    found.set(sizeOf(map), [...(found.get(sizeOf(map)) ?? []), map]);
    return false;
  });
  return found;
}

/** Values before a score, nearest first, as far as `on` lets the way go on. */
function walk(subject: Subject, score: string, on: (value: string) => boolean): void {
  const index = indexOf(subject.graph);
  const seen = new Set([score]);
  const queue = [score];
  for (let value = queue.shift(); value !== undefined; value = queue.shift()) {
    if (value !== score && !on(value)) continue;
    const node = index.producer(value);
    if (node === undefined) continue;
    for (const input of readsOf(node))
      if (!seen.has(input)) {
        seen.add(input);
        queue.push(input);
      }
  }
}

/**
 * The layer of the scale that decides.
 *
 * @param maps every map on the way from the picture to the score, in the order of the graph
 */
export async function decidingScale(
  subject: Subject,
  input: FloatTensor,
  of: ScoreAt,
  maps: readonly Candidate[],
  signal: AbortSignal,
): Promise<{ readonly candidate: Candidate; readonly note: string } | undefined> {
  const scales = scalesOf(subject, of.value, maps);
  const asked = maps.slice(-MOST);
  const answer = await subject.gradients(input, { of, wrt: asked.map((m) => m.value) }, signal);
  const weight = new Map(asked.map(({ value }) => [value, magnitude(answer.gradients.get(value)!.data)]));
  const strength = (size: string): number =>
    scales.get(size)!.reduce((sum, { value }) => sum + (weight.get(value) ?? 0), 0);
  const [size] = [...scales.keys()].sort((a, b) => strength(b) - strength(a));
  if (size === undefined || strength(size) === 0) return undefined;
  const own = asked.filter((m) => sizeOf(m) === size);
  const closed = new Set(maps.filter((m) => sizeOf(m) !== size).map((m) => m.value));
  const reached = own.filter((m) => weight.get(m.value)! > 0);
  const candidate = reached.findLast((m) => isNarrow(subject, of.value, m.value, own, closed)) ?? reached.at(-1)!;
  const others = [...scales.keys()].filter((s) => s !== size);
  const note =
    others.length === 0
      ? 'the last map that box and class both come from'
      : `the score is decided at this scale; there ${others.length === 1 ? 'is' : 'are'} also ${others.join(', ')}`;
  return { candidate, note };
}

const magnitude = (gradient: Float32Array): number => gradient.reduce((sum, g) => sum + Math.abs(g), 0);

/** Whether every way from the score back to earlier maps of the scale leads through a map. */
function isNarrow(
  subject: Subject,
  score: string,
  through: string,
  own: readonly Candidate[],
  closed: ReadonlySet<string>,
): boolean {
  const behind = descendants(subject, through);
  const maps = new Set(own.map((m) => m.value));
  let narrow = true;
  walk(subject, score, (value) => {
    if (value === through || closed.has(value)) return false;
    if (maps.has(value) && !behind.has(value)) narrow = false;
    return narrow;
  });
  return narrow;
}

function descendants(subject: Subject, value: string): Set<string> {
  const found = new Set([value]);
  for (const node of subject.graph.nodes)
    if (readsOf(node).some((v) => found.has(v))) for (const output of node.outputs) found.add(output);
  return found;
}
