import { classColor } from '../../shared/canvas/classColors.js';
import { className, RIGHT, UNKNOWN, WRONG, type Facts } from '../facts.js';
import type { ColourBy } from '../kept.js';
import type { Cloud } from './cloud.js';
import { colourAt, scaleOf, scoresOffered, type Scale, type Score } from './scores.js';
import { rgba } from './stamps.js';

/** What is drawn of points, whatever they are looked at from. */
export interface Scene {
  readonly cloud: Cloud;
  readonly colours: Uint32Array;
  readonly shapes: Uint8Array;
  /** What is shown, the last one on top. */
  readonly order: Uint32Array;
  /** 1 for those that are selected. */
  readonly selected: Uint8Array;
  readonly anySelected: boolean;
  /** Names that are written beside points: of classes, not of pictures. */
  readonly names?: readonly string[];
}

/** Right, wrong, and what cannot be told: apart for people of any colour vision, on light and on dark. */
const STATE_COLOURS: Readonly<Record<number, readonly [number, number, number]>> = {
  [UNKNOWN]: [128, 128, 128],
  [RIGHT]: [55, 136, 216],
  [WRONG]: [230, 97, 0],
};
const GREY = [128, 128, 128] as const;

/** One entry of the legend. */
export interface LegendEntry {
  readonly name: string;
  readonly colour: readonly [number, number, number];
  readonly count: number;
  /** The class that it switches on and off; absent where it is none. */
  readonly index?: number;
}

/** A scale of colours in place of entries. */
export interface LegendScale extends Scale {
  readonly title: string;
  readonly unit: string;
}

export interface Colouring {
  /** Red, green and blue of an example. */
  of(i: number): readonly [number, number, number];
  readonly entries: readonly LegendEntry[];
  readonly scale?: LegendScale;
}

/** What can be coloured by: what there is nothing of is not offered. */
export function colourings(facts: Facts): readonly { readonly value: ColourBy; readonly label: string }[] {
  const { labelled, classified } = facts;
  return [
    ...(labelled ? [{ value: 'label', label: 'label' } as const] : []),
    ...(classified ? [{ value: 'predicted', label: 'prediction' } as const] : []),
    ...(labelled && classified ? [{ value: 'correct', label: 'right or wrong' } as const] : []),
    ...scoresOffered(facts),
  ];
}

/** @param score the number, where it is coloured by one and that is there */
export function colouringOf(facts: Facts, by: ColourBy, score?: Score): Colouring {
  const { survey, state, count } = facts;
  switch (by) {
    case 'label':
    case 'predicted': {
      const of = by === 'label' ? facts.group : survey.predicted;
      const counts = new Map<number, number>();
      for (const c of of) counts.set(c, (counts.get(c) ?? 0) + 1);
      const indices = [...counts.keys()].sort((a, b) => (a < 0 ? 1 : b < 0 ? -1 : a - b));
      const colour = (c: number): readonly [number, number, number] => (c < 0 ? GREY : classColor(c));
      return {
        of: (i) => colour(of[i]!),
        entries: indices.map((index) => ({
          name: className(facts, index, by === 'label' ? 'no label' : 'no class'),
          colour: colour(index),
          count: counts.get(index)!,
          index,
        })),
      };
    }
    case 'correct': {
      const names = { [RIGHT]: 'right', [WRONG]: 'wrong', [UNKNOWN]: 'not known' };
      const counts = { [RIGHT]: facts.right, [WRONG]: facts.wrong, [UNKNOWN]: count - facts.right - facts.wrong };
      return {
        of: (i) => STATE_COLOURS[state[i]!]!,
        entries: [RIGHT, WRONG, UNKNOWN]
          .filter((each) => counts[each as 0 | 1 | 2] > 0)
          .map((each) => ({
            name: names[each as 0 | 1 | 2],
            colour: STATE_COLOURS[each]!,
            count: counts[each as 0 | 1 | 2],
          })),
      };
    }
    default:
      return byNumber(score);
  }
}

/** By a number; grey where there is none, or as long as it is not there. */
function byNumber(score: Score | undefined): Colouring {
  if (score === undefined) return { of: () => GREY, entries: [] };
  const scale = scaleOf(score);
  return {
    of: (i) => (Number.isFinite(score.values[i]!) ? colourAt(scale, score.values[i]!) : GREY),
    entries: [],
    scale: { ...scale, title: score.title, unit: score.unit },
  };
}

export interface SceneOptions {
  readonly colouring: Colouring;
  /** Class that toggles of the legend are about, of each example; absent where the legend shows none. */
  readonly groups: Int32Array | undefined;
  readonly hidden: ReadonlySet<number>;
  /** Only these are shown. */
  readonly isolated: ReadonlySet<number> | undefined;
  readonly wrongOnTop: boolean;
  readonly selected: ReadonlySet<number>;
}

/** Points of pictures. What is wrong is a diamond: colour alone would not say it to everybody. */
export function sceneOf(facts: Facts, cloud: Cloud, o: SceneOptions): Scene {
  const count = Math.min(facts.count, cloud.count);
  const { state } = facts;
  const selected = new Uint8Array(count);
  for (const i of o.selected) if (i < count) selected[i] = 1;
  const anySelected = o.selected.size > 0;
  const many = count > 2000;
  const colours = new Uint32Array(count);
  const shapes = new Uint8Array(count);
  // Below: what is not selected; then what is wrong; on top what is selected.
  const layers: number[][] = [[], [], [], []];
  for (let i = 0; i < count; i++) {
    const group = o.groups?.[i];
    if (group !== undefined && o.hidden.has(group)) continue;
    if (o.isolated !== undefined && !o.isolated.has(i)) continue;
    const [r, g, b] = o.colouring.of(i);
    const dim = anySelected && selected[i] === 0;
    colours[i] = rgba(r, g, b, dim ? 80 : many ? 200 : 235);
    const wrong = state[i] === WRONG;
    shapes[i] = wrong ? 1 : 0;
    layers[(selected[i] === 1 ? 2 : 0) + (wrong && o.wrongOnTop ? 1 : 0)]!.push(i);
  }
  const order = new Uint32Array(layers.reduce((sum, layer) => sum + layer.length, 0));
  let at = 0;
  for (const layer of layers) {
    order.set(layer, at);
    at += layer.length;
  }
  return { cloud, colours, shapes, order, selected, anySelected };
}

/** Points of classes: the rows of the last layer. A class is selected where all its pictures are. */
export function classScene(
  cloud: Cloud,
  names: readonly string[],
  classes: readonly number[],
  selected: ReadonlySet<number>,
): Scene {
  const mask = Uint8Array.from({ length: cloud.count }, (_, k) => (selected.has(classes[k]!) ? 1 : 0));
  const anySelected = mask.some((m) => m === 1);
  return {
    cloud,
    colours: Uint32Array.from({ length: cloud.count }, (_, k) => {
      const [r, g, b] = classes[k]! < 0 ? GREY : classColor(classes[k]!);
      return rgba(r, g, b, anySelected && mask[k] === 0 ? 90 : 235);
    }),
    shapes: new Uint8Array(cloud.count),
    order: Uint32Array.from({ length: cloud.count }, (_, k) => k),
    selected: mask,
    anySelected,
    names,
  };
}
