import { stat } from 'node:fs/promises';
import { LensError } from '../base/errors.js';
import type { Dataset, Example, Source } from './dataset.js';
import { folder } from './folder.js';
import { list } from './list.js';
import { npz } from './npz.js';
import { parquet } from './parquet.js';

/** In the order in which they are asked: what holds a data set file is not a folder of pictures. */
const sources: readonly Source[] = [parquet, npz, list, folder];

/** The way in which a file or folder holds a data set; undefined where it holds none. */
export async function sourceOf(place: string): Promise<Source | undefined> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(place)).isDirectory();
  } catch (cause) {
    throw new LensError('input', 'input/not-found', `There is no file or folder "${place}".`, { cause });
  }
  for (const source of sources) if (await source.recognises(place, isFolder)) return source;
  return undefined;
}

/** @throws LensError `dataset/unknown` where it is no data set */
export async function openDataset(place: string, signal?: AbortSignal): Promise<Dataset> {
  const source = await sourceOf(place);
  if (source !== undefined) {
    const dataset = await source.open(place, signal);
    return { ...dataset, examples: toldApart(dataset.examples) };
  }
  throw new LensError('input', 'dataset/unknown', `"${place}" is no data set.`, {
    hint: 'Open a folder of pictures, a .csv or .json list, a .parquet or an .npz file.',
  });
}

/** The same with names that occur once: what a list names twice is two examples. */
function toldApart(examples: readonly Example[]): readonly Example[] {
  const taken = new Set(examples.map((e) => e.name));
  if (taken.size === examples.length) return examples;
  const seen = new Set<string>();
  return examples.map((example) => {
    let { name } = example;
    for (let k = 2; seen.has(name) || (k > 2 && taken.has(name)); k++) name = `${example.name} (${k})`;
    seen.add(name);
    taken.add(name);
    return name === example.name ? example : { ...example, name };
  });
}
