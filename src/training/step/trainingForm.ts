import { isFloating, sizeOf, type ElementType } from '../../base/tensor.js';
import { smallFloats } from '../../graph/constants.js';
import { float, makeAttributes } from '../../graph/attributes.js';
import { makeNode, prune } from '../../graph/edits.js';
import { dimsAt, isStatic, type Facts, type ValueFact } from '../../graph/facts.js';
import type { Graph, GraphNode } from '../../graph/graph.js';
import { inMemory, type StoredTensor, type ValueInfo } from '../../graph/values.js';
import { Names } from '../../graph/names.js';
import { indexOf } from '../../graph/graph.js';
import { wideFacts, widened, type Half } from '../../graph/rewrite/widen.js';
import { numbers } from '../../gradient/emit/tape.js';
import type { DropoutMask, StepRequest } from './step.js';

/** A BatchNormalization that normalises by the statistics of the batch. */
export interface BatchNorm {
  readonly node: string;
  /** Names of the running statistics among the model's weights. */
  readonly mean: string;
  readonly variance: string;
  /** Values with the statistics of the batch, `[channels]`. */
  readonly batchMean: string;
  readonly batchVariance: string;
  /** Share of the old running statistics that stays. */
  readonly momentum: number;
  /** What is normalised: all its axes but the second are averaged over. */
  readonly of: string;
}

/** A classifier as it is trained: what changes is an input. */
export interface TrainingForm {
  readonly graph: Graph;
  readonly facts: Facts;
  readonly norms: readonly BatchNorm[];
  readonly masks: readonly DropoutMask[];
}

const HALVES: readonly Half[] = ['float16', 'bfloat16'];

/**
 * The forward graph up to the logits, in training form: trained weights are inputs; a BatchNormalization whose scale or bias
 * is trained uses the statistics of the batch; Dropout multiplies with masks that are fed. A frozen BatchNormalization stays
 * as it runs, statistics and all. What is stored in half precision is computed in float32.
 */
export function trainingForm(request: StepRequest): TrainingForm {
  return new Former(request).form();
}

/** Extra facts in front of those of a model. */
class MoreFacts implements Facts {
  readonly own = new Map<string, ValueFact>();
  constructor(private readonly facts: Facts) {}
  get dynamicBatch(): boolean {
    return this.facts.dynamicBatch;
  }
  get batch(): number {
    return this.facts.batch;
  }
  get(value: string): ValueFact | undefined {
    return this.own.get(value) ?? this.facts.get(value);
  }
}

class Former {
  private readonly graph: Graph;
  private readonly facts: MoreFacts;
  private readonly names: Names;
  private readonly weights: Map<string, StoredTensor>;
  private readonly inputs: ValueInfo[];
  private readonly norms: BatchNorm[] = [];
  private readonly masks: DropoutMask[] = [];

  constructor(private readonly request: StepRequest) {
    const moved = withInputs(prune(request.graph, [request.logits]), request.trainable);
    this.graph = widened(moved, HALVES);
    this.facts = new MoreFacts(wideFacts(request.facts, HALVES));
    for (const { name, type, dims } of this.graph.inputs)
      if (request.trainable.includes(name) && type !== undefined)
        this.facts.own.set(name, fixedFact(type, dims as readonly number[]));
    this.names = new Names(indexOf(this.graph).names);
    this.weights = new Map(this.graph.weights);
    this.inputs = [...this.graph.inputs];
  }

  form(): TrainingForm {
    const nodes = this.graph.nodes.flatMap((node) =>
      node.domain === '' && node.op === 'BatchNormalization'
        ? [this.batchNorm(node)]
        : node.domain === '' && node.op === 'Dropout'
          ? this.dropout(node)
          : [node],
    );
    const { weights, inputs, facts, norms, masks } = this;
    return { graph: { ...this.graph, nodes, weights, inputs }, facts, norms, masks };
  }

  private batchNorm(node: GraphNode): GraphNode {
    const [x, scale, bias, mean, variance] = node.inputs as [string, string, string, string, string];
    const asked = this.request.trainable;
    const buffers = this.request.graph.weights;
    if (!(asked.includes(scale) || asked.includes(bias)) || !buffers.has(mean) || !buffers.has(variance)) return node;
    const channels = sizeOf(this.facts.get(mean)?.base ?? this.graph.weights.get(mean)!.dims);
    const type = this.facts.get(mean)?.type ?? 'float32';
    const [batchMean, batchVariance] = ['mean', 'variance'].map((what) => {
      const name = this.names.make(`${node.name}/batch_${what}`);
      this.facts.own.set(name, fixedFact(type, [channels]));
      return name;
    }) as [string, string];
    this.norms.push({
      node: node.name,
      mean,
      variance,
      batchMean,
      batchVariance,
      momentum: node.attributes.float('momentum', 0.9),
      of: x,
    });
    return {
      ...node,
      inputs: [x, scale, bias, this.unread(node, type, channels, 0), this.unread(node, type, channels, 1)],
      outputs: [node.outputs[0]!, batchMean, batchVariance],
      // Momentum 0: the running statistics that come out are the batch's own.
      attributes: makeAttributes({
        epsilon: float(node.attributes.float('epsilon', 1e-5)),
        momentum: float(0),
        training_mode: 1,
      }),
    };
  }

  /**
   * Running statistics that count with weight 0. ONNX Runtime writes the new ones over them, so that nodes which share a
   * constant, or constants that it takes for equal, would all read the last node's: each node gets a value of its own.
   */
  private unread(node: GraphNode, type: ElementType, channels: number, which: number): string {
    const name = this.names.make(`${node.name}/unread`);
    const value = 1 + 2 * this.norms.length + which;
    this.weights.set(name, inMemory(name, numbers(type, [channels], new Float64Array(channels).fill(value))));
    return name;
  }

  private dropout(node: GraphNode): readonly GraphNode[] {
    const [x, ratioName] = node.inputs as [string, string | undefined];
    const output = node.outputs[0]!;
    // Without its third input it hands on what it is given.
    const still = { ...node, inputs: node.inputs.slice(0, 2) };
    const ratio = smallFloats(this.graph.weights.get(ratioName ?? ''))?.[0] ?? 0.5;
    const fact = this.facts.get(output);
    if (!this.request.dropout || ratio <= 0 || ratio >= 1 || fact === undefined || !isFloating(fact.type))
      return [still];
    const name = this.names.make(`${node.name}/mask`);
    const keep = 1 - ratio;
    this.masks.push({
      name,
      dims: dimsAt(fact, this.request.batch),
      batchAxis: isStatic(fact) ? 0 : fact.slope.findIndex((s) => s !== 0),
      keep,
    });
    this.facts.own.set(name, fact);
    const scaled = this.names.make(`${node.name}/scaled_mask`);
    this.facts.own.set(scaled, fact);
    const factor = this.names.make(`${node.name}/keep`);
    this.weights.set(factor, inMemory(factor, numbers(fact.type, [], [1 / keep])));
    this.inputs.push({ name, type: fact.type, dims: fact.base.map((b, i) => (fact.slope[i] === 0 ? b : '')) });
    return [
      makeNode('Mul', scaled, [name, factor]),
      { ...makeNode('Mul', node.name, [x, scaled]), outputs: [output], metadata: node.metadata },
    ];
  }
}

/** The graph with some of its weights as inputs. */
function withInputs(graph: Graph, names: readonly string[]): Graph {
  const weights = new Map(graph.weights);
  const inputs = names.flatMap((name): ValueInfo[] => {
    const weight = weights.get(name);
    if (weight === undefined) return [];
    weights.delete(name);
    return [{ name, type: weight.type, dims: weight.dims }];
  });
  return { ...graph, weights, inputs: [...graph.inputs, ...inputs] };
}

function fixedFact(type: ElementType, dims: readonly number[]): ValueFact {
  return { type, base: dims, slope: dims.map(() => 0) };
}
