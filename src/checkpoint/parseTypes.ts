import type { ElementType } from '../base/tensor.js';
import type { Context } from './context.js';
import { typeOfCode } from './elements.js';
import type { Dimension, ValueInfo } from './model.js';
import { Fields, type Span } from './wire.js';

/** ValueInfoProto. */
export function parseValueInfo(context: Context, span: Span): ValueInfo {
  const f = new Fields(context.window, span);
  let name = '';
  const types: Span[] = [];
  while (f.next()) {
    if (f.field === 1) name = f.text();
    else if (f.field === 2) types.push(f.span());
    else f.skip();
  }
  return { name, ...parseType(context, types) };
}

/** TypeProto: only tensors have an element type and dimensions here. */
function parseType(context: Context, spans: readonly Span[]): Omit<ValueInfo, 'name'> {
  let type: ElementType | undefined;
  let dims: Dimension[] | undefined;
  let denotation = '';
  for (const span of spans) {
    const f = new Fields(context.window, span);
    while (f.next()) {
      if (f.field === 6) denotation = f.text();
      else if (f.field === 1) {
        const t = new Fields(context.window, f.span());
        while (t.next()) {
          if (t.field === 1) type = typeOfCode(t.int());
          else if (t.field === 2) dims = parseShape(context, t.span());
          else t.skip();
        }
      } else f.skip();
    }
  }
  return {
    ...(type === undefined ? {} : { type }),
    ...(dims === undefined ? {} : { dims }),
    ...(denotation === '' ? {} : { denotation }),
  };
}

function parseShape(context: Context, span: Span): Dimension[] {
  const dims: Dimension[] = [];
  const f = new Fields(context.window, span);
  while (f.next()) {
    if (f.field !== 1) {
      f.skip();
      continue;
    }
    const d = new Fields(context.window, f.span());
    let dim: Dimension = '';
    while (d.next()) {
      if (d.field === 1) {
        const value = d.int();
        // Some exporters write -1 for a free dimension.
        dim = value >= 0 ? value : '';
      } else if (d.field === 2) dim = d.text();
      else d.skip();
    }
    dims.push(dim);
  }
  return dims;
}

/** OperatorSetIdProto. */
export function parseOpset(context: Context, span: Span): [string, number] {
  const f = new Fields(context.window, span);
  let domain = '';
  let version = 0;
  while (f.next()) {
    if (f.field === 1) domain = normalDomain(f.text());
    else if (f.field === 2) version = f.int();
    else f.skip();
  }
  return [domain, version];
}

/** Domain names of the standard operators. */
export function normalDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}
