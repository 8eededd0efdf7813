import type { Embedding } from '../../../src/result/embedding.js';
import { embeddingMethods } from '../../../src/result/embeddingMethods.js';
import { Remade } from '../../shared/remade.js';
import type { Facts } from '../facts.js';
import type { ColourBy } from '../kept.js';
import type { Room } from '../room.js';
import { cloudOf, type Cloud } from './cloud.js';
import { scoreOf, type Score, type Scored } from './scores.js';
import { classScene, colouringOf, colourings, sceneOf, type Colouring, type Scene } from './scene.js';

/** What the map draws of the panel, made again only where something it is made of has changed. */
export interface Drawn {
  readonly scene: Scene;
  readonly colouring: Colouring;
  readonly by: ColourBy;
  /** The number that they are coloured by, where it is one. */
  readonly score: Score | undefined;
  /** Points are classes: of each, the number of its class. */
  readonly classes: readonly number[] | undefined;
  /** They still move. */
  readonly running: boolean;
}

const clouds = new WeakMap<Float32Array, Cloud>();

/** A cloud of points: the same for the same points. */
export function cloudFor(points: Float32Array, components: number): Cloud {
  let cloud = clouds.get(points);
  if (cloud === undefined) clouds.set(points, (cloud = cloudOf(points, components)));
  return cloud;
}

/** What points are coloured by. */
export interface Chosen {
  readonly by: ColourBy;
  /** Where that is a number, and it is there. */
  readonly score: Score | undefined;
  readonly colouring: Colouring;
}

const colours = new Remade<Chosen>();

/** What points are coloured by: what was chosen, or the first that there is. */
export function colouringFor(room: Scored, facts: Facts): Chosen {
  const { score: task, view } = room;
  const { colour, colourClass, of } = view.map;
  return colours.get([facts, colour, colourClass, of, task.value, task.question, task.outdated], () => {
    const offered = colourings(facts).map(({ value }) => value);
    const by = offered.includes(colour) ? colour : (offered[0] ?? 'label');
    const score = scoreOf(room, facts, by);
    return { by, score, colouring: colouringOf(facts, by, score) };
  });
}

const NOTHING_HIDDEN: ReadonlySet<number> = new Set();

/** The scene of a cloud of pictures with what is chosen in the panel. */
export function pictureScene(room: Room, facts: Facts, cloud: Cloud): Scene {
  const { hidden, wrongOnTop } = room.view.map;
  const { by, colouring } = colouringFor(room, facts);
  const groups = by === 'label' ? facts.group : by === 'predicted' ? facts.survey.predicted : undefined;
  return sceneOf(facts, cloud, {
    colouring,
    groups,
    hidden: groups === undefined || hidden.length === 0 ? NOTHING_HIDDEN : new Set(hidden),
    isolated: room.isolated,
    wrongOnTop,
    selected: room.selected,
  });
}

const made = new Remade<Drawn | undefined>();

/** What is drawn now: the points that move while they do, else those of the last answer. */
export function drawnOf(room: Room, facts: Facts): Drawn | undefined {
  const { layout, view, selected, isolated } = room;
  const { value, progress, working } = layout;
  const moving = working ? progress?.points : undefined;
  const { by, score, colouring } = colouringFor(room, facts);
  return made.get([facts, value, moving, working, view.map, colouring, selected, isolated], () => {
    const embedding = value?.embedding;
    const running = moving !== undefined;
    if (running ? view.map.of === 'weights' : embedding?.of === 'weights') {
      const names = embedding?.files ?? facts.survey.classes;
      const points = moving ?? embedding?.points.data;
      if (points === undefined) return undefined;
      const cloud = cloudFor(points, running ? view.map.components : (embedding?.points.dims[1] ?? 2));
      const classes = names.map((name) => facts.survey.classes.indexOf(name));
      return {
        scene: classScene(cloud, names, classes, selectedClasses(facts, selected)),
        colouring,
        by,
        score,
        classes,
        running,
      };
    }
    const points = moving ?? embedding?.points.data;
    if (points === undefined) return undefined;
    const cloud = cloudFor(points, running ? view.map.components : (embedding?.points.dims[1] ?? 2));
    return { scene: pictureScene(room, facts, cloud), colouring, by, score, classes: undefined, running };
  });
}

/** Classes all of whose pictures are selected. */
function selectedClasses({ group, count }: Facts, selected: ReadonlySet<number>): ReadonlySet<number> {
  const some = new Set<number>();
  const open = new Set<number>();
  for (let i = 0; i < count; i++) (selected.has(i) ? some : open).add(group[i]!);
  return new Set([...some].filter((c) => c >= 0 && !open.has(c)));
}

/** A method as it is offered. */
export function methodOf(id: string): (typeof embeddingMethods)[number] {
  return embeddingMethods.find((m) => m.id === id) ?? embeddingMethods[0];
}

/** What the directions of a layout are; of a t-SNE or UMAP they mean nothing. */
export function axesOf({ method, explained }: Pick<Embedding, 'method' | 'explained'>): readonly string[] {
  if (method !== 'pca') return [];
  return [0, 1, 2].map((k) => {
    const share = explained?.[k];
    return `component ${k + 1}${share === undefined ? '' : ` (${(100 * share).toFixed(1)} %)`}`;
  });
}
