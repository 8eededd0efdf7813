import { floatTensor } from '../../../../src/base/tensor.js';
import type { VisualizeAnswer, VisualizeForm } from '../../../../src/protocol/reconstruction.js';
import type { PictureAsked } from '../../../../src/protocol/reconstructionPanel.js';
import { answerAbout, recipe } from '../dataset/survey.js';

export const picture = (value: number) => ({ width: 2, height: 2, data: new Uint8Array(12).fill(value) });

/** A form of two presets, in which one has tricks; a layer has four channels of 3 × 3. */
export function formOf(layer: string | undefined, change: Partial<VisualizeForm> = {}): VisualizeForm {
  const choice = { title: '', description: '', type: 'text', default: '' } as const;
  const number = { title: '', description: '', type: 'number', default: 0 } as const;
  const plain = { preset: 'naive', image: 'pixels', colours: 'none', jitter: 0, noise: 0, steps: 64 };
  return {
    schema: { preset: choice, image: choice, colours: choice, jitter: number, noise: number, steps: number },
    presets: {
      naive: plain,
      distill: { ...plain, preset: 'distill', image: 'fourier', colours: 'imagenet', jitter: 2 },
      maco: { ...plain, preset: 'maco', image: 'phase' },
    },
    height: 2,
    width: 2,
    colours: 3,
    classes: [
      { index: 0, label: 'cat' },
      { index: 1, label: 'dog' },
    ],
    ...(layer === undefined ? {} : { layer: { name: layer, channels: 4, height: 3, width: 3 } }),
    ...change,
  };
}

/** What a runner answers to a question. */
export function answered(asked: PictureAsked): VisualizeAnswer {
  const says = { top: [{ index: 0, label: 'cat', logit: 2, probability: 0.9 }], value: NaN, probability: 0.9 };
  return {
    ...answerAbout,
    result: {
      target: { index: 0, label: asked.target ?? `${asked.layer} channel ${asked.channel}` },
      preset: String(asked.params['preset']),
      params: asked.params,
      picture: picture(10),
      values: floatTensor([1, 3, 2, 2]),
      saved: { png: new Uint8Array([1, 2]), width: 2, height: 2, left: 0, top: 0, exact: true },
      opacity: new Float32Array([0, 0.5, 1, 1]),
      trace: [0, 1, 2],
      steps: 2,
      ended: 'steps',
      says,
      ...(asked.files.start === undefined
        ? {}
        : { change: { norm: 0.01, most: 0.1, picture: picture(8), before: { ...says, probability: 0.1 } } }),
      recipe: { ...recipe, seed: asked.seed },
      notes: [],
      milliseconds: 5,
    },
  };
}
