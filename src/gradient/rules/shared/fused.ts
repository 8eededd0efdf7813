import { Algebra } from '../../emit/algebra.js';
import { float } from '../../../graph/attributes.js';
import type { Ref } from '../../rule.js';

/** The activation that a fused operator carries in `activation` and `activation_params`. */
export function activated(a: Algebra, x: Ref): Ref {
  const { attributes } = a.c;
  const kind = attributes.string('activation', '');
  const [first, second] = attributes.floats('activation_params') ?? [];
  switch (kind) {
    case '':
      return x;
    case 'Relu':
    case 'Tanh':
    case 'Sigmoid':
    case 'HardSwish':
    case 'Softplus':
      return a.op(kind, [x]);
    case 'LeakyRelu':
      return a.op(kind, [x], { alpha: float(first ?? attributes.float('activation_alpha', 0.01)) });
    case 'HardSigmoid':
      return a.op(kind, [x], { alpha: float(first ?? 0.2), beta: float(second ?? 0.5) });
    case 'Clip':
      return a.op(kind, [x, a.emit.scalar(first ?? -Infinity, x), a.emit.scalar(second ?? Infinity, x)]);
    default:
      return a.c.refuse(`its fused activation "${kind}" is not known`);
  }
}
