import { LensError } from '../../base/errors.js';
import { isFloating, type FloatTensor } from '../../base/tensor.js';
import type { Layer } from '../../graph/layers/layer.js';
import { scaledNumbers, scalingOf } from '../../graph/layers/quantised.js';
import { receptiveFields, type FieldOfView } from '../../graph/measure/receptiveField.js';
import { shownField } from '../../method/activations/field.js';
import { layoutOf, type MapLayout } from '../../method/activations/layout.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { ReceptiveField } from '../../result/activations.js';
import type { OpenModel } from '../model/open.js';

/** Everything that is known of a layer before a picture is shown to it. */
export interface Site {
  readonly subject: ModelSubject;
  readonly layer: Layer;
  readonly layout: MapLayout;
  readonly field: ReceptiveField;
  readonly notes: readonly string[];
  /** The layer's value `[n, …]` on a batch of pictures; integers of a quantised model as the numbers they stand for. */
  read(batch: FloatTensor, signal: AbortSignal): Promise<FloatTensor>;
}

/** A layer as activations are taken of it. */
export async function siteOf(model: OpenModel, name: string): Promise<Site> {
  const subject = await model.subject();
  const layer = subject.layer(name);
  if (subject.facts.get(layer.output) === undefined)
    throw new LensError('unsupported', 'activations/unknown', `The value of "${name}" is not computed for a picture.`);
  const layout = layoutOf(subject.graph, subject.facts, layer.output);
  const field = fieldsOf(model, subject).get(layer.output);
  const notes = [...subject.notes, ...layout.notes];
  if (field !== undefined && field !== 'whole' && field.gated && layout.layout === 'maps')
    notes.push(
      'A gate that sees the whole picture scales this value; the receptive field is that of the path beside it.',
    );
  const { type } = subject.facts.get(layer.output)!;
  const scaling = isFloating(type) ? undefined : scalingOf(subject.graph, layer.output);
  if (scaling !== undefined)
    notes.push(`Dequantised from ${type}: scale ${scaling.scale.toPrecision(4)}, zero point ${scaling.zero}.`);
  return {
    subject,
    layer,
    layout,
    field: shownField(field, layout, subject.input),
    notes,
    read: async (batch, signal) => {
      const value = (await subject.values(batch, [layer.output], signal)).get(layer.output)!;
      return scaling === undefined ? value : scaledNumbers(value, scaling);
    },
  };
}

const fields = new WeakMap<OpenModel, ReadonlyMap<string, FieldOfView>>();

function fieldsOf(model: OpenModel, subject: ModelSubject): ReadonlyMap<string, FieldOfView> {
  let known = fields.get(model);
  if (known === undefined) {
    const { graph, facts, input } = subject;
    known = receptiveFields(graph, facts, input.name, input.layout === 'NCHW' ? [2, 3] : [1, 2]);
    fields.set(model, known);
  }
  return known;
}
