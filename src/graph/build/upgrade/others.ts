import { attributesOf, changed, refuse, type Converter } from './converter.js';

/** Scatter was renamed (11). */
export const scatter: Converter = (node) => [changed(node, { op: 'ScatterElements' })];

/** BatchNormalization lost `spatial` (9); its further outputs were those of training (14). */
export const batchNormalization: Converter = (node, scope) => {
  if (attributesOf(node).int('spatial', 1) !== 1)
    refuse(node, scope, 'spatial=0 normalises every position by itself, which ONNX has withdrawn');
  if (node.outputs.slice(1).some((o) => o !== '')) refuse(node, scope, 'it was exported in training mode');
  return [changed(node, { outputs: node.outputs.slice(0, 1), without: ['spatial'] })];
};

/** RoiAlign before 16 had no half-pixel shift. */
export const roiAlign: Converter = (node) =>
  attributesOf(node).has('coordinate_transformation_mode')
    ? [node]
    : [changed(node, { with: { coordinate_transformation_mode: 'output_half_pixel' } })];

/** Scan before 9 had a batch axis and sequence lengths. */
export const scan: Converter = (node, scope) =>
  refuse(node, scope, 'Scan of opset 8 works on batches of sequences, which ONNX has withdrawn');
