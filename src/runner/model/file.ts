import type { Checkpoint } from '../../checkpoint/model.js';
import { openCheckpoint } from '../../checkpoint/reader.js';
import { whenComplete } from '../../checkpoint/stability.js';
import { buildGraph } from '../../graph/build/build.js';
import type { Graph } from '../../graph/graph.js';
import type { Layer } from '../../graph/layers/layer.js';
import { layersOf } from '../../graph/layers/layers.js';

/** A model's file, read without weights and without a session. */
export interface ModelFile {
  readonly path: string;
  readonly checkpoint: Checkpoint;
  readonly graph: Graph;
  readonly layers: readonly Layer[];
}

/** Reads a model. One that is just being written is waited for. */
export function readModelFile(file: string): Promise<ModelFile> {
  return whenComplete(file, async () => {
    const checkpoint = await openCheckpoint(file);
    const graph = buildGraph(checkpoint);
    return { path: file, checkpoint, graph, layers: layersOf(graph) };
  });
}
