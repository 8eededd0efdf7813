import { prune } from '../../graph/edits.js';
import type { Graph } from '../../graph/graph.js';
import { ownerOf } from '../../graph/layers/owners.js';
import { operator } from '../../graph/operators/operators.js';

/** Convolutions with a bias that make a network which one expects to be normalised. */
const SEVERAL = 4;

/**
 * What it means for training that a model's BatchNormalization is not in the file: exporters fold it into the convolutions in
 * front of it. Undefined where normalisations are there, or the network is too small to need any.
 */
export function foldedNote(graph: Graph, logits?: string): string | undefined {
  const { nodes } = logits === undefined ? graph : prune(graph, [logits]);
  if (nodes.some((n) => operator(n).normalises === true)) return undefined;
  const biased = nodes.filter(
    (n) =>
      operator(n).product === 'convolution' &&
      graph.weights.has(n.inputs[1] ?? '') &&
      graph.weights.has(n.inputs[2] ?? ''),
  );
  // A kernel that folding has changed is a new tensor, and gets a name that the exporter makes up.
  const renamed = biased.filter((n) => ownerOf(n.inputs[1]!) === undefined);
  const consequence =
    'it is trained as it is, with one bias for each channel and no normalisation: take a smaller learning rate, and expect training from random weights to be harder';
  if (renamed.length >= SEVERAL)
    return `BatchNormalization is folded into the convolutions (${renamed.length} of them have kernels that the exporter named, such as "${renamed[0]!.inputs[1]}"): ${consequence}.`;
  if (biased.length >= SEVERAL)
    return `The file holds no BatchNormalization. If the network had any, its exporter has folded it into the convolutions: ${consequence}.`;
  return undefined;
}
