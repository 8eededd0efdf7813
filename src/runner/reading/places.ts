import { LensError } from '../../base/errors.js';
import { sizeOf } from '../../base/tensor.js';
import { sketch } from '../../numeric/sketch.js';
import { lastLinear } from '../../graph/layers/heads.js';
import { sampleDims } from '../../method/subject/samples.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';

/** A value of a model that is kept of every picture. */
export interface LayerPlace {
  readonly layer: string;
  readonly value: string;
  /** Numbers of one picture. */
  readonly width: number;
  /** Wider rows are brought to so many numbers by a random projection. */
  readonly reducedTo?: number;
}

/**
 * Where a layer's output is.
 *
 * @param name a layer; by default the input of the last linear layer
 * @throws LensError `embed/no-linear` where there is none
 */
export function layerPlace(subject: ModelSubject, name: string | undefined): LayerPlace {
  if (name !== undefined) {
    const layer = subject.layer(name);
    return { layer: layer.name, value: layer.output, width: widthOf(subject, layer.output) };
  }
  const head = lastLinear(subject.graph, subject.output.name);
  if (head === undefined) {
    throw new LensError(
      'usage',
      'embed/no-linear',
      'The model does not end in a linear layer whose input could be embedded.',
      { hint: 'Choose a layer: with --layer, as inspect prints them, or in the panel.' },
    );
  }
  const layer = subject.layers.find((l) => l.output === head.features);
  return {
    layer: layer?.name ?? `input of ${head.node}`,
    value: head.features,
    width: widthOf(subject, head.features),
  };
}

function widthOf({ facts, input }: ModelSubject, value: string): number {
  const fact = facts.get(value);
  if (fact !== undefined) return sizeOf(sampleDims(fact, facts));
  return value === input.name ? input.channels * input.height * input.width : 1;
}

/** Numbers of all rows together: 0.5 GB, and as much again while they are centred. */
const MOST = 1 << 27;
const REDUCED = 1024;

/** The place with rows that fit into memory for so many pictures. */
export function fitting(place: LayerPlace, count: number, most = MOST): LayerPlace {
  if (place.width * count <= most || place.width <= REDUCED) return place;
  return { ...place, reducedTo: Math.max(64, Math.min(REDUCED, 2 ** Math.floor(Math.log2(most / count)))) };
}

/** Brings rows to as many numbers as their places say; each projection is made once. */
export class Shortener {
  private readonly sketches = new Map<string, (row: Float32Array) => Float32Array>();

  of({ reducedTo }: LayerPlace, row: Float32Array): Float32Array {
    if (reducedTo === undefined || row.length <= reducedTo) return row;
    const key = `${row.length} ${reducedTo}`;
    const known = this.sketches.get(key) ?? sketch(row.length, reducedTo);
    this.sketches.set(key, known);
    return known(row);
  }
}

/** What must be said of rows that were made shorter. */
export function reducedNote({ layer, width, reducedTo }: LayerPlace): string[] {
  if (reducedTo === undefined) return [];
  const [from, to] = [width.toLocaleString('en'), reducedTo.toLocaleString('en')];
  return [
    `"${layer}" has ${from} numbers for each picture, more than fit the memory: a random projection to ${to} stands for them, which keeps distances to a few per cent.`,
  ];
}
