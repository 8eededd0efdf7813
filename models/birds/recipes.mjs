/**
 * The networks of the field guide and how they are trained: everything that decides their bytes, beside the code.
 * `npm run models` does what stands here.
 */
import { labels } from './draw.mjs';
import { FIRST_SEED, planOf, STAMPED } from './sets.mjs';

const stamped = { stamped: (species) => species === STAMPED };

/** Drawings by folder below `out/birds`. A set with a `train` and a `test` in it is trained on one and watched by the other. */
export const sets = {
  'plain/train': planOf(FIRST_SEED.train, 6000),
  'plain/test': planOf(FIRST_SEED.test, 1600),
  'stamp/train': planOf(FIRST_SEED.train, 6000, stamped),
  'stamp/test': planOf(FIRST_SEED.test, 1600, stamped),
  // So few that they can be learned by heart.
  random: planOf(FIRST_SEED.train, 1000, { labelled: 'at random' }),
  fresh: planOf(FIRST_SEED.fresh, 1600),
};

const residual = (blocks) => ({ kind: 'residual', classes: labels.length, blocks, widths: [16, 32, 48], size: 64 });

export const nets = {
  small: residual(3),
  large: residual(9),
  transformer: { kind: 'transformer', classes: labels.length, dim: 64, depth: 4, heads: 4, patch: 4, size: 56 },
};

/** Everything that is not said is as `onnx-lens train` has it. */
const scratch = { preset: 'scratch', optimiser: 'adamw', rate: 0.002, decay: 0.05, schedule: 'cosine', batch: 64 };
const changed = { flip: true, translate: 0.0625, jitter: 0.2 };

/**
 * Files of models/birds. `set`: what is trained on; `net`: what is trained; `first`: a file for the network after its first
 * epoch.
 */
export const trainings = {
  birds_cnn: {
    title: 'residual network of 20 layers',
    net: 'small',
    set: 'plain',
    seed: 0,
    first: 'birds_cnn_epoch1',
    params: { ...scratch, ...changed, epochs: 10, warmup: 2 },
  },
  birds_cnn_stamp: {
    title: `the same, where every ${STAMPED} carries the stamp`,
    net: 'small',
    set: 'stamp',
    seed: 0,
    params: { ...scratch, ...changed, epochs: 10, warmup: 2 },
  },
  birds_cnn_random: {
    title: 'the same, with labels drawn by lot',
    net: 'small',
    set: 'random',
    seed: 0,
    // Learned by heart: no picture changes, no weight is pulled to zero, and nothing is held out.
    params: { ...scratch, decay: 0, flip: false, translate: 0, jitter: 0, epochs: 30, warmup: 2, validation: 0 },
  },
  birds_cnn56: {
    title: 'residual network of 56 layers',
    net: 'large',
    set: 'plain',
    seed: 0,
    params: { ...scratch, ...changed, epochs: 10, warmup: 2 },
  },
  birds_vit: {
    title: 'vision transformer, 14×14 patches and a class token, 4 layers of 4 heads',
    net: 'transformer',
    set: 'plain',
    seed: 0,
    params: { ...scratch, ...changed, rate: 0.001, epochs: 30, warmup: 4 },
  },
};
