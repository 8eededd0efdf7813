import { given } from '../../base/given.js';
import { LensError, toErrorData, type ErrorData } from '../../base/errors.js';
import { mistakesOf } from '../../method/dataset/mistakes.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { Call } from '../../protocol/channel.js';
import type { SetProgress, SurveyAnswer, SurveyRequest } from '../../protocol/dataset.js';
import type { Survey } from '../../result/dataset.js';
import { answerOf } from '../input/answers.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { recordOf } from '../overview/describe.js';
import { openedSet } from './opened.js';
import { nothingLeft } from '../reading/nothingLeft.js';
import { fitting, layerPlace, reducedNote, type LayerPlace } from '../reading/places.js';
import { hasClasses, readSet, SCORES } from '../reading/reading.js';
import type { DatasetRoom } from './room.js';
import { scoreReader, type Said } from '../reading/scores.js';

/** What a model makes of every picture of a data set, and what it takes for what. */
export async function survey(
  model: OpenModel,
  room: DatasetRoom,
  request: SurveyRequest,
  call: Call<SetProgress>,
): Promise<SurveyAnswer> {
  const { signal } = call;
  call.progress({ message: 'looking through the data set' });
  const subject = await model.subject();
  const { part, matched, inputs, kept } = await openedSet(model, subject, room, request, signal);
  const { dataset, examples } = part;
  const { place, notes: placeNotes } = keptPlace(subject, request.layer, examples.length);
  const classes = hasClasses(subject);
  const said = scoreReader(subject);
  const found: { readonly at: number; readonly content: string | undefined; readonly said?: Said }[] = [];
  const omitted: { name: string; error: ErrorData }[] = dataset.omitted.map(({ name, error }) => ({
    name,
    error: toErrorData(error),
  }));
  const wanted = { scores: classes, layers: place === undefined ? [] : [place] };
  try {
    for await (const { from, readings } of readSet(subject, inputs, wanted, { ...kept, signal })) {
      readings.forEach((reading, k) => {
        const at = from + k;
        if ('error' in reading) return void omitted.push({ name: examples[at]!.name, error: reading.error });
        const row = reading.rows.get(SCORES);
        found.push({ at, content: reading.content, ...(row === undefined ? {} : { said: said(row) }) });
      });
      const done = Math.min(inputs.length, from + readings.length);
      call.progress({
        fraction: done / inputs.length,
        message: `${done} of ${inputs.length} pictures`,
        done,
        of: inputs.length,
      });
    }
  } finally {
    await kept.settle();
  }
  if (found.length === 0) throw nothingLeft(omitted);
  const used = found.map(({ at }) => examples[at]!);
  const labels = Int32Array.from(used, (e) => matched.rowOf(e.className));
  const truth = labels.map((row) => (row < 0 ? -1 : matched.mapping[row]!.index));
  const about = await answerOf(model, subject, [...matched.notes, ...part.notes, ...placeNotes, ...kept.notes()]);
  const columns = {
    labels,
    truth,
    predicted: Int32Array.from(found, ({ said: s }) => s?.predicted ?? -1),
    confidence: Float32Array.from(found, ({ said: s }) => s?.confidence ?? NaN),
    ofTruth: Float32Array.from(found, ({ said: s }, i) => (truth[i]! < 0 ? NaN : (s?.probabilityOf(truth[i]!) ?? NaN))),
    margin: Float32Array.from(found, ({ said: s }) => s?.margin ?? NaN),
  };
  const mistakes = mistakesOf({
    ...columns,
    likely: found.map(({ said: s }) => s?.likely ?? { indices: [], probabilities: [] }),
    exclusive: subject.output.kind !== 'multi-label',
  });
  const recipe = await recipeOf(model, {
    preprocessing: recordOf(model.resolved.preprocessing),
    method: 'survey',
    params: given({ split: request.split, most: request.most }),
    ...given({ layer: place?.layer }),
    provider: about.provider,
    notes: part.notes,
  });
  const answer: Survey = {
    place: request.place,
    title: dataset.title,
    names: used.map((e) => e.name),
    files: used.map((e) => e.file),
    ...(part.splits.length === 0 ? {} : { splits: used.map((e) => e.split ?? '') }),
    allSplits: part.splits,
    classes: matched.classes,
    ...columns,
    mapping: matched.mapping,
    duplicates: duplicates(found.map((f) => f.content)),
    omitted,
    of: part.of + dataset.omitted.length,
    ...given({ layer: place?.layer }),
    notes: [...matched.notes, ...part.notes, ...placeNotes, ...kept.notes()],
    recipe,
  };
  return { ...about, survey: answer, ...given({ mistakes }) };
}

/** The layer that is kept along; none where nobody names one and the model does not end in a linear layer. */
function keptPlace(
  subject: ModelSubject,
  layer: string | undefined,
  count: number,
): { readonly place: LayerPlace | undefined; readonly notes: readonly string[] } {
  try {
    const place = fitting(layerPlace(subject, layer), count);
    return { place, notes: reducedNote(place) };
  } catch (error) {
    if (layer !== undefined || !(error instanceof LensError)) throw error;
    return { place: undefined, notes: [error.message] };
  }
}

function duplicates(contents: readonly (string | undefined)[]): number[][] {
  const groups = new Map<string, number[]>();
  contents.forEach((content, i) => {
    if (content === undefined) return;
    const group = groups.get(content);
    if (group === undefined) groups.set(content, [i]);
    else group.push(i);
  });
  return [...groups.values()].filter((group) => group.length > 1);
}
