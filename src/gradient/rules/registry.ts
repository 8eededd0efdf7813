import type { Graph, GraphNode } from '../../graph/graph.js';
import type { Answer, Rule, RuleEntry } from '../rule.js';
import { RULES } from './index.js';

const byOperator = collect(RULES);

function collect(entries: readonly RuleEntry[]): Map<string, RuleEntry[]> {
  const table = new Map<string, RuleEntry[]>();
  for (const entry of entries) {
    const key = operatorName(entry.domain ?? '', entry.op);
    const list = table.get(key) ?? [];
    const clash = list.find(
      (e) => (e.since ?? 0) <= (entry.until ?? Infinity) && (entry.since ?? 0) <= (e.until ?? Infinity),
    );
    if (clash !== undefined) throw new Error(`Two answers for ${key}`);
    list.push(entry);
    table.set(key, list);
  }
  return table;
}

/** `Relu`, `com.microsoft.Gelu`: how an operator is called in messages and overrides. */
export function operatorName(domain: string, op: string): string {
  return domain === '' || domain === 'ai.onnx' ? op : `${domain}.${op}`;
}

/** Every entry, for tests and for the documentation. */
export function allRules(): readonly RuleEntry[] {
  return RULES;
}

/** Domains of what ONNX Runtime writes when it saves a model that it has optimised for the machine it runs on. */
const LAYOUTS: ReadonlySet<string> = new Set(['com.microsoft.nchwc', 'com.ms.internal.nhwc']);

/** What the registry says about an operator. One that it does not know is refused by name. */
export function answerFor(domain: string, op: string, opset: number): Answer {
  const entries = byOperator.get(operatorName(domain, op));
  const entry = entries?.find((e) => opset >= (e.since ?? 0) && opset <= (e.until ?? Infinity));
  if (entry !== undefined) return entry.answer;
  if (entries !== undefined) return { kind: 'refuse', reason: `no gradient is known for it in opset ${opset}` };
  const where = LAYOUTS.has(domain)
    ? 'it is in a layout made for one kind of processor; save the model with optimisations up to ORT_ENABLE_EXTENDED'
    : domain === ''
      ? 'no gradient is known for this operator'
      : `it belongs to the domain "${domain}", which has no gradient here`;
  return { kind: 'refuse', reason: where };
}

/** The answers for the nodes of one graph, overrides first. */
export function answersOf(graph: Graph, overrides?: ReadonlyMap<string, Rule>): (node: GraphNode) => Answer {
  const cache = new Map<string, Answer>();
  return (node) => {
    const key = operatorName(node.domain, node.op);
    let answer = cache.get(key);
    if (answer === undefined) {
      const override = overrides?.get(key);
      const opset =
        node.domain === '' || node.domain === 'ai.onnx' ? graph.opset : (graph.opsets.get(node.domain) ?? 1);
      answer = override === undefined ? answerFor(node.domain, node.op, opset) : { kind: 'rule', rule: override };
      cache.set(key, answer);
    }
    return answer;
  };
}
