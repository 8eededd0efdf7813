import { isStatic, type Facts } from '../facts.js';
import { indexOf, type Graph } from '../graph.js';
import { operator } from '../operators/operators.js';
import { product } from './axes.js';
import { dimsOf, type Operand, type Product } from './products.js';
import type { AttentionSite, LeadAxis, LeadRole } from './site.js';
import { weightsOf } from './weights.js';

interface Parts {
  readonly gather: Product;
  /** The matrix, and the values it gathers. */
  readonly operand: Operand;
  readonly other: Operand;
  readonly queryAxis: number;
  readonly keyAxis: number;
  /** Whether an axis of the matrix is, among the values, one that was split off the channels. */
  readonly splitsChannels: (axis: number) => boolean;
}

/** So many nodes between the gathered values and the projection that joins the heads. */
const FAR = 24;

/**
 * What the axes in front of queries and keys count. The number of heads is the width that goes into the projection behind,
 * over the width of one head's values; the batch is where shapes follow the batch; windows are what is left.
 */
export function leadAxes(
  graph: Graph,
  facts: Facts,
  parts: Parts,
): Pick<AttentionSite, 'lead' | 'heads' | 'windows' | 'headsGuessed'> {
  const { operand, queryAxis, keyAxis } = parts;
  const dims = dimsOf(facts, operand.value)!;
  const fact = facts.get(operand.value)!;
  const axes = dims.flatMap((size, axis) => (axis === queryAxis || axis === keyAxis ? [] : [{ axis, size }]));
  const follows = axes.find(({ axis }) => fact.slope[axis] !== 0);
  const batched = follows ?? (isStatic(fact) ? axes.find(({ size }) => size % facts.batch === 0) : undefined);
  const maps = product(axes.map((a) => a.size)) / (batched === undefined ? 1 : facts.batch);
  const projected = headsByProjection(graph, facts, parts);
  const said = projected !== undefined && maps % projected === 0 ? projected : undefined;
  const rest = axes.map(({ axis, size }) => ({
    axis,
    size: axis === batched?.axis ? size / facts.batch : size,
    batch: axis === batched?.axis,
  }));
  // The axis of the heads: of their number, behind windows where two have it; else merged with the windows in front.
  const possible = said === undefined ? [] : rest.filter((a) => a.size === said && !(a.batch && a.size === 1));
  const own =
    possible.length > 1 ? (possible.find((a) => parts.splitsChannels(a.axis)) ?? possible.at(-1)) : possible[0];
  const merged = said === undefined || own !== undefined ? undefined : rest.findLast((a) => a.size % said === 0);
  const alone = said === undefined ? rest.filter((a) => a.size > 1) : [];
  const lead: LeadAxis[] = rest.map(({ axis, size, batch }) => {
    const factors: { role: LeadRole; size: number }[] = batch ? [{ role: 'batch', size: facts.batch }] : [];
    const add = (role: LeadRole, count: number): void => void (count > 1 && factors.push({ role, size: count }));
    if (axis === own?.axis) add('heads', size);
    else if (axis === merged?.axis) {
      add('windows', size / said!);
      add('heads', said!);
    } else
      add(
        alone.length === 1 && alone[0]!.axis === axis ? 'heads' : said === undefined && !batch ? 'heads' : 'windows',
        size,
      );
    return { axis, factors };
  });
  const count = (role: LeadRole): number =>
    product(lead.flatMap((a) => a.factors.filter((f) => f.role === role).map((f) => f.size)));
  return { lead, heads: count('heads'), windows: count('windows'), headsGuessed: said === undefined && maps > 1 };
}

/** Width into the first product with weights behind the gathered values, over the width of a head's. */
function headsByProjection(graph: Graph, facts: Facts, { gather, other }: Parts): number | undefined {
  const width = other.own.length === 1 ? dimsOf(facts, other.value)?.[other.own[0]!.axis] : undefined;
  if (width === undefined || width === 0) return undefined;
  const index = indexOf(graph);
  const weight = weightsOf(graph);
  let value = gather.output;
  for (let far = 0; far < FAR; far++) {
    const consumers = index.consumers(value);
    const projection = consumers.find(
      (n) => operator(n).product !== undefined && n.inputs.slice(1).some((v) => weight(v)) && n.inputs[0] === value,
    );
    if (projection !== undefined) {
      const dims = dimsOf(facts, value)!;
      const into = operator(projection).product === 'convolution' ? dims[1] : dims.at(-1);
      const heads = (into ?? 0) / width;
      return Number.isInteger(heads) && heads > 0 ? heads : undefined;
    }
    const next = consumers.find((n) => {
      const row = operator(n);
      return row.elementwise !== undefined || row.flops === 0 || row.readThrough === true || row.normalises === true;
    });
    if (next === undefined) return undefined;
    value = next.outputs[0]!;
  }
  return undefined;
}
