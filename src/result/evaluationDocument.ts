import type { ErrorData } from '../base/errors.js';
import { given } from '../base/given.js';
import { against, BASELINES, metricOf, type Evaluation } from './benchmark.js';
import type { PreprocessingRecord } from './recipe.js';

/** An evaluation with what is said of the model beside it. */
export interface Evaluated {
  readonly sha256: string;
  readonly provider: string;
  readonly preprocessing: PreprocessingRecord;
  readonly warnings: readonly string[];
  readonly evaluation: Evaluation;
}

/** An evaluation as a document: a curve for every input, and their mean. */
export function evaluationDocument(
  model: string,
  { sha256, provider, preprocessing, warnings, evaluation }: Evaluated,
): object {
  const { metric, params, x, place, names, methods, omitted, of, notes, recipe } = evaluation;
  const main = metricOf(metric).curves[0]?.id;
  return {
    schema: 'onnx-lens/evaluate/1',
    model,
    sha256,
    provider,
    preprocessing,
    metric,
    params,
    better: metricOf(metric).better,
    score: metricOf(metric).score,
    x,
    place,
    inputs: names,
    of,
    methods: methods.map((method) => ({
      id: method.id,
      title: method.title,
      kind: method.kind,
      params: method.params,
      ...given({ layer: method.layer }),
      score: method.score,
      against: Object.fromEntries(
        BASELINES.flatMap(({ id }) => {
          const found = against(evaluation, method, id);
          return found === undefined ? [] : [[id, found]];
        }),
      ),
      ...(main === undefined ? {} : { curve: method.curves[main]!.map(({ mean }) => mean) }),
      curves: method.curves,
      ...given({ beside: method.beside }),
      results: method.pictures.map(({ picture, target, score, curves, beside }) => ({
        input: names[picture]!,
        target,
        score,
        ...(main === undefined ? {} : { curve: curves[main]! }),
        curves,
        ...given({ beside }),
      })),
      failed: method.failed.map(({ picture, error }) => ({ input: names[picture]!, error: errorEntry(error) })),
    })),
    omitted: omitted.map(({ name, error }) => ({ input: name, error: errorEntry(error) })),
    notes,
    warnings,
    recipe,
  };
}

/** An error in a document. */
export function errorEntry({ code, message, hint }: ErrorData): object {
  return { code, message, ...given({ hint }) };
}
