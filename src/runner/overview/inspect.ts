import { isCancelled, LensError, throwIfCancelled } from '../../base/errors.js';
import { differentiability } from '../../gradient/sweep/engine.js';
import { given } from '../../base/given.js';
import { asSentence } from '../../base/shorter.js';
import { isFloating } from '../../base/tensor.js';
import type { Graph } from '../../graph/graph.js';
import { readOutputs } from '../../method/output/index.js';
import { takesPixels } from '../../input/shape.js';
import { findScores, type ScorePlaces } from '../../method/subject/scores.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { Inspection } from '../../result/inspection.js';
import type { Prepared } from '../../session/prepare.js';
import { summariesOf } from '../output/outputs.js';
import { outlineOf, recordOf } from './describe.js';
import { sha256Of } from '../model/stamp.js';
import type { OpenModel } from '../model/open.js';

/** Everything that can be said about a model. One that cannot be run is still described; then its shapes are missing and a warning says why. */
export async function inspectModel(model: OpenModel, call: Call<WorkProgress>): Promise<Inspection> {
  const { checkpoint, graph, layers } = model.file;
  const { resolved } = model;
  const warnings = [...resolved.warnings];
  call.progress({ message: 'working out how long a run takes' });
  const estimate = await model.estimate();
  const long = (estimate?.operations ?? 0) > MOST_OPERATIONS;
  const prepared = long ? undefined : await runOnce(model, call, warnings);
  if (estimate !== undefined && long)
    warnings.push(
      `One run takes some ${Math.round(estimate.operations / 1e9).toLocaleString('en-US')} billion operations, so the model was not run: shapes are those that follow from the file, and whether it is differentiable is said by its operators alone.`,
    );
  warnings.push(...model.assumed);
  throwIfCancelled(call.signal);
  call.progress({ message: 'reading the file for its checksum' });
  const known = prepared ?? (estimate === undefined ? undefined : { graph, facts: estimate.facts });
  const outline = outlineOf(checkpoint, graph, layers, known?.facts);
  const { labels } = resolved;
  return {
    ...outline,
    outputs: readOutline(model, known, outline.outputs),
    sha256: await sha256Of(model.file.path),
    preprocessing: recordOf(resolved.preprocessing),
    labels: { count: labels.names.length, origin: labels.origin, names: labels.names },
    differentiable: differentiabilityOf(model, prepared, warnings),
    warnings: [...outline.warnings, ...warnings].map(asSentence),
  };
}

/** Two runs of more take more than some seconds on a small processor. */
const MOST_OPERATIONS = 30e9;

async function runOnce(model: OpenModel, call: Call<WorkProgress>, warnings: string[]): Promise<Prepared | undefined> {
  call.progress({ message: 'running once to learn the shapes' });
  return model.prepared().catch((error: unknown) => {
    if (isCancelled(error) || !(error instanceof LensError)) throw error;
    warnings.push(`The model could not be run to learn its shapes: ${error.message}`);
    return undefined;
  });
}

function scoresOf(model: OpenModel, { graph, facts }: Prepared): ScorePlaces {
  return findScores(graph, facts, { ...model.wishes(), input: model.spec(facts) });
}

/** The outputs with what they hold, as far as their shapes are known. */
function readOutline(
  model: OpenModel,
  prepared: Prepared | undefined,
  outputs: Inspection['outputs'],
): Inspection['outputs'] {
  if (prepared === undefined || model.resolved.input === undefined) return outputs;
  const { graph, facts } = prepared;
  const { said, labels } = model.wishes();
  const readings = readOutputs(graph, facts, { input: model.spec(facts), ...given({ said, labels }) });
  const chosen = chosenOf(model, prepared);
  const summaries = new Map(
    summariesOf(
      readings,
      readings.find((r) => r.name === chosen),
    ).map((s) => [s.name, s]),
  );
  return outputs.map((output) => ({ ...output, ...summaries.get(output.name) }));
}

/** Name of the output that is meant; undefined where none can be read. */
function chosenOf(model: OpenModel, prepared: Prepared): string | undefined {
  try {
    return scoresOf(model, prepared).output.name;
  } catch (error) {
    if (error instanceof LensError) return undefined;
    throw error;
  }
}

/** Whether gradients reach the input, and which operators stop them. Doubts about the scores are added to `warnings`. */
export function differentiabilityOf(
  model: OpenModel,
  prepared: Prepared | undefined,
  warnings: string[],
): Inspection['differentiable'] {
  const graph = prepared?.graph ?? model.file.graph;
  const { input } = model.resolved;
  if (input === undefined) return { yes: false, refused: [] };
  let score = model.resolved.output ?? graph.outputs[0]?.name ?? '';
  if (prepared !== undefined) {
    try {
      score = scoresOf(model, prepared).logit;
    } catch (error) {
      if (!(error instanceof LensError)) throw error;
      warnings.push(error.message);
      return { yes: false, refused: [] };
    }
  }
  if (!takesPixels(input.type)) {
    warnings.push(
      `The input "${input.name}" takes ${input.type} values, which have no gradient: methods that only ask for scores explain it, e.g. occlusion.`,
    );
    return { yes: false, refused: [] };
  }
  return differentiability(graph, [input.name], score, prepared?.facts);
}

/** The same without a run, so without shapes: what the table of operators says about the way to the first output. */
export function differentiableByTable(graph: Graph): Inspection['differentiable'] {
  const inputs = graph.inputs.filter((i) => i.type === undefined || isFloating(i.type)).map((i) => i.name);
  const score = graph.outputs[0]?.name;
  return score === undefined || inputs.length === 0
    ? { yes: false, refused: [] }
    : differentiability(graph, inputs, score);
}
