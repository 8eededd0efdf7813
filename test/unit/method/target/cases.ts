import { Random } from '../../../../src/base/random.js';
import { floatTensor } from '../../../../src/base/tensor.js';
import { inMemory } from '../../../../src/checkpoint/model.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import type { Labels } from '../../../../src/input/labels.js';
import { predict } from '../../../../src/method/activations/prediction.js';
import { valuesOf } from '../../../../src/method/output/layout.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import type { SubjectOptions } from '../../../../src/method/subject/parts.js';
import { findTarget } from '../../../../src/method/target/index.js';
import type { Target } from '../../../../src/method/target/target.js';
import type { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { mapNet } from '../mapNet.js';
import { openTiny, tinyNet, tinyPicture } from '../tinyNet.js';
import { detectorNet, KINDS } from './detectorNet.js';
import { LETTERS, sequenceNet } from './sequenceNet.js';

const CLASSES = ['sky', 'cat', 'dog'];

/** A target, and a network that has one of its kind. */
export interface Case {
  readonly text: string;
  readonly graph: () => Graph;
  readonly labels: readonly string[];
  readonly said?: SubjectOptions['said'];
  /** A picture that the text names by this name: bright in its left half. */
  readonly painted?: string;
  /** A picture that the text names by this name, whose embedding is asked for. */
  readonly other?: string;
  /** The graph chooses a class on the way: its score is no continuous function. */
  readonly jumps?: boolean;
}

const segmentation = {
  graph: () => deeperMap(3),
  labels: CLASSES,
  said: { maps: { kind: 'segmentation' } },
} as const;
const dense = { graph: () => deeperMap(1), labels: [], said: { maps: { kind: 'dense' } } } as const;
const recogniser = {
  graph: () => sequenceNet(true, true),
  labels: LETTERS,
  said: { text: { kind: 'sequence' } },
} as const;
const detector = { graph: () => detectorNet(), labels: KINDS };
/** Every kind of target that is no class. */
export const CASES: readonly Case[] = [
  { ...detector, text: 'box:1' },
  { ...detector, text: 'dog@2,3,9,12' },
  { ...detector, text: 'box:1 - dog@2,3,9,12' },
  { text: 'box:1', graph: () => detectorNet({ head: 'v5', fixed: true }), labels: KINDS },
  { text: 'box:2', graph: () => detectorNet({ head: 'obb' }), labels: KINDS },
  { text: 'box:1', graph: () => detectorNet({ head: 'end2end' }), labels: KINDS, jumps: true },
  { text: 'box:1', graph: () => detectorNet({ head: 'ssd' }), labels: KINDS },
  { text: 'box:1', graph: () => detectorNet({ head: 'detr' }), labels: KINDS },
  { text: 'box:1', graph: () => detectorNet({ head: 'suppressed' }), labels: KINDS, jumps: true },
  { text: 'mask:box:1', graph: () => detectorNet({ head: 'segment' }), labels: KINDS },
  { ...segmentation, text: 'mask:cat' },
  { ...segmentation, text: 'mask:16x16:1a,5,b,5,b,5' },
  { ...segmentation, text: 'cat@2,2,9,9 - dog@2,2,9,9' },
  { ...segmentation, text: 'mask:painted.png', painted: 'painted.png' },
  { ...dense, text: 'mask:3,4,8,9' },
  { ...dense, text: 'mask:3,4,4,5' },
  { ...dense, text: 'top1' },
  { ...dense, text: 'value:37' },
  { ...recogniser, text: 'place:4=b' },
  { ...recogniser, text: 'place:4=b - place:9=c' },
  { text: 'value:2', graph: () => tinyNet({ activation: 'Gelu' }), labels: [], said: { fc: { kind: 'regression' } } },
  {
    text: 'value:2 - value:0',
    graph: () => tinyNet({ activation: 'Gelu' }),
    labels: [],
    said: { fc: { kind: 'embedding' } },
  },
  {
    text: 'similar:other.png',
    graph: () => tinyNet({ activation: 'Gelu' }),
    labels: [],
    said: { fc: { kind: 'embedding' } },
    other: 'other.png',
  },
];

/** A map behind a layer of its own. */
function deeperMap(channels: number): Graph {
  const map = mapNet(channels, false);
  const random = new Random(17);
  const weight = floatTensor(
    [3, 3, 3, 3],
    Float32Array.from({ length: 81 }, () => 0.3 * random.normal()),
  );
  return {
    ...map,
    nodes: [
      makeNode('Conv', 'first', ['x', 'own'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      makeNode('Tanh', 'bent', ['first']),
      ...map.nodes.map((node) => ({ ...node, inputs: node.inputs.map((i) => (i === 'x' ? 'bent' : i)) })),
    ],
    weights: new Map([...map.weights, ['own', inMemory('own', weight)]]),
  };
}

/** The network of a case, and the target that its text means for {@link tinyPicture}. */
export async function openCase(
  { graph, labels: names, said, painted, other, text }: Case,
  sessions: OrtSessions,
  signal: AbortSignal,
): Promise<{ readonly own: ModelSubject; readonly target: Target }> {
  const x = tinyPicture();
  const own = await openTiny(graph(), sessions, { labels: names, ...(said && { said }) });
  const labels: Labels = { names, origin: { kind: 'metadata', detail: 'names' } };
  const [ranking] = await predict(own, labels, x, 3, signal);
  const { layout } = own.output;
  const values = layout === undefined ? [] : await own.values(x, valuesOf(layout), signal);
  const sample = new Map([...values].map(([name, t]) => [name, t.data]));
  const elsewhere = floatTensor(
    x.dims,
    x.data.map((v, i) => v + Math.sin(i)),
  );
  const { value } = own.scoreValue('logit');
  const others = other && new Map([[other, (await own.values(elsewhere, [value], signal)).get(value)!.data]]);
  const target = findTarget(text, {
    scores: ranking!.logits,
    labels,
    subject: own,
    sample,
    regions: ranking!.regions,
    ...(painted && { painted: new Map([[painted, { at: (u: number) => u < 0.5 }]]) }),
    ...(others && { others }),
  });
  return { own, target };
}
