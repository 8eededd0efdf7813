import { takesBytes, type DefaultRule } from './convention.js';

export const IMAGENET_MEAN: readonly number[] = [0.485, 0.456, 0.406];
export const IMAGENET_STD: readonly number[] = [0.229, 0.224, 0.225];

/** Three channels and 1000 or 1001 classes: torchvision's ImageNet evaluation, its 256 scaled with the input's size. */
export const imagenet: DefaultRule = {
  id: 'imagenet',
  read({ channels, size, classes, type }) {
    if (channels !== 3 || (classes !== 1000 && classes !== 1001) || takesBytes(type)) return undefined;
    const [height, width] = size.map((side) => Math.round((256 / 224) * side)) as [number, number];
    return {
      settings: {
        color: 'RGB',
        resize: { mode: 'shortSide', size: height === width ? height : [height, width], interpolation: 'bilinear' },
        crop: 'center',
        range: [0, 1],
        mean: IMAGENET_MEAN,
        std: IMAGENET_STD,
      },
      origin: { kind: 'default', detail: `ImageNet, because the model has 3 channels and ${classes} classes` },
    };
  },
};
