import path from 'node:path';
import { writeNpy } from '../base/npy.js';
import { floatTensor, sameDims, toFloat32, type Tensor } from '../base/tensor.js';
import { json } from './io.js';
import { usage } from './options.js';
import { stems, writeOut } from './outputs.js';

/** What files of one input are made of. */
export interface Exported {
  readonly input: string;
  /** Behind the name of the input in the names of its files: the method, or the layer. */
  readonly suffix: string;
  readonly values: Tensor;
  readonly document: object;
  png(): Uint8Array | Promise<Uint8Array>;
}

/**
 * Writes what `--out` asks for: .png, .npy and .json of every input in a folder, or one .png or .npy, which stacks the
 * values of several inputs. A single .json is the verb's own document, which the verb writes. Answers the files by input.
 *
 * @param what the values are, for the sentence that says why they cannot be stacked
 * @param asked inputs, also those that failed
 */
export async function writeExports(
  out: string,
  kind: string,
  what: string,
  asked: number,
  done: readonly Exported[],
): Promise<Map<string, string[]>> {
  const files = new Map<string, string[]>();
  if (done.length === 0) return files;
  if (kind === 'folder') {
    const names = stems(done.map((e) => e.input));
    for (const [i, e] of done.entries()) {
      const base = path.join(out, `${names[i]}.${e.suffix}`);
      await writeOut(`${base}.png`, await e.png());
      await writeOut(`${base}.npy`, writeNpy(e.values));
      await writeOut(`${base}.json`, json(e.document));
      files.set(
        e.input,
        ['png', 'npy', 'json'].map((ending) => `${base}.${ending}`),
      );
    }
    return files;
  }
  if (kind === '.npy') {
    const values = done.map((e) => e.values);
    await writeOut(out, writeNpy(asked > 1 ? stacked(values, what) : values[0]!));
  }
  if (kind === '.png') {
    if (asked > 1) throw usage('One .png holds one input.', 'Give --out a folder.');
    await writeOut(out, await done[0]!.png());
  }
  for (const e of done) files.set(e.input, [out]);
  return files;
}

function stacked(values: readonly Tensor[], what: string): Tensor {
  const { dims } = values[0]!;
  if (!values.every((each) => sameDims(each.dims, dims)))
    throw usage(`The ${what} differ in shape and cannot be stacked.`, 'Give --out a folder.');
  const out = floatTensor([values.length, ...dims]);
  values.forEach((each, k) => out.data.set(toFloat32(each), k * (out.data.length / values.length)));
  return out;
}
