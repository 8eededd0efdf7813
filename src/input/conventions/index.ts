import type { Convention, DefaultRule } from './convention.js';
import { fallback } from './fallback.js';
import { graphItself } from './graphItself.js';
import { huggingFace } from './huggingFace.js';
import { imagenet } from './imagenet.js';
import { labelFiles } from './labelFiles.js';
import { lens } from './lens.js';
import { onnxImage } from './onnxImage.js';
import { openvino } from './openvino.js';
import { quantised } from './quantised.js';
import { timm } from './timm.js';
import { ultralytics } from './ultralytics.js';

/** In order of precedence, after the user's sidecar: what the model file says, then the files around it. */
export const conventions: readonly Convention[] = [
  graphItself,
  lens,
  ultralytics,
  onnxImage,
  openvino,
  huggingFace,
  timm,
  quantised,
  labelFiles,
];

/** In order of precedence, where nobody said anything. The last one always answers. */
export const defaultRules: readonly DefaultRule[] = [imagenet, fallback];
