import { setImmediate } from 'node:timers/promises';
import { LensError, throwIfCancelled } from '../../base/errors.js';
import { floatTensor, isFloating, type FloatTensor } from '../../base/tensor.js';
import { nearestNeighbours, neighbourAccuracy } from '../../numeric/neighbours.js';
import { linearProbe } from '../../numeric/probe.js';
import { indexOf } from '../../graph/graph.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { Call } from '../../protocol/channel.js';
import type { LayerCurveRequest, SetProgress } from '../../protocol/dataset.js';
import type { ModelAnswer } from '../../protocol/request.js';
import type { LayerCurve, LayerRow } from '../../result/dataset.js';
import type { SessionProducts } from '../../session/products.js';
import { answerOf } from '../input/answers.js';
import type { OpenModel } from '../model/open.js';
import { openedSet } from './opened.js';
import { layerPlace, type LayerPlace } from '../reading/places.js';
import { columnOf, readSet } from '../reading/reading.js';
import type { DatasetRoom } from './room.js';

/** Layers that are asked about where nobody names some. */
const LAYERS = 16;
/** Numbers of a layer that the probe gets, and examples: a probe on more takes minutes for each layer. */
const WIDTH = 512;
const EXAMPLES = 5000;
const NEAR = 10;

/** Where the classes come apart: a linear probe and nearest neighbours behind each layer. */
export async function layerCurve(
  model: OpenModel,
  room: DatasetRoom,
  products: SessionProducts,
  request: LayerCurveRequest,
  call: Call<SetProgress>,
): Promise<ModelAnswer & { readonly curve: LayerCurve }> {
  const { signal } = call;
  const asked = Math.min(request.most ?? EXAMPLES, EXAMPLES);
  call.progress({ message: 'looking through the data set' });
  const subject = await model.subject();
  const { part, matched, inputs, kept } = await openedSet(model, subject, room, { ...request, most: asked }, signal);
  const { examples } = part;
  const places = placesOf(subject, request.layers);
  const labels: number[] = [];
  const columns = new Map<string, Float32Array>();
  try {
    for await (const { from, readings } of readSet(
      subject,
      inputs,
      { scores: false, layers: places },
      { ...kept, signal },
    )) {
      readings.forEach((reading, k) => {
        if ('error' in reading) return;
        for (const [column, row] of reading.rows) {
          let all = columns.get(column);
          if (all === undefined) columns.set(column, (all = new Float32Array(examples.length * row.length)));
          all.set(row, labels.length * row.length);
        }
        labels.push(matched.rowOf(examples[from + k]!.className));
      });
      const done = Math.min(inputs.length, from + readings.length);
      const message = `${done} of ${inputs.length} pictures through ${places.length} layers`;
      call.progress({ fraction: done / inputs.length / 2, message, done, of: inputs.length });
    }
  } finally {
    await kept.settle();
  }
  const classes = Int32Array.from(labels);
  const rows: LayerRow[] = [];
  let majority = NaN;
  for (const [at, place] of places.entries()) {
    const pause = async (): Promise<void> => {
      call.progress({ fraction: 0.5 + at / places.length / 2, message: `linear probe behind ${place.layer}` });
      await setImmediate();
      throwIfCancelled(signal);
    };
    const data = columns.get(columnOf(place));
    if (data === undefined) break;
    const width = data.length / examples.length;
    const features: FloatTensor = {
      ...floatTensor([0]),
      dims: [classes.length, width],
      data: data.subarray(0, classes.length * width),
    };
    const probe = await linearProbe(features, classes, { seed: request.seed ?? 0, products, pause });
    if (probe === undefined) break;
    majority = probe.majority;
    const near = await nearestNeighbours(features, NEAR, { products });
    rows.push({
      layer: place.layer,
      accuracy: probe.accuracy,
      sd: probe.sd,
      neighbours: neighbourAccuracy(near, classes),
      width: place.width,
      ...(place.reducedTo === undefined ? {} : { reducedTo: place.reducedTo }),
    });
  }
  if (rows.length === 0) {
    throw new LensError(
      'input',
      'dataset/one-class',
      'There are not two labels with two pictures each: no probe can be fitted.',
      {
        hint: 'Choose a data set with labels.',
      },
    );
  }
  const notes = [...part.notes, ...(places.some((p) => p.reducedTo !== undefined) ? [REDUCED] : [])];
  const about = await answerOf(model, subject, notes);
  return { ...about, curve: { rows, majority, examples: classes.length, of: part.of, notes } };
}

const REDUCED = `Layers of more than ${WIDTH} numbers are probed through a random projection to ${WIDTH}.`;

/** The layers that are named; else some along the network, the last that is one always. */
function placesOf(subject: ModelSubject, names: readonly string[] | undefined): LayerPlace[] {
  const short = (place: LayerPlace): LayerPlace => (place.width <= WIDTH ? place : { ...place, reducedTo: WIDTH });
  if (names !== undefined) return names.map((name) => short(layerPlace(subject, name)));
  const { producer } = indexOf(subject.graph);
  const layers = subject.layers.filter(
    (l) => producer(l.output) !== undefined && isFloating(subject.facts.get(l.output)?.type ?? 'string'),
  );
  const values = new Set<string>();
  const distinct = layers.filter((l) => !values.has(l.output) && values.add(l.output));
  const count = Math.min(LAYERS, distinct.length);
  const picked = new Set(
    Array.from({ length: count }, (_, k) => Math.round((k * (distinct.length - 1)) / Math.max(1, count - 1))),
  );
  return [...picked].map((at) => short(layerPlace(subject, distinct[at]!.name)));
}
