import { cutFinalActivation } from '../../graph/edits.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import { operator } from '../../graph/operators/operators.js';
import type { Layer } from '../../graph/layers/layer.js';
import { zerosBeforeMaxima } from '../../graph/rewrite/paddedPools.js';
import type { Oddity, ScannedWeight } from '../../result/overview.js';

/** What is odd about a model: first what its graph shows, then what its weights hold. */

/** A network with fewer convolutions trains well without normalisation. */
const DEEP = 12;

export function graphOddities(graph: Graph, layers: readonly Layer[]): Oddity[] {
  return [
    ...repeatedActivations(graph, layers),
    ...missingLayers(graph, layers),
    ...trainingNodes(graph, layers),
    ...lostZeros(graph, layers),
  ];
}

function repeatedActivations(graph: Graph, layers: readonly Layer[]): Oddity[] {
  const index = indexOf(graph);
  const out: Oddity[] = [];
  for (const { name } of graph.outputs) {
    const last = cutFinalActivation(graph, name);
    if (last.cut === undefined) continue;
    const before = cutFinalActivation(graph, last.value);
    if (before.cut === undefined || before.node === undefined) continue;
    const node = index.node(before.node);
    out.push({
      kind: 'softmax-twice',
      severity: 'warning',
      sentence: `The output "${name}" goes through ${before.cut} and then through ${last.cut}: the scores are flattened twice. A loss that applies its own activation wants logits.`,
      ...layerEntry(layers, node),
    });
  }
  return out;
}

function missingLayers(graph: Graph, layers: readonly Layer[]): Oddity[] {
  const convolutions = graph.nodes.filter((n) => n.op === 'Conv' || n.op === 'QLinearConv').length;
  if (convolutions < DEEP || graph.nodes.some((n) => operator(n).normalises === true || isNormalisation(n))) return [];
  // PyTorch's exporter names the weights that it computed itself, and it computes those of a convolution by folding a
  // normalisation into it. A bias alone says nothing: SqueezeNet has one everywhere and never had a normalisation.
  const made = graph.nodes.filter(
    (n) => n.op === 'Conv' && [n.inputs[1], n.inputs[2]].every((name) => /^onnx::Conv_\d+$/.test(name ?? '')),
  ).length;
  return [
    {
      kind: 'no-normalisation-layers',
      severity: 'info',
      sentence:
        made > 0
          ? `${convolutions} convolutions and no normalisation layer: the exporter has folded normalisation into ${made} of them, whose weights and biases bear names that it made (onnx::Conv_…).`
          : `${convolutions} convolutions (of ${layers.length} layers) and no normalisation layer.`,
    },
  ];
}

/** LayerNormalization in pieces: (x - mean)², its mean, and a square root. */
function isNormalisation(node: GraphNode): boolean {
  return node.op === 'Sqrt' && /norm/i.test(node.name);
}

function trainingNodes(graph: Graph, layers: readonly Layer[]): Oddity[] {
  const training = graph.nodes.filter(
    (n) =>
      (n.op === 'BatchNormalization' && n.attributes.int('training_mode', 0) !== 0) ||
      (n.op === 'Dropout' && (n.inputs[2] ?? '') !== '' && graph.weights.has(n.inputs[2]!)),
  );
  const norms = training.filter((n) => n.op === 'BatchNormalization');
  return norms.slice(0, 1).map((node) => ({
    kind: 'training-mode',
    severity: 'warning',
    sentence: `${norms.length} batch normalisation layer${norms.length === 1 ? ' is' : 's are'} in training mode: the answer for a picture depends on the others in its batch. Call model.eval() before the export.`,
    ...layerEntry(layers, node),
  }));
}

/** Where the model answers otherwise in ONNX Runtime as it comes than here, and than where it was trained. */
function lostZeros(graph: Graph, layers: readonly Layer[]): Oddity[] {
  return zerosBeforeMaxima(graph).map(({ pad, pool }) => ({
    kind: 'lost-zeros',
    severity: 'warning',
    sentence: `ONNX Runtime joins the padding "${pad.name}" with the maximum "${pool.name}" behind it and loses its zeros, so that this model answers otherwise there than here: switch its optimiser Pad_Fusion off, or pad within the pool.`,
    ...layerEntry(layers, pool),
  }));
}

/** Initializers that no node reads. */
export function unusedOddity(names: readonly string[], bytes: number): Oddity[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, 3).map((n) => `"${n}"`);
  const [first] = names;
  return [
    {
      kind: 'unused-initializer',
      severity: 'info',
      sentence: `${names.length} weight${names.length === 1 ? ' is' : 's are'} read by no node (${(bytes / 1024).toFixed(1)} kB): ${shown.join(', ')}${names.length > 3 ? ' …' : ''}.`,
      weight: first!,
    },
  ];
}

/** Weights larger than this are rarely meant, and overflow float16 soon. */
const HUGE = 1e4;

/** What a scanned weight shows. `role` and `view` as the weights panel has them. */
export function weightOddities(weight: ScannedWeight, role: string, view: string): Oddity[] {
  const { name, layer, count, nan, infinite, min, max, dead, filters } = weight;
  const where = { weight: name, ...(layer === undefined ? {} : { layer }) };
  const title = layer === undefined ? `"${name}"` : `${layer} (${role})`;
  const out: Oddity[] = [];
  const say = (kind: string, severity: Oddity['severity'], sentence: string): void =>
    void out.push({ kind, severity, sentence, ...where });
  if (nan > 0) say('nan', 'error', `${title} holds ${nan} NaN of ${count} values.`);
  if (infinite > 0) say('infinite', 'error', `${title} holds ${infinite} infinite of ${count} values.`);
  const largest = Math.max(Math.abs(min), Math.abs(max));
  if (largest > HUGE && role !== 'variance')
    say('huge', 'warning', `${title} has values up to ${largest.toExponential(2)}.`);
  if (role === 'variance' && min < 0) say('negative-variance', 'error', `${title} has negative values.`);
  const grid = view !== 'vector' && view !== 'position' && filters > 1;
  if (grid && dead === filters && nan + infinite === 0)
    say('all-dead', 'warning', `All ${filters} filters of ${title} are zero: the layer passes nothing on.`);
  else if (grid && dead > 0)
    say('dead-filters', 'warning', `${dead} of ${filters} filters of ${title} are zero or next to nothing.`);
  else if (grid && min === max && count > 1 && nan + infinite === 0)
    say('constant-weight', 'warning', `Every value of ${title} is ${min}.`);
  return out;
}

function layerEntry(layers: readonly Layer[], node: GraphNode | undefined): { layer?: string } {
  const layer = node === undefined ? undefined : layers.find((l) => l.node === node.name);
  return layer === undefined ? {} : { layer: layer.name };
}
