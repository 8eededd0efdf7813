import { isFloating } from '../../base/tensor.js';
import type { Facts } from '../../graph/facts.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import { operator } from '../../graph/operators/operators.js';
import type { InputSpec } from '../../input/preprocessing.js';
import { sampleDims } from '../subject/samples.js';
import { detection } from './detection/detection.js';
import { endingOf } from './ending.js';
import { classes, embedding, multiLabel, regression } from './flat.js';
import type { OutputKind, OutputQuestion, OutputReading, SaidOutput } from './kind.js';
import { dense, segmentation } from './map.js';
import { sequence } from './sequence.js';

export type { OutputReading, SaidOutput } from './kind.js';

/** Every kind of output, in the order in which an output is offered to them; what none takes is unknown. */
export const OUTPUT_READERS: readonly OutputKind[] = [
  detection,
  sequence,
  segmentation,
  dense,
  classes,
  multiLabel,
  embedding,
  regression,
];

/** What is known beside the graph. */
export interface OutputHints {
  readonly input: Pick<InputSpec, 'height' | 'width' | 'channels'>;
  /** Names of classes that somebody gave. */
  readonly labels?: readonly string[];
  /** What a person says, by output. */
  readonly said?: Readonly<Record<string, SaidOutput>>;
}

/** Outputs that each is compared with: a detector has few, and a file may have twenty thousand. */
const MOST_COMPARED = 32;

/** What each output of a graph is, in the graph's order, told from names, metadata, shapes, operators and labels. */
export function readOutputs(graph: Graph, facts: Facts, hints: OutputHints): OutputReading[] {
  const parts = graph.outputs.map(({ name }) => partOf(graph, facts, hints, name));
  const readable = parts.filter((part): part is OutputQuestion => typeof part !== 'string').slice(0, MOST_COMPARED);
  const readings = parts.map((part, i): OutputReading => {
    const { name } = graph.outputs[i]!;
    if (typeof part === 'string')
      return {
        name,
        kind: 'unknown',
        reason: part,
        guessed: false,
        constant: indexOf(graph).producer(name) === undefined,
      };
    const others = readable.filter((other) => other !== part);
    return tell({ ...part, others, said: hints.said?.[part.name] });
  });
  return readings.map((reading, i) => {
    const part = parts[i]!;
    return typeof part === 'string' || part.behind !== 'ZipMap' || part.labels.length === 0
      ? reading
      : { ...reading, labels: part.labels };
  });
}

function tell(q: OutputQuestion): OutputReading {
  const { name, said } = q;
  if (said !== undefined) {
    if (said.kind === 'unknown')
      return {
        name,
        kind: 'unknown',
        reason: 'The settings say that it is not to be read.',
        guessed: false,
        constant: false,
      };
    const told = OUTPUT_READERS.find((kind) => kind.id === said.kind)?.tell(q);
    if (told !== undefined)
      return { ...told, name, kind: said.kind, reason: `The settings say so.`, guessed: false, constant: false };
    return {
      name,
      kind: 'unknown',
      reason: `The settings say that it is ${said.kind}, but its shape ${shape(q)} is not of that kind.`,
      guessed: false,
      constant: false,
    };
  }
  if (isRaw(q))
    return {
      name,
      kind: 'unknown',
      reason:
        'It is one of several maps of a detector before anchors are applied to them, which the graph does not hold.',
      guessed: false,
      constant: false,
    };
  const whole = q.type !== undefined && !isFloating(q.type);
  for (const kind of OUTPUT_READERS) {
    // Whole numbers are indices: of the classes of boxes, or the output is not to be read.
    if (whole && kind !== detection) break;
    const told = kind.tell(q);
    if (told !== undefined) return { kind: kind.id, guessed: false, constant: false, ...told, name };
  }
  return {
    name,
    kind: 'unknown',
    reason: `Nothing says what its ${shape(q)} numbers are.`,
    guessed: false,
    constant: false,
  };
}

const shape = ({ dims }: Pick<OutputQuestion, 'dims'>): string => (dims.length === 0 ? '1' : dims.join('×'));

/** Maps of the same depth whose sides are halved from one output to the next. */
function isRaw({ dims, others }: OutputQuestion): boolean {
  if (dims.length < 3 || dims.length > 4) return false;
  const alike = others.filter(
    (o) =>
      o.dims.length === dims.length &&
      [2, 4, 0.5, 0.25].some(
        (f) =>
          dims.filter((d, i) => d === o.dims[i]! * f).length === 2 &&
          dims.filter((d, i) => d === o.dims[i]).length === dims.length - 2,
      ),
  );
  return alike.length >= 1 && dims.some((d) => d > 4 && d % 3 === 0);
}

/** What is known of one output, or why it cannot be read at all. */
function partOf(
  graph: Graph,
  facts: Facts,
  { input, labels = [] }: OutputHints,
  name: string,
): OutputQuestion | string {
  const index = indexOf(graph);
  const node = index.producer(name);
  if (node === undefined)
    return graph.weights.has(name)
      ? 'It is a weight of the model, the same for every picture.'
      : 'It is an input of the model, handed through.';
  let [value, behind, own] = [name, undefined as OutputQuestion['behind'], labels];
  if (node.op === 'ZipMap') {
    [value, behind] = [node.inputs[0]!, 'ZipMap'];
    own =
      node.attributes.strings('classlabels_strings') ??
      node.attributes.ints('classlabels_int64s')?.map(String) ??
      labels;
  } else {
    const best = bestOf(graph, name);
    if (best !== undefined) [value, behind] = [best, 'ArgMax'];
  }
  const declared = graph.outputs.find((o) => o.name === name)?.type;
  if (behind === undefined && declared === 'string') return 'It holds texts, not numbers.';
  const fact = facts.get(value);
  if (fact === undefined) return 'Its shape is not known: it was not computed when the model was tried.';
  const dims = sampleDims(fact, facts);
  const read = {
    name,
    value,
    dims,
    type: fact.type,
    ending: endingOf(graph, facts, value),
    ...(behind === undefined ? {} : { behind }),
  };
  const { metadata } = graph;
  const title = `${graph.name} ${/([^/\\]*)\.onnx$/i.exec(graph.path ?? '')?.[1] ?? ''}`;
  const question = {
    ...read,
    input,
    labels: own,
    task: (metadata.get('task') ?? '').toLowerCase(),
    metadata,
    title,
    others: [],
  };
  if (!isFloating(fact.type) && fact.type !== 'int64' && fact.type !== 'int32' && fact.type !== 'uint8')
    return `It holds ${fact.type} values, not numbers.`;
  return question;
}

/** The scores before an ArgMax that makes an output. */
function bestOf(graph: Graph, output: string): string | undefined {
  const index = indexOf(graph);
  let node = index.producer(output);
  while (node !== undefined && operator(node).keepsOrder === true) node = index.producer(node.inputs[0] ?? '');
  return node?.op === 'ArgMax' ? node.inputs[0] : undefined;
}

/** Kinds by how well an explanation of them is understood: the output that is taken where nobody says which. */
const PREFERRED: readonly OutputReading['kind'][] = [
  'classes',
  'detection',
  'segmentation',
  'multi-label',
  'sequence',
  'regression',
  'dense',
  'embedding',
];

/** The output that predictions and explanations are about; undefined where none can be read. */
export function chosenOutput(readings: readonly OutputReading[]): OutputReading | undefined {
  const readable = readings.filter((r) => r.layout !== undefined && r.partOf === undefined);
  const rank = (r: OutputReading): number => PREFERRED.indexOf(r.kind) + (r.guessed ? PREFERRED.length : 0);
  return readable.reduce<OutputReading | undefined>(
    (best, r) => (best === undefined || rank(r) < rank(best) ? r : best),
    undefined,
  );
}
