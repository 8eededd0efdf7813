import type { FilePath } from '../base/place.js';
import type { NodeDetail } from '../result/graphNode.js';
import type { GraphActivations, GraphStructure } from '../result/graphView.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { ModelRequest, WorkProgress } from './request.js';

export interface GraphRequest extends ModelRequest {
  /** Runs the model once for the shapes on the edges and the FLOPs; without it nothing is run. Default false. */
  readonly measured?: boolean;
}

export interface GraphNodeRequest extends ModelRequest {
  /** Index into the nodes of `graphView`. */
  readonly node: number;
  /** With the shapes of a run, which takes one where there was none. Default false. */
  readonly measured?: boolean;
}

export interface GraphActivationsRequest extends ModelRequest {
  /** One picture or `.npy`. */
  readonly input: FilePath;
}

/** The graph as it is drawn. */
export interface GraphOperations {
  graphView: Operation<GraphRequest, GraphStructure, WorkProgress>;
  /** What the file says about one node: attributes, types and shapes, constants. */
  graphNode: Operation<GraphNodeRequest, NodeDetail, WorkProgress>;
  /** Numbers about every value of the graph on one picture. */
  graphActivations: Operation<GraphActivationsRequest, GraphActivations, WorkProgress>;
}

export const graphOperations: Chapter<GraphOperations> = {
  graphView: { runs: ({ measured }) => Boolean(measured), waits: 'neither' },
  graphNode: { runs: ({ measured }) => Boolean(measured), waits: 'neither' },
  graphActivations: { runs: 'always', waits: 'foreground', title: 'activations of' },
};
