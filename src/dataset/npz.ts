import path from 'node:path';
import { LensError } from '../base/errors.js';
import { readNpy } from '../base/npy.js';
import { sizeOf, toFloat32 } from '../base/tensor.js';
import type { Dataset, Example, Source } from './dataset.js';
import { membersOf, type Member } from './zip.js';

/** Names of pictures and of their labels, as MedMNIST and Keras have them, and plain ones. */
const PAIRS: readonly (readonly [pictures: RegExp, labels: (found: string) => readonly string[]])[] = [
  [/^(train|val|valid|test)_images$/, (split) => [`${split}_labels`]],
  [/^[xX]_(train|val|valid|test)$/, (split) => [`y_${split}`, `Y_${split}`]],
  [/^(?:images|[xX]|data)()$/, () => ['labels', 'y', 'Y', 'targets', 'label']],
];
/** Longer headers no writer makes. */
const HEADER = 4096;

/** Arrays of NumPy: pictures as bytes `[N,H,W]` or `[N,H,W,C]`, class numbers beside. */
export const npz: Source = {
  id: 'npz',
  recognises: (place, isFolder) => Promise.resolve(!isFolder && /\.npz$/i.test(place)),
  async open(place) {
    const members = new Map((await membersOf(place)).map((m) => [m.name.replace(/\.npy$/, ''), m]));
    const examples: Example[] = [];
    const notes: string[] = [];
    let most = -1;
    for (const [name, member] of members) {
      const [split, labelNames] = pairOf(name) ?? [];
      if (labelNames === undefined) continue;
      const array = await arrayOf(place, member);
      const labels = labelNames.map((n) => members.get(n)).find((m) => m !== undefined);
      const numbers = labels === undefined ? undefined : await labelsOf(place, labels, array.count, notes);
      numbers?.forEach((v) => (most = Math.max(most, v)));
      for (let row = 0; row < array.count; row++) {
        const label = numbers?.[row];
        examples.push({
          name: `${path.basename(place)}#${name}/${row}`,
          file: place,
          ...(label === undefined ? {} : { className: String(label) }),
          ...(split === undefined || split === '' ? {} : { split }),
          read: async () => ({
            width: array.width,
            height: array.height,
            channels: array.channels,
            data: await member.read(array.start + row * array.size, array.size),
          }),
        });
      }
    }
    if (examples.length === 0) {
      throw refused(
        place,
        `It holds ${[...members.keys()].map((n) => `"${n}"`).join(', ') || 'nothing'}, and no array of pictures that is known.`,
      );
    }
    return {
      title: 'arrays (.npz)',
      examples,
      ...(most < 0 ? {} : { classes: Array.from({ length: most + 1 }, (_, k) => String(k)) }),
      notes,
      omitted: [],
    } satisfies Dataset;
  },
};

function refused(file: string, why: string): LensError {
  return new LensError('input', 'dataset/npz', `"${path.basename(file)}" cannot be read as a data set. ${why}`, {
    hint: 'It needs pictures as uint8 [N, H, W] or [N, H, W, C] named x_train, train_images or images, and class numbers y_train, train_labels or labels.',
  });
}

function pairOf(name: string): readonly [string, readonly string[]] | undefined {
  for (const [pattern, labels] of PAIRS) {
    const found = pattern.exec(name);
    if (found !== null) return [found[1]!, labels(found[1]!)];
  }
  return undefined;
}

interface Pictures {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Bytes of one, and where the first begins. */
  readonly size: number;
  readonly start: number;
}

async function arrayOf(file: string, member: Member): Promise<Pictures> {
  const head = Buffer.from(await member.read(0, Math.min(HEADER, member.size)));
  const text = head.toString('latin1');
  const type = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const dims = /'shape':\s*\(([^)]*)\)/
    .exec(text)?.[1]
    ?.split(',')
    .flatMap((s) => (s.trim() === '' ? [] : [Number(s)]));
  if (
    !text.startsWith('\x93NUMPY') ||
    type === undefined ||
    dims === undefined ||
    dims.some((d) => !Number.isSafeInteger(d))
  )
    throw refused(file, `"${member.name}" is no array.`);
  if (!/^[|<>=]?u1$/.test(type))
    throw refused(
      file,
      `"${member.name}" holds numbers of type ${type}, where pictures are bytes (uint8) from 0 to 255.`,
    );
  if (/'fortran_order':\s*True/.test(text)) throw refused(file, `"${member.name}" lies in Fortran order.`);
  const [count = 0, height = 0, width = 0, channels = 1] = dims;
  if (dims.length < 3 || dims.length > 4 || (channels !== 1 && channels !== 3))
    throw refused(file, `"${member.name}" has the shape [${dims.join(', ')}].`);
  const start = head[6] === 1 ? 10 + head.readUInt16LE(8) : 12 + head.readUInt32LE(8);
  const size = height * width * channels;
  if (start + count * size > member.size) throw refused(file, `"${member.name}" ends too early.`);
  return { count, width, height, channels, size, start };
}

/** Class numbers `[N]` or `[N, 1]`; nothing where each picture has several labels. */
async function labelsOf(file: string, member: Member, count: number, notes: string[]): Promise<Int32Array | undefined> {
  if (member.size > 64 * count + HEADER * 2) {
    notes.push(`"${member.name}" holds several numbers for each picture; they are not taken as classes.`);
    return undefined;
  }
  const tensor = readNpy(await member.read(0, member.size));
  if (sizeOf(tensor.dims) !== count || tensor.type === 'string') {
    notes.push(
      `"${member.name}" holds ${tensor.dims.join(' × ')} numbers for ${count} pictures; they are not taken as classes.`,
    );
    return undefined;
  }
  const numbers = toFloat32(tensor);
  if (numbers.every((v) => Number.isInteger(v) && v >= 0 && v < 1e6)) return Int32Array.from(numbers);
  throw refused(file, `"${member.name}" holds numbers that are no classes.`);
}
