import type { GraphNode } from '../graph.js';
import type { ModuleScope } from './layer.js';
import { tensorflowScope } from './owners.js';
import { parsePythonStrings } from './pythonRepr.js';

/** Where a node stands in the program that was exported. */
export interface NodeScope {
  /** Path of the innermost module, e.g. `layer1.0.relu`; '' for the model itself or where nothing is known. */
  readonly path: string;
  /** The operator's own name within the module, with its number: `Relu_1`. */
  readonly local?: string;
}

const NOWHERE: NodeScope = { path: '' };

/** The scope of a node: from the newer exporter's metadata, else from the older one's node names, else from TensorFlow's. */
export function scopeOf(node: GraphNode): NodeScope {
  const names = node.metadata.get('pkg.torch.onnx.name_scopes');
  if (names !== undefined) {
    // The last entry is the call itself, not a module.
    const path = parsePythonStrings(names);
    if (path.length > 0) return { path: path.at(-2) ?? '' };
  }
  const namespace = node.metadata.get('namespace');
  if (namespace !== undefined && namespace.includes(': ')) {
    return { path: namespace.split('/').at(-2)?.split(': ')[0] ?? '' };
  }
  if (node.name.startsWith('/')) return legacyScope(node.name);
  const path = tensorflowScope(node.name);
  return path === undefined ? NOWHERE : { path };
}

/** The modules that a node stands in, with their classes: only the newer exporter writes them. The call itself is left out. */
export function modulesOf(node: GraphNode): readonly ModuleScope[] {
  const names = parsePythonStrings(node.metadata.get('pkg.torch.onnx.name_scopes') ?? '');
  const types = parsePythonStrings(node.metadata.get('pkg.torch.onnx.class_hierarchy') ?? '');
  if (names.length !== types.length) return [];
  return names.slice(0, -1).map((path, i) => ({ path, type: types[i]! }));
}

/**
 * `/layer1/layer1.0/conv1/Conv` is the operator Conv of the module `layer1.0.conv1`. A part that repeats the one before
 * it and goes on with a dot is a child of a container and takes its place.
 */
function legacyScope(name: string): NodeScope {
  const parts = name.split('/').slice(1);
  const local = parts.pop() ?? '';
  let path = '';
  let before = '';
  for (const part of parts) {
    if (before !== '' && part.startsWith(`${before}.`)) path += part.slice(before.length);
    else path += path === '' ? part : `.${part}`;
    before = part;
  }
  return { path, local };
}
