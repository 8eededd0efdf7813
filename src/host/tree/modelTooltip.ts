import * as vscode from 'vscode';
import type { LayerDescription, ValueDescription } from '../../result/inspection.js';
import { PlainTooltip } from '../plain.js';
import { formatBytes, formatCount } from '../format.js';
import type { OutlineAnswer } from '../workspace/outlines.js';

/** Tooltips of the tree. Everything in them comes from model files, so it is appended as text and never as Markdown. */

/** Operators without a gradient that are named; more would hide the rest. */
const LISTED = 3;

export function modelTooltip(uri: vscode.Uri, bytes: number, answer: OutlineAnswer | undefined): vscode.MarkdownString {
  const tooltip = new PlainTooltip();
  const line = (text: string): void => void tooltip.line(text);
  line(`${vscode.workspace.asRelativePath(uri)} (${formatBytes(sizeOf(bytes, answer))})`);
  if (answer === undefined) return tooltip.markdown;
  if ('error' in answer) {
    line(answer.error.message);
    if (answer.error.hint !== undefined) line(answer.error.hint);
    return tooltip.markdown;
  }
  const { outline } = answer;
  for (const input of outline.inputs) line(`Input ${valueText(input)}`);
  for (const output of outline.outputs) line(`Output ${valueText(output)}`);
  line(`${formatCount(outline.parameters)} parameters in ${outline.layers.length} layers, ${outline.nodes} nodes`);
  const opsets = Object.entries(outline.opset).map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`);
  line(`Opset ${opsets.join(', ')}, IR ${outline.ir}${outline.producer === '' ? '' : `, ${outline.producer}`}`);
  if (outline.differentiable?.yes === true) line('Differentiable from output to input');
  for (const { op, node, layer, reason } of outline.differentiable?.refused.slice(0, LISTED) ?? [])
    line(`No gradient through ${op} (${layer ?? node}): ${reason}`);
  for (const warning of outline.warnings) line(warning);
  return tooltip.markdown;
}

/** The files of external data count. */
function sizeOf(bytes: number, answer: OutlineAnswer | undefined): number {
  return answer !== undefined && 'outline' in answer ? (answer.outline.totalBytes ?? bytes) : bytes;
}

export function layerTooltip(layer: LayerDescription): vscode.MarkdownString {
  const tooltip = new PlainTooltip();
  const line = (text: string): void => void tooltip.line(text);
  line(layer.name);
  line(`${layer.op}${layer.node === '' ? '' : `, node ${layer.node}`}`);
  line(`Output ${layer.output}${layer.shape === undefined ? '' : ` ${layer.shape.join('×')}`}`);
  if (layer.parameters > 0) line(`${formatCount(layer.parameters)} parameters: ${layer.weights.join(', ')}`);
  if (layer.source !== undefined) line(`${layer.source.path}:${layer.source.line}`);
  return tooltip.markdown;
}

/** `input: float32 batch×3×224×224` */
function valueText({ name, type, dims }: ValueDescription): string {
  return `${name}: ${type} ${dims.length === 0 ? 'scalar' : dims.join('×')}`;
}
