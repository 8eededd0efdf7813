import path from 'node:path';
import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import { formatDims } from '../../base/tensor.js';
import type { Inspection, ValueDescription } from '../../result/inspection.js';
import { json, table } from '../io.js';
import { findingDocument, findingText } from '../finding.js';
import { inputsOf, modelRequest } from '../options.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, report, type Verb } from '../verb.js';

export const inspect: Verb = {
  name: 'inspect',
  usage: 'inspect MODEL [--find FOLDER]',
  summary:
    'inputs, outputs, layers, opset, preprocessing and labels with their origin, which operators are differentiable; with --find FOLDER, the settings of pictures from evidence',
  options: ['out', 'provider', 'threads', 'input', 'config', 'find', 'seed', 'output'],
  async run(context) {
    const { line, io, service } = context;
    if (line.out !== undefined) outKind(line.out, 'inspect', ['.json']);
    const found = await service.inspect(modelRequest(line), callOf(context));
    const search =
      line.find === undefined
        ? undefined
        : await service.findSettings(
            {
              ...modelRequest(line),
              inputs: [filePath(path.resolve(line.find)), ...inputsOf(line)],
              ...given({ seed: line.seed }),
            },
            callOf(context),
          );
    report(context, { warnings: [...found.warnings, ...(search?.warnings ?? [])] });
    const document = json({
      ...documentOf(line.arguments[0]!, found),
      ...given({ settings: search === undefined ? undefined : findingDocument(search) }),
    });
    if (line.out !== undefined) await writeOut(line.out, document);
    io.out(line.json ? document : textOf(found) + (search === undefined ? '' : `\n${findingText(search)}`));
    return 0;
  },
};

function documentOf(model: string, found: Inspection): object {
  const {
    sha256,
    ir,
    opset,
    producer,
    inputs,
    outputs,
    parameters,
    layers,
    preprocessing,
    labels,
    differentiable,
    warnings,
  } = found;
  return {
    schema: 'onnx-lens/inspect/1',
    model,
    sha256,
    ir,
    opset,
    producer,
    inputs,
    outputs,
    parameters,
    layers: layers.map(({ name, op, node, parameters: count, output, shape, source }) => ({
      name,
      op,
      node,
      parameters: count,
      output,
      shape: shape ?? null,
      ...(source === undefined ? {} : { source }),
    })),
    preprocessing,
    labels: { count: labels.count, origin: labels.origin },
    differentiable: {
      yes: differentiable.yes,
      refused: differentiable.refused.map((r) => ({
        op: r.op,
        node: r.node,
        layer: r.layer ?? null,
        reason: r.reason,
      })),
    },
    warnings,
  };
}

function textOf(found: Inspection): string {
  const values = (list: readonly ValueDescription[]): string =>
    list.map((v) => `${v.name} ${v.type} ${formatDims(v.dims.map((d) => (d === '' ? '?' : d)))}`).join(', ');
  const opset = Object.entries(found.opset)
    .map(([domain, version]) => `${domain} ${version}`)
    .join(', ');
  const facts: (readonly [string, string])[] = [
    ['sha256', found.sha256],
    ['made by', `${found.producer || 'unknown'}, IR ${found.ir}, ${opset}`],
    ['inputs', values(found.inputs)],
    ['outputs', values(found.outputs)],
    ...found.outputs.flatMap(({ name, kind, chosen, reason }) =>
      kind === undefined
        ? []
        : [
            [
              `  ${name}`,
              `${kind}${chosen === true && found.outputs.length > 1 ? ' (chosen)' : ''}: ${reason}`,
            ] as const,
          ],
    ),
    ['parameters', found.parameters.toLocaleString('en-US')],
    ['labels', `${found.labels.count} (${found.labels.origin.detail})`],
    [
      'gradient',
      found.differentiable.yes
        ? 'yes'
        : `no: ${found.differentiable.refused.map((r) => `${r.op} (${r.layer ?? r.node}): ${r.reason}`).join('; ') || 'nothing to differentiate'}`,
    ],
  ];
  const settings = Object.entries(found.preprocessing).map(([name, s]) => [
    name,
    JSON.stringify(s.value),
    s.origin.detail,
  ]);
  const layers = found.layers.map((l) => [
    l.name,
    l.op,
    l.parameters,
    l.shape === undefined ? '?' : formatDims(l.shape),
    l.source === undefined ? '' : `${l.source.path}:${l.source.line}`,
  ]);
  return [
    table(['', ''], facts).replace(/^\s*\n/, ''),
    settings.length === 0 ? 'This model does not take pictures.\n' : table(['setting', 'value', 'from'], settings),
    table(['layer', 'op', 'parameters', 'output', 'source'], layers),
  ].join('\n');
}
