import type { Inspection, LayerDescription, Outline } from '../../../src/result/inspection.js';
import { bruised, pick, rarely } from '../hostile.js';
import { answered } from '../judge.js';
import type { Kind, Place } from '../kind.js';
import { RUN_GB } from '../subject.js';
import { smallPicture } from './pictureFiles.js';
import { restructured } from './modelMutations.js';
import { seedModels } from './seedModels.js';

const PICTURE = 'picture.png';
const MODEL = 'model.onnx';

/** The model is asked everything that its panels ask, first what the file says, then what takes runs. */
async function questions(place: Place, chosen: number): Promise<boolean> {
  const model = place.path(MODEL);
  const about = { model, provider: 'cpu', threads: 1, memoryLimit: RUN_GB };
  const inputs = [place.path(PICTURE)];
  const explain = (method: string, params?: object): Promise<unknown> =>
    place.ask('explain', { ...about, inputs, method, ...(params === undefined ? {} : { params }) });
  try {
    await place.ask('outline', { model });
    const overview = (await place.ask('overview', about)) as Outline | undefined;
    const inspected = (await place.ask('inspect', about)) as Inspection | undefined;
    const size = inspected?.preprocessing['size']?.value;
    // A few windows, however large the picture is.
    const patch = Array.isArray(size) ? Math.max(1, ...size.map((side) => Math.ceil(Number(side) / 3))) : 8;
    const layers = overview?.layers ?? [];
    const layer = layers[chosen % Math.max(1, layers.length)];
    if (overview !== undefined) await place.ask('graphView', about);
    const ofFile: (() => Promise<unknown>)[] = [
      () => place.ask('graphNode', { ...about, node: chosen % Math.max(1, overview?.nodes ?? 1) }),
      () => place.ask('scanWeights', about),
      () => weights(place, about, layer),
    ];
    const running: (() => Promise<unknown>)[] = [
      () => place.ask('graphView', { ...about, measured: true }),
      () => place.ask('labels', about),
      () => place.ask('measure', about),
      () => place.ask('graphActivations', { ...about, input: inputs[0] }),
      () => layer && place.ask('activations', { ...about, input: inputs[0], layer: layer.name }),
      () => explain('gradient'),
      () => explain('gradcam'),
      () => explain('occlusion', { patch, stride: patch }),
    ].map((question) => async () => question());
    for (const question of overview === undefined ? [] : ofFile) await question();
    const predicted = answered(await place.ask('predict', { ...about, inputs }));
    // What cannot be run refuses all of these for one reason: one of them is asked.
    const asked = inspected === undefined ? [running[chosen % running.length]!] : running;
    for (const question of asked) await question();
    return predicted;
  } finally {
    await place.ask('release', { model });
  }
}

async function weights(place: Place, about: object, layer: LayerDescription | undefined): Promise<void> {
  if (layer === undefined || layer.weights.length === 0) return;
  await place.ask('weights', { ...about, layer: layer.name });
  await place.ask('weightStatistics', { ...about, layer: layer.name });
}

/** Model files: bytes that were changed blindly, and files that are well formed and say what no exporter says. */
export const models: Kind = {
  id: 'model',
  asked: 'runner',
  async prepare() {
    const seeds = [...(await seedModels())];
    const all = seeds.map(([, bytes]) => bytes);
    const picture = await smallPicture();
    return {
      shared: new Map([[PICTURE, picture]]),
      make(random) {
        const [name, seed] = pick(random, seeds);
        const blindly = rarely(random, 4);
        const { bytes, what } = blindly
          ? { bytes: bruised(random, seed, all), what: 'changed bytes' }
          : restructured(random, seed);
        const chosen = random.below(1000);
        return {
          files: new Map([[MODEL, bytes]]),
          what: `${name}: ${what}`,
          ask: (place) => questions(place, chosen),
        };
      },
    };
  },
};
