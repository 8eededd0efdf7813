import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { filePath } from '../../src/base/place.js';
import { loadSharp } from '../../src/input/decode.js';
import { RunnerService } from '../../src/runner/service.js';
import { DATA } from '../data.mjs';
import { median, processorTime, zooModel, type Row } from './measure.js';
import { python } from './torch.js';

/** Enough that what a process costs to begin is little of it, and few enough for a round to take seconds. */
const PICTURES = 96;
const ROUNDS = 2;
const WHAT =
  'pictures of a data set per second of the processor, decoding included, over Pillow, DataLoader and ONNX Runtime in Python';

/** The same pictures in Python: Pillow decodes in the workers of a DataLoader while ONNX Runtime runs. Prints CPU seconds. */
const SCRIPT = `
import sys, os, glob, resource, statistics
import numpy as np, torch, onnxruntime as ort
from PIL import Image
torch.set_num_threads(1)
folder, model, workers, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
mean = np.array([0.485, 0.456, 0.406], np.float32); std = np.array([0.229, 0.224, 0.225], np.float32)
class Set(torch.utils.data.Dataset):
    def __init__(self): self.files = sorted(glob.glob(os.path.join(folder, '*', '*.jpg')))
    def __len__(self): return len(self.files)
    def __getitem__(self, i):
        im = Image.open(self.files[i]).convert('RGB')
        w, h = im.size; s = 256 / min(w, h)
        im = im.resize((max(256, int(w * s)), max(256, int(h * s))), Image.BILINEAR)
        w, h = im.size; x, y = round((w - 224) / 2), round((h - 224) / 2)
        im = im.crop((x, y, x + 224, y + 224))
        a = (np.asarray(im, np.float32) / 255 - mean) / std
        return torch.from_numpy(np.ascontiguousarray(a.transpose(2, 0, 1)))
options = ort.SessionOptions(); options.intra_op_num_threads = 1
session = ort.InferenceSession(model, options, providers=['CPUExecutionProvider'])
name = session.get_inputs()[0].name
def cpu():
    return sum(u.ru_utime + u.ru_stime for u in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)))
times = []
for r in range(rounds + 1):
    start = cpu()
    for batch in torch.utils.data.DataLoader(Set(), batch_size=32, num_workers=workers):
        session.run(None, {name: batch.numpy()})
    if r > 0: times.append(cpu() - start)
print(statistics.median(times))
`;

export async function bench(): Promise<Row[]> {
  const model = zooModel('squeezenet1_1');
  const photos = path.join(DATA, 'images', 'photos');
  if (model === undefined) return [{ what: WHAT, skipped: 'the test data is absent' }];
  const folder = mkdtempSync(path.join(tmpdir(), 'lens-bench-'));
  const runner = new RunnerService();
  try {
    await writePictures(photos, folder);
    const times: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const start = processorTime();
      const { survey } = await runner.operations.survey(
        { model: filePath(model), place: filePath(folder), provider: 'cpu', threads: 1 },
        { signal: new AbortController().signal, progress: () => undefined },
      );
      if (survey.names.length !== PICTURES) throw new Error(`${survey.names.length} pictures were used`);
      if (round > 0) times.push((processorTime() - start) / 1000);
    }
    const own = PICTURES / median(times);
    const said = python(SCRIPT, folder, model, '2', String(ROUNDS));
    if (said === undefined)
      return [{ what: WHAT, skipped: `no Python with Pillow, torch and onnxruntime; here ${own.toFixed(1)} a second` }];
    const theirs = PICTURES / Number(said);
    const value = `${(own / theirs).toFixed(2)} × (${own.toFixed(1)} and ${theirs.toFixed(1)} a second)`;
    return [{ what: WHAT, value, goal: '≥ 1 ×', met: own >= theirs }];
  } finally {
    await runner.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Photographs of 500 × 375 as JPEG, in two classes, each another by its brightness. */
async function writePictures(photos: string, folder: string): Promise<void> {
  const sharp = await loadSharp();
  const files = readdirSync(photos).filter((name) => /\.(png|jpe?g)$/.test(name));
  for (let k = 0; k < PICTURES; k++) {
    const place = path.join(folder, k % 2 === 0 ? 'even' : 'odd');
    mkdirSync(place, { recursive: true });
    await sharp(path.join(photos, files[k % files.length]!))
      .resize(500, 375, { fit: 'cover' })
      .modulate({ brightness: 0.8 + (0.4 * k) / PICTURES })
      .jpeg({ quality: 90 })
      .toFile(path.join(place, `${k}.jpg`));
  }
}
