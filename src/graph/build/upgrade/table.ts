import { axesToInput, slice, split, topK } from './axes.js';
import type { Converter } from './converter.js';
import { batchNormalization, roiAlign, scan, scatter } from './others.js';
import { resize } from './resize.js';
import { clip, dropout, pad } from './scalars.js';
import { softmax } from './softmax.js';

/** What has to be done to a node that was written for an opset below `before`. Everything else is the same in opset 18. */
export interface Upgrade {
  readonly before: number;
  readonly convert: Converter;
}

const REDUCTIONS = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'];

export const UPGRADES: ReadonlyMap<string, Upgrade> = new Map<string, Upgrade>([
  ...REDUCTIONS.map((r): [string, Upgrade] => [`Reduce${r}`, { before: 18, convert: axesToInput }]),
  ['ReduceSum', { before: 13, convert: axesToInput }],
  ['Squeeze', { before: 13, convert: axesToInput }],
  ['Unsqueeze', { before: 13, convert: axesToInput }],
  ['Slice', { before: 10, convert: slice }],
  ['Split', { before: 18, convert: split }],
  ['TopK', { before: 10, convert: topK }],
  ['Clip', { before: 11, convert: clip }],
  ['Pad', { before: 11, convert: pad }],
  ['Dropout', { before: 12, convert: dropout }],
  ['Softmax', { before: 13, convert: softmax }],
  ['LogSoftmax', { before: 13, convert: softmax }],
  ['Hardmax', { before: 13, convert: softmax }],
  ['Upsample', { before: 18, convert: resize }],
  ['Resize', { before: 11, convert: resize }],
  ['Scatter', { before: 18, convert: scatter }],
  ['BatchNormalization', { before: 14, convert: batchNormalization }],
  ['RoiAlign', { before: 16, convert: roiAlign }],
  ['Scan', { before: 9, convert: scan }],
]);
