import type { LayerDescription } from '../../../src/result/inspection.js';
import type { Measurements, Oddity, Severity } from '../../../src/result/overview.js';
import { formatShape } from '../../shared/format.js';
import type { LayerOrder } from '../kept.js';

/** One row of the list of layers. */
export interface LayerRow {
  readonly layer: LayerDescription;
  /** Position in the graph. */
  readonly index: number;
  /** Of the output, without the batch. */
  readonly shape: string;
  readonly flops: number | undefined;
  /** The worst that is known of it. */
  readonly odd: Severity | undefined;
  /** What is searched in, lower case. */
  readonly text: string;
}

const GRAVITY: Readonly<Record<Severity, number>> = { info: 1, warning: 2, error: 3 };

/** The rows of all layers in the order of the graph. */
export function layerRows(
  layers: readonly LayerDescription[],
  measured: Measurements | undefined,
  oddities: readonly Oddity[],
): readonly LayerRow[] {
  const odd = new Map<string, Severity>();
  for (const { layer, severity } of oddities) {
    const known = layer === undefined ? undefined : odd.get(layer);
    if (layer !== undefined && (known === undefined || GRAVITY[severity] > GRAVITY[known])) odd.set(layer, severity);
  }
  return layers.map((layer, index) => {
    const own = measured?.layers[index];
    const dims = own?.shape ?? layer.shape;
    const shape = dims === undefined ? '' : formatShape(withoutBatch(dims));
    const text = `${layer.name}\n${layer.op}\n${shape}\n${shape.replaceAll('×', 'x')}`.toLowerCase();
    return { layer, index, shape, flops: own?.flops, odd: odd.get(layer.name), text };
  });
}

/** Every layer has the batch in common: it says nothing. */
function withoutBatch(dims: readonly (number | string)[]): readonly (number | string)[] {
  return dims.length > 1 && (dims[0] === 1 || typeof dims[0] === 'string') ? dims.slice(1) : dims;
}

/** The rows in which every word of a text occurs: in the name, the operator or the shape (`64x112`), in a given order. */
export function findRows(rows: readonly LayerRow[], text: string, order: LayerOrder): readonly LayerRow[] {
  const words = text.toLowerCase().replaceAll('×', 'x').split(/\s+/).filter(Boolean);
  const found = words.length === 0 ? rows : rows.filter((row) => words.every((word) => row.text.includes(word)));
  if (order === 'graph') return found;
  const collator = new Intl.Collator('en', { numeric: true });
  const compare: Record<Exclude<LayerOrder, 'graph'>, (a: LayerRow, b: LayerRow) => number> = {
    name: (a, b) => collator.compare(a.layer.name, b.layer.name),
    op: (a, b) => collator.compare(a.layer.op, b.layer.op),
    parameters: (a, b) => b.layer.parameters - a.layer.parameters,
    flops: (a, b) => (b.flops ?? -1) - (a.flops ?? -1),
  };
  return [...found].sort((a, b) => compare[order](a, b) || a.index - b.index);
}

/** The next row after `from` whose name has a part that begins with what was typed; -1 where there is none. */
export function typeAhead(rows: readonly LayerRow[], typed: string, from: number): number {
  const wanted = typed.toLowerCase();
  for (let step = 0; step < rows.length; step++) {
    const at = (from + step) % rows.length;
    const name = rows[at]!.layer.name.toLowerCase();
    if (name.startsWith(wanted) || name.split(/[./]/).some((part) => part.startsWith(wanted))) return at;
  }
  return -1;
}
