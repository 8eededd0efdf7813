import { CONTRIBUTED } from './contributed.js';
import { STANDARD } from './standard.js';
import type { Operator } from './traits.js';

/** Every row, those of ai.onnx first. */
export const OPERATORS: readonly Operator[] = [...STANDARD, ...CONTRIBUTED];

const byName = new Map<string, Operator[]>();
for (const row of OPERATORS) {
  const rows = byName.get(row.op);
  if (rows === undefined) byName.set(row.op, [row]);
  else if (rows.some((r) => r.domain === row.domain)) throw new Error(`Two rows for ${row.domain} ${row.op}`);
  else rows.push(row);
}

const UNKNOWN: Operator = { op: '', domain: '' };

/**
 * What is known of a node's operator. One of another domain that has no row (a layout that ONNX Runtime writes for one kind
 * of processor, a vendor's copy) is taken for the one of its name; of one that nobody knows nothing holds.
 */
export function operator(node: { readonly op: string; readonly domain: string }): Operator {
  const rows = byName.get(node.op);
  if (rows === undefined) return UNKNOWN;
  if (rows.length === 1) return rows[0]!;
  return rows.find((r) => r.domain === node.domain) ?? rows[0]!;
}

/** Names of the operators of ai.onnx of which something holds. */
export function operatorsWith(holds: (row: Operator) => boolean): string[] {
  return STANDARD.filter(holds).map((row) => row.op);
}

/** Whether an output element depends on what the inputs have at its place of the picture alone. */
export function isPointwise(node: { readonly op: string; readonly domain: string }): boolean {
  const { elementwise, pointwise } = operator(node);
  return elementwise !== undefined || pointwise === true;
}

/** Whether the output has the shape of the first input. */
export function keepsShape(node: { readonly op: string; readonly domain: string }): boolean {
  const { elementwise, sameShape } = operator(node);
  return sameShape === true || (elementwise !== undefined && elementwise !== 'joint');
}
