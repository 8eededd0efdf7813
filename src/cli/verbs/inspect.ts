import path from 'node:path';
import { isCancelled, toErrorData } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import { formatDims } from '../../base/tensor.js';
import type { ModelRequest } from '../../protocol/request.js';
import type { FindSettingsAnswer } from '../../protocol/settings.js';
import type { Outcome } from '../../result/explanation.js';
import type { Inspection, ValueDescription } from '../../result/inspection.js';
import { json, table } from '../io.js';
import { findingDocument, findingText, verdictEntries, verdictTable, type Judged } from '../finding.js';
import { modelRequest, usage } from '../options.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, errorEntry, exitOf, report, type Verb, type VerbContext } from '../verb.js';

const FORM = 'onnx-lens inspect MODEL… --find FOLDER';

/** A model with what was found in pictures, where that was asked for. */
interface Inspected {
  readonly found: Inspection;
  readonly search?: FindSettingsAnswer;
}

export const inspect: Verb = {
  name: 'inspect',
  usage: 'inspect MODEL [MODEL… --find FOLDER]',
  summary:
    'inputs, outputs, layers, opset, preprocessing and labels with their origin, which operators are differentiable; with --find FOLDER, the settings of pictures from evidence, of several models in one table',
  options: ['out', 'provider', 'threads', 'input', 'config', 'find', 'seed', 'output'],
  async run(context) {
    const { line, io } = context;
    if (line.out !== undefined) outKind(line.out, 'inspect', ['.json']);
    const [model, ...more] = line.arguments;
    if (more.length > 0 && line.find === undefined)
      throw usage('The verb "inspect" takes one model, or several with --find.', FORM);
    if (more.length > 0) return inspectSeveral(context);
    const inspected = await inspectOne(context, modelRequest(line));
    const { found, search } = inspected;
    report(context, { warnings: warningsOf(inspected) });
    const verdicts = search === undefined ? {} : { verdicts: verdictEntries([{ model: model!, found: search }]) };
    const document = json({ schema: SCHEMA, model, ...documentOf(inspected), ...verdicts });
    if (line.out !== undefined) await writeOut(line.out, document);
    io.out(line.json ? document : textOf(found) + (search === undefined ? '' : `\n${findingText(model!, search)}`));
    return 0;
  },
};

async function inspectOne(context: VerbContext, request: ModelRequest): Promise<Inspected> {
  const { line, service } = context;
  const found = await service.inspect(request, callOf(context));
  if (line.find === undefined) return { found };
  const inputs = [filePath(path.resolve(line.find))];
  return {
    found,
    search: await service.findSettings({ ...request, inputs, ...given({ seed: line.seed }) }, callOf(context)),
  };
}

/** One table of verdicts over several models. One that fails is said, and the others are done. */
async function inspectSeveral(context: VerbContext): Promise<number> {
  const { line, io } = context;
  const results: Outcome<Inspected>[] = [];
  for (const model of line.arguments) {
    try {
      const request = { ...modelRequest(line), model: filePath(path.resolve(model)) };
      results.push({ input: model, result: await inspectOne(context, request) });
    } catch (error) {
      if (isCancelled(error)) throw error;
      results.push({ input: model, error: toErrorData(error) });
    }
  }
  const warnings = results.flatMap((r) =>
    'error' in r ? [] : warningsOf(r.result).map((warning) => `${r.input}: ${warning}`),
  );
  report(context, { warnings }, results);
  const judged = results.map((r): Judged =>
    'error' in r ? { model: r.input, error: r.error } : { model: r.input, ...given({ found: r.result.search }) },
  );
  const document = json({
    schema: SCHEMA,
    find: line.find,
    verdicts: verdictEntries(judged),
    results: results.map((r) => ({
      model: r.input,
      ...('error' in r ? { error: errorEntry(r.error) } : documentOf(r.result)),
    })),
    warnings,
  });
  if (line.out !== undefined) await writeOut(line.out, document);
  const taking = 'The settings file of each: --json, or inspect with --find of one model.\n';
  io.out(line.json ? document : `${verdictTable(judged)}\n${taking}`);
  return exitOf(results);
}

const SCHEMA = 'onnx-lens/inspect/1';

function warningsOf({ found, search }: Inspected): readonly string[] {
  return [...found.warnings, ...(search?.warnings ?? [])];
}

function documentOf({ found, search }: Inspected): object {
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
    ...given({ settings: search === undefined ? undefined : findingDocument(search) }),
    warnings,
  };
}

function textOf(found: Inspection): string {
  const values = (list: readonly ValueDescription[]): string =>
    list.map((v) => `${v.name} ${v.type} ${formatDims(v.dims)}`).join(', ');
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
