import { csvLine } from '../base/csv.js';
import { given } from '../base/given.js';
import { errorEntry } from './evaluationDocument.js';
import type { PreprocessingRecord } from './recipe.js';
import { NOTHING, overSeeds, roarRanked, type Roar } from './roar.js';

/** Retrained networks with what is said of the model beside them. */
export interface Retrained {
  readonly sha256: string;
  readonly preprocessing: PreprocessingRecord;
  readonly warnings: readonly string[];
  readonly roar: Roar;
}

/** All of it as a document. */
export function roarDocument(model: string, { sha256, preprocessing, warnings, roar }: Retrained): object {
  const { params, training, place, fractions, seeds, cells, classes, trained, tested, majority, omitted, notes } = roar;
  return {
    schema: 'onnx-lens/roar/1',
    model,
    sha256,
    provider: 'cpu',
    preprocessing,
    params,
    training,
    place,
    classes,
    trained,
    tested,
    majority,
    fractions,
    seeds,
    whole: overSeeds(roar, NOTHING, 0),
    methods: roarRanked(roar).map(({ id, title, kind, params: of, layer, mean }) => ({
      id,
      title,
      kind,
      params: of,
      ...given({ layer }),
      mean,
      accuracy: fractions.map((fraction) => overSeeds(roar, id, fraction)),
    })),
    cells,
    omitted: omitted.map(({ name, error }) => ({ input: name, error: errorEntry(error) })),
    notes,
    warnings,
    recipe: roar.recipe,
  };
}

/** A line for each training. */
export function roarCsv({ roar }: Pick<Retrained, 'roar'>): string {
  const rows = roar.cells.map(({ method, fraction, seed, accuracy, loss }) => [method, fraction, seed, accuracy, loss]);
  return [['method', 'fraction', 'seed', 'accuracy', 'loss'], ...rows].map(csvLine).join('');
}
