import { writeFile } from 'node:fs/promises';
import { deflateRawSync, crc32 } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { storedZip } from '../support/storedZip.js';

/** Data sets as Hugging Face, Keras and MedMNIST write them, made by tests. */

/** Parquet with pictures as `{bytes, path}` and, where names are given, ClassLabel numbers. */
export async function writeParquet(
  file: string,
  pictures: readonly Uint8Array[],
  labels: readonly (number | string)[],
  { names, rowGroupSize = 2 }: { readonly names?: readonly string[]; readonly rowGroupSize?: number } = {},
): Promise<void> {
  const text = labels.some((l) => typeof l === 'string');
  const features = { image: { _type: 'Image' }, label: names === undefined ? {} : { _type: 'ClassLabel', names } };
  const buffer = parquetWriteBuffer({
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
      { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
      { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      text
        ? { name: 'label', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }
        : { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
    ],
    columnData: [
      { name: 'image', data: pictures.map((bytes, i) => ({ bytes, path: `${i}.png` })) },
      { name: 'label', data: text ? [...labels] : labels.map((l) => BigInt(l)) },
    ],
    rowGroupSize,
    kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }],
  });
  await writeFile(file, new Uint8Array(buffer));
}

export async function writeNpz(
  file: string,
  arrays: Readonly<Record<string, Uint8Array>>,
  compressed = false,
): Promise<void> {
  const named = Object.fromEntries(Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes]));
  await writeFile(file, compressed ? deflatedZip(named) : storedZip(named));
}

/** `savez_compressed`: each member deflated. */
function deflatedZip(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const packed = deflateRawSync(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(8, 8);
    local.writeUInt32LE(crc32(content), 14);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(content.length, 22);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    local.copy(entry, 6, 4, 30);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, Buffer.from(name));
    parts.push(local, Buffer.from(name), packed);
    at += 30 + name.length + packed.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length / 2, 8);
  end.writeUInt16LE(directory.length / 2, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}
