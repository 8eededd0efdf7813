import { IMAGENET_MEAN, IMAGENET_STD } from './conventions/imagenet.js';
import type { ColorOrder, Crop } from './settings.js';

/**
 * Ways of preparing pictures that are written down somewhere, to begin from. Mean and standard deviation stand in the
 * order of the tensor's channels: blue first where the colours are BGR.
 */

/** Mean of ImageNet's pixels 0…255, red first, as Caffe's models subtract it. */
export const CAFFE_MEAN: readonly number[] = [123.68, 116.779, 103.939];
export const CIFAR10_MEAN: readonly number[] = [0.4914, 0.4822, 0.4465];
export const CIFAR10_STD: readonly number[] = [0.247, 0.2435, 0.2616];
export const CLIP_MEAN: readonly number[] = [0.48145466, 0.4578275, 0.40821073];
export const CLIP_STD: readonly number[] = [0.26862954, 0.26130258, 0.27577711];
export const MNIST_MEAN: readonly number[] = [0.1307];
export const MNIST_STD: readonly number[] = [0.3081];

const THREE_ZEROS = [0, 0, 0];
const THREE_ONES = [1, 1, 1];
/** The whole picture, at the size of the input. */
const WHOLE = { resize: { mode: 'exact', interpolation: 'bilinear' }, crop: 'none' } as const;
const GREY = { color: 'gray', mean: [0], std: [1] } as const;

/** One of them; what its source does not say is left out. */
export interface Preset {
  readonly id: string;
  readonly title: string;
  /** Where it is written down, and of which models. */
  readonly source: string;
  readonly settings: {
    readonly color: ColorOrder;
    readonly range: readonly [number, number];
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
  /** `factor` of the input's size, for a short side. */
  readonly resize?: {
    readonly mode: 'exact' | 'shortSide' | 'letterbox';
    readonly factor?: number;
    readonly interpolation: 'bilinear' | 'bicubic';
  };
  readonly crop?: Crop;
  readonly pad?: readonly [number, number, number];
}

/** In the order in which they are offered. */
export const presets: readonly Preset[] = [
  {
    id: 'torchvision',
    title: 'ImageNet (torchvision)',
    source: 'torchvision.transforms._presets.ImageClassification: short side to 256 of 224, centre, mean and deviation',
    settings: { color: 'RGB', range: [0, 1], mean: IMAGENET_MEAN, std: IMAGENET_STD },
    resize: { mode: 'shortSide', factor: 256 / 224, interpolation: 'bilinear' },
    crop: 'center',
  },
  {
    id: 'keras-torch',
    title: 'Keras "torch": 0…1, ImageNet mean and deviation',
    source: 'keras.applications.imagenet_utils.preprocess_input(mode="torch"): DenseNet',
    settings: { color: 'RGB', range: [0, 1], mean: IMAGENET_MEAN, std: IMAGENET_STD },
  },
  {
    id: 'keras-tf',
    title: 'Keras "tf": −1…1',
    source:
      'keras.applications.imagenet_utils.preprocess_input(mode="tf"): MobileNet, Inception, Xception, ResNet V2; ' +
      'the same as mean 0.5 and deviation 0.5, of timm and Hugging Face',
    settings: { color: 'RGB', range: [-1, 1], mean: THREE_ZEROS, std: THREE_ONES },
  },
  {
    id: 'keras-caffe',
    title: 'Keras "caffe": BGR 0…255 minus mean',
    source: 'keras.applications.imagenet_utils.preprocess_input(mode="caffe"): VGG, ResNet 50; models from Caffe',
    settings: { color: 'BGR', range: [0, 255], mean: [...CAFFE_MEAN].reverse(), std: THREE_ONES },
  },
  {
    id: 'clip',
    title: 'CLIP',
    source: 'openai/CLIP, clip.py, _transform: short side to the input, bicubic, centre, own mean and deviation',
    settings: { color: 'RGB', range: [0, 1], mean: CLIP_MEAN, std: CLIP_STD },
    resize: { mode: 'shortSide', factor: 1, interpolation: 'bicubic' },
    crop: 'center',
  },
  {
    id: 'cifar10',
    title: 'CIFAR-10',
    source: 'Mean and standard deviation of the 50,000 training pictures; the whole picture',
    settings: { color: 'RGB', range: [0, 1], mean: CIFAR10_MEAN, std: CIFAR10_STD },
    ...WHOLE,
  },
  {
    id: 'yolo',
    title: 'YOLO (Ultralytics): letterbox, 0…1',
    source: 'ultralytics.data.augment.LetterBox, padded with 114; pixels divided by 255',
    settings: { color: 'RGB', range: [0, 1], mean: THREE_ZEROS, std: THREE_ONES },
    resize: { mode: 'letterbox', interpolation: 'bilinear' },
    crop: 'none',
    pad: [114, 114, 114],
  },
  {
    id: 'unit',
    title: '0…1, not normalised',
    source: 'torchvision.transforms.ToTensor; a Rescaling of 1/255 outside the model',
    settings: { color: 'RGB', range: [0, 1], mean: THREE_ZEROS, std: THREE_ONES },
  },
  {
    id: 'bytes',
    title: '0…255, as they are',
    source: 'Models that scale by themselves: keras.applications.EfficientNet, exports with the scaling inside',
    settings: { color: 'RGB', range: [0, 255], mean: THREE_ZEROS, std: THREE_ONES },
  },
  {
    id: 'mnist',
    title: 'MNIST: mean and deviation',
    source: 'pytorch/examples, mnist/main.py: Normalize((0.1307,), (0.3081,))',
    settings: { color: 'gray', range: [0, 1], mean: MNIST_MEAN, std: MNIST_STD },
    ...WHOLE,
  },
  {
    id: 'grey-unit',
    title: 'Grey 0…1',
    source: 'keras.io/examples, simple MNIST convnet, and onnx/models, MNIST: x / 255',
    settings: { ...GREY, range: [0, 1] },
  },
  {
    id: 'grey-bytes',
    title: 'Grey 0…255',
    source: 'Models of grey pictures that scale by themselves, or were trained on pixels as they are',
    settings: { ...GREY, range: [0, 255] },
  },
  {
    id: 'grey-double',
    title: 'Grey −1…1',
    source: 'Mean 0.5 and deviation 0.5 of one channel',
    settings: { ...GREY, range: [-1, 1] },
  },
];
