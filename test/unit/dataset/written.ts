import { writeFile } from 'node:fs/promises';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { zipOf } from '../support/zip.js';

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
  await writeFile(file, zipOf(named, compressed));
}
