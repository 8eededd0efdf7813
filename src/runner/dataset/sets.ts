import { LensError } from '../../base/errors.js';
import { Newest } from '../../base/newest.js';
import type { Dataset, Example } from '../../dataset/dataset.js';
import { openDataset } from '../../dataset/index.js';
import { stampOf } from '../../input/files.js';
import { stratified } from '../../method/dataset/draw.js';
import type { PartRequest } from '../../protocol/dataset.js';

/** Listings that are kept for what is asked of single pictures. */
const KEPT = 4;
const FRESH_MS = 10 * 60_000;

interface Listing {
  readonly dataset: Dataset;
  readonly byName: ReadonlyMap<string, Example>;
  readonly stamp: string;
  readonly since: number;
}

/** A part of a data set that is asked about. */
export interface Part {
  readonly dataset: Dataset;
  /** Names of all splits. */
  readonly splits: readonly string[];
  readonly examples: readonly Example[];
  /** How many there are, when all are asked for. */
  readonly of: number;
  readonly notes: readonly string[];
}

/** The data sets that were opened lately. */
export class DataSets {
  private readonly listings = new Newest<string, Listing>(KEPT);

  /** A part of the set as it is now on the disk. */
  async part({ place, split, most }: PartRequest & { readonly most?: number }, signal: AbortSignal): Promise<Part> {
    const { dataset } = await this.list(place, signal);
    const splits = [...new Set(dataset.examples.flatMap((e) => e.split ?? []))];
    const all = split === undefined ? dataset.examples : dataset.examples.filter((e) => e.split === split);
    if (all.length === 0 && split !== undefined) {
      throw new LensError('usage', 'dataset/split', `The data set has no split "${split}".`, {
        hint: splits.length === 0 ? 'It is not divided into splits.' : `It has ${splits.join(', ')}.`,
      });
    }
    if (most !== undefined && (!Number.isInteger(most) || most < 1))
      throw new LensError('usage', 'dataset/most', `${most} is no number of pictures.`);
    if (most === undefined || most >= all.length)
      return { dataset, splits, examples: all, of: all.length, notes: dataset.notes };
    const places = stratified(
      all.map((e) => e.className),
      most,
    );
    const [some, of] = [most.toLocaleString('en'), all.length.toLocaleString('en')];
    const note = `${some} of ${of} pictures, drawn by a fixed seed with the shares of the classes kept.`;
    return { dataset, splits, examples: places.map((i) => all[i]!), of: all.length, notes: [...dataset.notes, note] };
  }

  /**
   * Single examples by their names, from the listing that is there.
   *
   * @returns undefined for a name that is not there
   */
  async examples(place: string, names: readonly string[], signal: AbortSignal): Promise<(Example | undefined)[]> {
    let listing = this.listings.get(place);
    const old = listing === undefined || Date.now() - listing.since > FRESH_MS;
    if (old || listing!.stamp !== (await stampOf(place)) || names.some((name) => !listing!.byName.has(name)))
      listing = await this.list(place, signal);
    return names.map((name) => listing!.byName.get(name));
  }

  private async list(place: string, signal: AbortSignal): Promise<Listing> {
    const stamp = await stampOf(place);
    const dataset = await openDataset(place, signal);
    const byName = new Map(dataset.examples.map((e) => [e.name, e]));
    const listing: Listing = { dataset, byName, stamp, since: Date.now() };
    this.listings.set(place, listing);
    return listing;
  }
}
