import type { Sidecar } from '../../../src/input/sidecar.js';

/** A settings file in which everything about pictures is said. */
export const fullSidecar = {
  input: {
    name: 'data',
    layout: 'NHWC',
    color: 'BGR',
    size: [227, 200],
    resize: { mode: 'shortSide', size: 256, interpolation: 'bicubic' },
    crop: 'center',
    range: [0, 255],
    mean: [104, 117, 123],
    std: [1],
    pad: [1, 2, 3],
  },
  labels: ['cat', 'dog'],
  output: 'logits',
} satisfies Sidecar;
