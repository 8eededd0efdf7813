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
  // A kernel that folding has changed is a new tensor and gets a name that the exporter makes up; a bias that it has made is
  // called after the kernel.
  const made = biased.flatMap((n) =>
    ownerOf(n.inputs[1]!) === undefined ? [n.inputs[1]!] : n.inputs[2] === `${n.inputs[1]}_bias` ? [n.inputs[2]] : [],
  );
  const consequence =
    'it is trained as it is, with one bias for each channel and no normalisation: take a smaller learning rate, and expect training from random weights to be harder';
  if (made.length >= SEVERAL)
    return `BatchNormalization is folded into the convolutions (${made.length} of them have weights that the exporter made, such as "${made[0]}"): ${consequence}.`;
  if (biased.length >= SEVERAL)
    return `The file holds no BatchNormalization. If the network had any, its exporter has folded it into the convolutions: ${consequence}.`;
  return undefined;
}
