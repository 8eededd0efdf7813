import type { Inspection, ValueDescription } from '../result/inspection.js';
import type { Origin } from '../result/recipe.js';
import { formatBytes, formatCount } from './format.js';

/** What is known of a model as a Markdown page. All text that comes from the file is escaped: it is nobody's markup. */
export function inspectionPage(name: string, inspection: Inspection): string {
  const { inputs, outputs, layers, preprocessing, labels, differentiable, warnings, opset } = inspection;
  const opsets = Object.entries(opset).map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`);
  const { refused } = differentiable;
  return [
    `# ${escape(name)}`,
    `${formatBytes(inspection.bytes)}, ${formatCount(inspection.parameters)} parameters in ${layers.length} layers, ${inspection.nodes} nodes`,
    `Opset ${escape(opsets.join(', '))}, IR ${inspection.ir}${inspection.producer ? `, ${escape(inspection.producer)}` : ''}, SHA-256 \`${inspection.sha256}\``,
    ...warnings.map((warning) => `> ${escape(warning)}`),
    '## Inputs and outputs',
    table(
      ['', 'Name', 'Type', 'Shape'],
      [...inputs.map((each) => valueRow('in', each)), ...outputs.map((each) => valueRow('out', each))],
    ),
    '## From the picture to the input',
    table(
      ['Setting', 'Value', 'From'],
      Object.entries(preprocessing).map(([key, { value, origin }]) => [key, settingText(value), originText(origin)]),
    ),
    `Labels: ${labels.count}, ${escape(originText(labels.origin))}`,
    '## Gradients',
    differentiable.yes
      ? 'The model is differentiable.'
      : 'The model is not differentiable: these operators stand in the way.',
    ...(refused.length === 0
      ? []
      : [
          table(
            ['Operator', 'Node', 'Layer', 'Reason'],
            refused.map((each) => [each.op, each.node, each.layer ?? '', each.reason]),
          ),
        ]),
    '## Layers',
    table(
      ['Layer', 'Operator', 'Output', 'Parameters', 'Source'],
      layers.map((layer) => [
        layer.name,
        layer.op,
        layer.shape?.join('×') ?? '',
        layer.parameters === 0 ? '' : formatCount(layer.parameters),
        layer.source === undefined ? '' : `${layer.source.path}:${layer.source.line}`,
      ]),
    ),
  ].join('\n\n');
}

function valueRow(which: string, { name, type, dims }: ValueDescription): string[] {
  return [which, name, type, dims.length === 0 ? 'scalar' : dims.join('×')];
}

function originText({ kind, detail }: Origin): string {
  return detail === '' ? kind : detail;
}

function settingText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** Text as Markdown that shows exactly this text, on one line. */
export function escape(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_{}[\]()#+.!|<>&~$-]/g, '\\$&');
}
