import { given } from '../../base/given.js';
import type { FloatTensor } from '../../base/tensor.js';
import type {
  ComparedModel,
  ComparedPredictions,
  ComparedReasons,
  ComparedSet,
  ComparedSpace,
  ComparedSpaces,
  Comparison,
  LayerAlignment,
  LayerSignal,
} from '../../result/comparison.js';
import { findingsOf } from '../../result/comparisonWords.js';
import { errorEntry } from '../verb.js';

/** A comparison as the document that `compare --json` prints. What is no number is null. */
export function comparisonDocument({ a, b, weights, set, recipe }: Comparison): object {
  return {
    schema: 'onnx-lens/compare/1',
    a: modelOf(a),
    b: modelOf(b),
    findings: findingsOf({ a, b, weights, ...given({ set }), recipe }),
    weights: {
      paired: weights.paired,
      layers: weights.layers.map(({ a: own, b: other, shape, relative, cosine, leftOut }) => ({
        a: own,
        b: other,
        shape,
        relative,
        cosine: number(cosine),
        ...(leftOut > 0 ? { left_out: leftOut } : {}),
      })),
      unpaired: weights.unpaired,
    },
    ...(set === undefined ? {} : setOf(set)),
    recipe,
  };
}

function modelOf({ name, file, sha256, random, format, provider, preprocessing, warnings }: ComparedModel): object {
  return { model: file, name, sha256, ...given({ random }), format, provider, preprocessing, warnings };
}

function setOf(set: ComparedSet): object {
  const { place, names, files, labels, of, omitted, predictions, spaces, alignment, signal, reasons, notes } = set;
  return {
    place,
    of,
    names,
    files,
    labels,
    omitted: omitted.map(({ name, error }) => ({ file: name, error: errorEntry(error) })),
    ...given({
      predictions: predictions && predictionsOf(set, predictions),
      embeddings: spaces && spacesOf(set, spaces),
      cka: alignment && alignmentOf(alignment),
      signal: signal && signalOf(signal),
      reasons: reasons && reasonsOf(set, reasons),
    }),
    notes,
  };
}

function predictionsOf(set: ComparedSet, predictions: ComparedPredictions): object {
  const { classes, matched, truth, a, b, confidence, agreed, counted, labelled, correct, disagreements } = predictions;
  const named = (index: number): string | null => classes[index] ?? null;
  return {
    classes,
    matched,
    agreement: counted === 0 ? null : agreed / counted,
    agreed,
    counted,
    labelled,
    ...(labelled === 0 ? {} : { accuracy: { a: correct.a / labelled, b: correct.b / labelled } }),
    truth: Array.from(truth),
    predicted: { a: Array.from(a), b: Array.from(b) },
    confidence: { a: Array.from(confidence.a, number), b: Array.from(confidence.b, number) },
    disagreements: disagreements.map(({ example, right }) => ({
      file: set.names[example],
      label: named(truth[example]!),
      a: named(a[example]!),
      b: named(b[example]!),
      right,
    })),
  };
}

function spacesOf(set: ComparedSet, { a, b, layout, residual, kept, k, chance, order }: ComparedSpaces): object {
  return {
    layout,
    residual,
    a: spaceOf(a),
    b: spaceOf(b),
    k,
    jaccard: Array.from(kept),
    chance,
    changed: Array.from(order, (i) => ({ file: set.names[i], jaccard: kept[i] })),
  };
}

function spaceOf({ layer, width, points, explained, divergence, probe, neighbourAccuracy }: ComparedSpace): object {
  return {
    layer,
    width,
    points: rowsOf(points),
    ...given({
      explained_variance_ratio: explained,
      kl: divergence,
      probe,
      neighbour_accuracy: neighbourAccuracy,
    }),
  };
}

function alignmentOf(alignment: LayerAlignment): object {
  const { a, b, cka, without, dropped, moved, counted, batch, of, projected } = alignment;
  return {
    a,
    b,
    values: rowsOf(cka),
    without_largest: { dropped, values: rowsOf(without) },
    ...(moved === undefined ? {} : { moved: { a: a[moved.a], b: b[moved.b], by: moved.by } }),
    counted,
    batch,
    of,
    projected,
  };
}

function signalOf({ paired, layers, bound, first, counted }: LayerSignal): object {
  return {
    paired,
    bound_db: bound,
    ...(first === undefined ? {} : { first_broken: layers[first]!.a }),
    counted,
    layers: layers.map(({ a, b, snr, broken, behind }) => ({
      a,
      b,
      snr_db: number(snr),
      ...(snr === Infinity ? { identical: true } : {}),
      ...(broken > 0 ? { not_finite: broken } : {}),
      ...given({ behind }),
    })),
  };
}

function reasonsOf(set: ComparedSet, { method, rows, explained, of, failed, error }: ComparedReasons): object {
  return {
    method,
    explained,
    of,
    failed,
    ...(error === undefined ? {} : { error: errorEntry(error) }),
    rows: rows.map(({ example, spearman, cosine }) => ({ file: set.names[example], spearman, cosine })),
  };
}

function number(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function rowsOf({ dims: [n = 0, d = 0], data }: FloatTensor): (number | null)[][] {
  return Array.from({ length: n }, (_, i) => Array.from(data.subarray(i * d, (i + 1) * d), number));
}
