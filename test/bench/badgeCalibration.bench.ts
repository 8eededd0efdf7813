import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { given } from '../../src/base/given.js';
import { filePath, type FilePath } from '../../src/base/place.js';
import { RunnerService } from '../../src/runner/service.js';
import type { SanityVerdict } from '../../src/result/sanity.js';
import { DATA } from '../data.mjs';
import type { Row } from './measure.js';

/**
 * What the badge says of methods about which it is known: the gradient and Grad-CAM pass the randomisation test, guided
 * backpropagation and the deconvnet do not where a network has ReLUs (Adebayo et al. 2018; Nie et al. 2018). Networks whose
 * weights were never trained are their own control.
 */

interface Network {
  readonly name: string;
  readonly file: string;
  /** Two pictures. */
  readonly pictures: readonly string[];
  /** How pictures are prepared, where nothing beside the model says so. */
  readonly input?: object;
  /** Guided backpropagation has something to guide. */
  readonly relus: boolean;
}

const IMAGENET = { range: [0, 1], mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const CAFFE = { range: [0, 255], mean: [123, 117, 104], resize: { mode: 'shortSide', size: 256 }, crop: 'center' };
const CIFAR = ['cat/0000.jpg', 'ship/0001.jpg'].map((p) => `images/cifar10_test_jpg/${p}`);
const DIGITS = ['3/0018.png', '7/0000.png'].map((p) => `images/mnist_test/${p}`);
const PHOTOS = ['goldfish.jpg', 'samoyed.jpg'].map((p) => `images/photos/${p}`);
const BIRDS = ['Emberfinch/emberfinch-3000002.png', 'Ladderwren/ladderwren-3000005.png'].map(
  (p) => `models/birds/pictures/${p}`,
);

const shared = (name: string, pictures: readonly string[], relus: boolean, input?: object): Network => ({
  name,
  file: path.join(DATA, 'models', `${name}.onnx`),
  pictures: pictures.map((p) => path.join(DATA, p)),
  relus,
  ...(input === undefined ? {} : { input }),
});
const shipped = (name: string, relus: boolean): Network => ({
  name,
  file: path.resolve('models/birds', `${name}.onnx`),
  pictures: BIRDS.map((p) => path.resolve(p)),
  relus,
});

const NETWORKS: readonly Network[] = [
  shared('cifar_resnet20', CIFAR, true, IMAGENET),
  shared('cifar_resnet20_fused', CIFAR, true, IMAGENET),
  shared('cifar_resnet20_dynamo', CIFAR, true, IMAGENET),
  shared('squeezenet_v1.0_dc', PHOTOS, true, CAFFE),
  shared('mnist_cnn', DIGITS, true, { range: [0, 255] }),
  shared('mnist_vit', DIGITS, false, { range: [0, 1], mean: [0.1307], std: [0.3081] }),
  shipped('birds_cnn', true),
  shipped('birds_cnn_epoch1', true),
  shipped('birds_vit', false),
  shared('cifar_resnet20_random', CIFAR, true, IMAGENET),
  shared('small_cnn', CIFAR, true, IMAGENET),
  shared('odd_cnn', CIFAR, false, IMAGENET),
  shared('small_vit', CIFAR, false, IMAGENET),
];

const METHODS = ['gradient', 'smoothgrad', 'input_x_gradient', 'gradcam', 'guided_backprop', 'deconvnet'] as const;

/** What a method whose answer is known must not be called, and on how many of the pictures that holds at least. */
const KNOWN: readonly { readonly method: string; readonly never: SanityVerdict; readonly share: number }[] = [
  { method: 'gradient', never: 'picture', share: 1 },
  { method: 'smoothgrad', never: 'picture', share: 1 },
  { method: 'gradcam', never: 'picture', share: 1 },
  { method: 'guided_backprop', never: 'learned', share: 0.85 },
];

interface Found {
  readonly network: Network;
  readonly method: string;
  readonly verdicts: readonly SanityVerdict[];
  readonly row: Row;
}

/** A row for each network and method: what three measures say of the fully random network, on each picture. */
export async function bench(): Promise<Row[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lens-calibration-'));
  const runner = new RunnerService();
  try {
    const found: Found[] = [];
    for (const network of NETWORKS) found.push(...(await ofNetwork(network, runner, folder)));
    return [...found.map(({ row }) => row), ...summaries(found)];
  } finally {
    await runner.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ofNetwork(network: Network, runner: RunnerService, folder: string): Promise<Found[]> {
  const { name, file, input, pictures } = network;
  if (!existsSync(file))
    return [{ network, method: '', verdicts: [], row: { what: `badge, ${name}`, skipped: 'the test data is absent' } }];
  let config: FilePath | undefined;
  if (input !== undefined) {
    config = filePath(path.join(folder, `${name}.lens.json`));
    writeFileSync(config, JSON.stringify({ input }));
  }
  const call = { signal: new AbortController().signal, progress: () => undefined };
  const found: Found[] = [];
  for (const method of METHODS) {
    const said: string[] = [];
    const verdicts: SanityVerdict[] = [];
    for (const picture of pictures) {
      const params = method === 'smoothgrad' ? { samples: 20 } : {};
      const { sanity } = await runner.operations.sanity(
        {
          model: filePath(file),
          input: filePath(picture),
          provider: 'cpu',
          fresh: true,
          ...given({ config }),
          method,
          params,
        },
        call,
      );
      const numbers = sanity.measures.map(
        (m) => m.value.toFixed(2) + (m.cascade === undefined ? '' : ` (${m.cascade.toFixed(2)})`),
      );
      said.push([...numbers, sanity.verdict].join(', '));
      verdicts.push(sanity.verdict);
    }
    const what = `badge of ${method}, ${name}: Spearman and SSIM (mean of the stages before), rise of entropy, verdict`;
    found.push({ network, method, verdicts, row: { what, value: said.join('; ') } });
  }
  return found;
}

/** On how many pictures the badge does not say what it must not. */
function summaries(found: readonly Found[]): Row[] {
  return KNOWN.map(({ method, never, share }) => {
    const asked = found.filter((f) => f.method === method && (f.network.relus || never === 'picture'));
    const verdicts = asked.flatMap((f) => f.verdicts);
    const held = verdicts.filter((verdict) => verdict !== never).length;
    return {
      what: `badge of ${method}: pictures on which it is not "${never}"`,
      value: `${held} of ${verdicts.length}`,
      goal: `≥ ${Math.ceil(share * verdicts.length)}`,
      met: verdicts.length > 0 && held >= share * verdicts.length,
    };
  });
}
