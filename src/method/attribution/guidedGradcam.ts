import { floatTensor } from '../../base/tensor.js';
import { gridOf } from '../fill.js';
import { attributionMethod } from '../method.js';
import { baseMaps } from './shared/baseMaps.js';
import { gradcamFormula, rawCam } from './cam/cam.js';
import { coveringPlaces } from '../../result/upsample.js';
import { channelAttribution, spaceOf, unitOf } from './shared/answer.js';
import { reduceParameter } from './shared/parameters.js';

/** Guided backpropagation times Grad-CAM (clipped at zero, enlarged to the nearest neighbour, as in Captum). */
export const guidedGradcam = attributionMethod({
  id: 'guided_gradcam',
  title: 'Guided Grad-CAM',
  summary: 'Which details lie in the region that argues for the target?',
  citation: 'Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra 2017, Grad-CAM, arXiv:1610.02391',
  parameters: { reduce: reduceParameter },
  group: 'rules',
  needs: 'gradient',
  passes: { gradient: 2 },
  layer: 'chosen',
  properties: { signed: true, complete: false, seeded: false, edges: true, shape: 'channel' },
  async run(subject, request, context) {
    const { layer, map, notes } = await rawCam(subject, request, context.signal, gradcamFormula);
    const of = subject.scoreAt(request.target, request.score);
    const { input } = subject;
    const guided = await baseMaps(subject, request.input, 'guided_backprop', of, input.name, context.signal);
    const grid = gridOf(input);
    const { height, width, space } = layer.map;
    const places = coveringPlaces(space ?? [height, width], spaceOf(input));
    const out = floatTensor(request.input.dims.slice(1));
    for (let y = 0; y < grid.height; y++) {
      for (let x = 0; x < grid.width; x++) {
        const heat = Math.max(0, map[places[y * grid.width + x]!]!);
        for (let c = 0; c < grid.channels; c++) {
          const at = grid.at(c, y, x);
          out.data[at] = heat * guided.maps.data[at]!;
        }
      }
    }
    return {
      attribution: {
        ...channelAttribution(out.data, input, `${unitOf(subject, request)} per unit, weighted`, request.params.reduce),
        ...(space === undefined ? { resolution: [height, width] as const } : {}),
      },
      layer: layer.name,
      notes: [...new Set([...notes, ...guided.notes])],
    };
  },
});
