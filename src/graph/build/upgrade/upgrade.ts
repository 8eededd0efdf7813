import type { ElementType } from '../../../base/tensor.js';
import type {
  Dimension,
  FunctionProto,
  GraphProto,
  NodeProto,
  StoredTensor,
  ValueInfo,
} from '../../../checkpoint/model.js';
import { Attributes } from '../../attributes.js';
import { constantOf, smallIntegers } from '../../constants.js';
import { Names } from '../../names.js';
import { mapGraphs, namesWithin } from '../../nested.js';
import { keepsShape, operator } from '../../operators/operators.js';
import { inferNode } from '../../types.js';
import type { Scope } from './converter.js';
import { UPGRADES } from './table.js';

/** The opset that everything is brought up to. */
export const TARGET_OPSET = 18;

/** A graph of an older opset in its opset-18 form, nested graphs included; the graph itself when it is new enough. */
export function upgradeGraph(graph: GraphProto, opset: number): GraphProto {
  if (opset >= TARGET_OPSET) return graph;
  return upgradeWithin(graph, opset, new Names(() => namesWithin(graph)), undefined);
}

/** A function's body, by the opset the function declares for itself. */
export function upgradeFunction(definition: FunctionProto, modelOpset: number): FunctionProto {
  const opset = definition.opsets.get('') ?? modelOpset;
  if (opset >= TARGET_OPSET) return definition;
  const body: GraphProto = {
    name: '',
    doc: '',
    nodes: definition.nodes,
    initializers: [],
    inputs: definition.inputs.map(named),
    outputs: definition.outputs.map(named),
    valueInfo: [],
  };
  return { ...definition, nodes: upgradeGraph(body, opset).nodes };
}

function named(name: string): ValueInfo {
  return { name };
}

function upgradeWithin(graph: GraphProto, opset: number, names: Names, outer: GraphScope | undefined): GraphProto {
  const scope = new GraphScope(graph, opset, names, outer);
  const nodes = graph.nodes.flatMap((node): readonly NodeProto[] => {
    const attributes = mapGraphs(node.attributes, (g) => upgradeWithin(g, opset, names, scope));
    const whole = attributes === node.attributes ? node : { ...node, attributes };
    const upgrade = node.domain === '' ? UPGRADES.get(node.op) : undefined;
    return upgrade !== undefined && opset < upgrade.before ? upgrade.convert(whole, scope) : [whole];
  });
  return { ...graph, nodes };
}

/** What a graph says about its values; computed only when somebody asks. */
class GraphScope implements Scope {
  private known:
    | {
        readonly constants: Map<string, StoredTensor>;
        readonly producers: Map<string, NodeProto>;
        readonly dims: Map<string, readonly Dimension[]>;
      }
    | undefined;
  private types: Map<string, ElementType> | undefined;

  constructor(
    private readonly graph: GraphProto,
    readonly opset: number,
    private readonly names: Names,
    private readonly outer: GraphScope | undefined,
  ) {}

  fresh(wish: string): string {
    return this.names.make(wish);
  }

  constant(value: string): StoredTensor | undefined {
    return this.look().constants.get(value) ?? this.outer?.constant(value);
  }

  type(value: string): ElementType | undefined {
    return this.allTypes().get(value);
  }

  dims(value: string): readonly Dimension[] | undefined {
    return this.look().dims.get(value) ?? this.outer?.dims(value);
  }

  rank(value: string, depth = 0): number | undefined {
    const declared = this.dims(value)?.length;
    if (declared !== undefined || depth > 64) return declared;
    const node = this.look().producers.get(value);
    if (node === undefined) return undefined;
    if (node.op === 'Gemm' || node.op === 'Flatten') return 2;
    if (node.op === 'Reshape') return smallIntegers(this.constant(node.inputs[1] ?? ''))?.length;
    const same = keepsShape(node) || operator(node).sameRank === true;
    return same ? this.rank(node.inputs[0] ?? '', depth + 1) : undefined;
  }

  private look(): NonNullable<GraphScope['known']> {
    if (this.known !== undefined) return this.known;
    const constants = new Map<string, StoredTensor>();
    const producers = new Map<string, NodeProto>();
    const dims = new Map<string, readonly Dimension[]>();
    for (const v of [...this.graph.inputs, ...this.graph.outputs, ...this.graph.valueInfo])
      if (v.dims !== undefined) dims.set(v.name, v.dims);
    const add = (w: StoredTensor): void => {
      constants.set(w.name, w);
      dims.set(w.name, w.dims);
    };
    this.graph.initializers.forEach(add);
    for (const node of this.graph.nodes) {
      for (const output of node.outputs) producers.set(output, node);
      const value =
        node.op === 'Constant' ? constantOf(new Attributes(node.attributes), node.outputs[0] ?? '') : undefined;
      if (value !== undefined) add(value);
    }
    return (this.known = { constants, producers, dims });
  }

  private allTypes(): Map<string, ElementType> {
    if (this.types !== undefined) return this.types;
    const types = new Map(this.outer?.allTypes() ?? []);
    for (const v of [...this.graph.inputs, ...this.graph.outputs, ...this.graph.valueInfo, ...this.graph.initializers])
      if (v.type !== undefined) types.set(v.name, v.type);
    for (const node of this.graph.nodes) inferNode({ ...node, attributes: new Attributes(node.attributes) }, types);
    return (this.types = types);
  }
}
