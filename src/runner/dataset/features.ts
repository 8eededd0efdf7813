import { createHash } from 'node:crypto';
import { given } from '../../base/given.js';
import { toErrorData, type ErrorData } from '../../base/errors.js';
import { floatTensor } from '../../base/tensor.js';
import type { Example } from '../../dataset/dataset.js';
import type { Call } from '../../protocol/channel.js';
import type { DatasetRequest, SetProgress } from '../../protocol/dataset.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { OpenModel } from '../model/open.js';
import type { HeldFeatures, SetFeatures } from './featureCache.js';
import { openedSet } from './opened.js';
import { fitting, layerPlace, reducedNote } from '../reading/places.js';
import { columnOf, hasClasses, readSet, SCORES } from '../reading/reading.js';
import type { DatasetRoom } from './room.js';
import { scoreReader } from '../reading/scores.js';
import { nothingLeft } from '../reading/nothingLeft.js';

/** The features of a layer, from the store where they are there. */
export async function setFeatures(
  model: OpenModel,
  subject: ModelSubject,
  room: DatasetRoom,
  request: DatasetRequest & { readonly layer?: string },
  call: Call<SetProgress>,
): Promise<SetFeatures> {
  const { signal } = call;
  call.progress({ message: 'looking through the data set' });
  const { part, matched, inputs, kept } = await openedSet(model, subject, room, request, signal);
  const { dataset, examples } = part;
  const place = fitting(layerPlace(subject, request.layer), examples.length);
  const withLabels = (found: HeldFeatures): SetFeatures => ({
    ...found,
    matched,
    labels: Int32Array.from(found.examples, (e) => matched.rowOf(e.className)),
    notes: [...part.notes, ...reducedNote(place), ...kept.notes()],
  });
  const ids = await kept.contents.all(inputs);
  const hash = createHash('sha256').update(`${kept.context}\n${columnOf(place)}\n`);
  ids.forEach((id, i) => hash.update(`${examples[i]!.name} ${id ?? ''}\n`));
  const key = hash.digest('hex');
  const held = ids.every((id) => id !== undefined) ? room.features.get(key) : undefined;
  if (held !== undefined) return withLabels({ ...held, examples: held.examples });
  const omitted: { file: string; error: ErrorData }[] = dataset.omitted.map(({ name, error }) => ({
    file: name,
    error: toErrorData(error),
  }));
  const classes = hasClasses(subject);
  const said = scoreReader(subject);
  const width = place.reducedTo ?? place.width;
  let data = new Float32Array(examples.length * width);
  const used: Example[] = [];
  const predicted: number[] = [];
  try {
    for await (const { from, readings } of readSet(
      subject,
      inputs,
      { scores: classes, layers: [place] },
      { ...kept, signal },
    )) {
      readings.forEach((reading, k) => {
        const example = examples[from + k]!;
        if ('error' in reading) return void omitted.push({ file: example.name, error: reading.error });
        const row = reading.rows.get(columnOf(place))!;
        if (used.length === 0 && row.length !== width) data = new Float32Array(examples.length * row.length);
        data.set(row, used.length * row.length);
        const scores = reading.rows.get(SCORES);
        predicted.push(scores === undefined ? -1 : said(scores).predicted);
        used.push(example);
      });
      const done = Math.min(inputs.length, from + readings.length);
      const message = `${place.layer}: ${done} of ${inputs.length} pictures`;
      call.progress({ fraction: done / inputs.length, message, ...given({ done, of: inputs.length }) });
    }
  } finally {
    await kept.settle();
  }
  if (used.length === 0) throw nothingLeft(omitted);
  const wide = data.length / examples.length;
  const rows = { ...floatTensor([used.length, wide], data.subarray(0, used.length * wide)) };
  const found = { place, rows, examples: used, predicted: Int32Array.from(predicted), omitted };
  room.features.set(key, found);
  return withLabels(found);
}
