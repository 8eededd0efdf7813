import { attributionMethod } from '../method.js';
import { channelAttribution, reduceParameter, scoreNotes, unitOf } from './shared.js';

/** dS/dx: how the score changes with each value of the input. Signed and per channel unless it is reduced. */
export const gradient = attributionMethod({
  id: 'gradient',
  title: 'Gradient',
  summary: 'Which pixels change the score most when they are nudged?',
  citation: 'Simonyan, Vedaldi, Zisserman 2014, Deep Inside Convolutional Networks, arXiv:1312.6034',
  parameters: { reduce: reduceParameter },
  needs: 'gradient',
  layer: 'none',
  properties: { signed: true, complete: false, seeded: false, shape: 'channel' },
  async run(subject, request, context) {
    const place = subject.scoreValue(request.score);
    const of = { value: place.value, pick: { index: request.target.index } };
    const { gradients, notes } = await subject.gradients(request.input, { of }, context.signal);
    const values = gradients.get(subject.input.name)!.data;
    const unit = `${unitOf(request.score)} per unit of input`;
    return {
      attribution: channelAttribution(values, subject.input, unit, request.params.reduce),
      notes: [...scoreNotes(place), ...notes],
    };
  },
});
