import { cloudOf, farFirst, HOME, panned, project, turned } from '../../webview/dataset/map/cloud.js';
import { rgba, stampDots, type Dots } from '../../webview/dataset/map/stamps.js';
import { factsOf } from '../../webview/dataset/facts.js';
import { colouringOf, sceneOf } from '../../webview/dataset/map/scene.js';
import { median, processorTime, type Row } from './measure.js';

const COUNT = 50_000;
/** A wide panel on a screen with two pixels for each of the style sheet's. */
const ROOM = { width: 900, height: 700 };
const RATIO = 2;
const FRAMES = 15;

/**
 * Frames of a map of 50,000 points where there is no WebGL: projected, ordered and drawn into pixels, while the map is
 * moved and while it is turned. What the browser adds is one copy of the pixels.
 */
export async function bench(): Promise<Row[]> {
  return [first(), frames('moved in the plane', 2), frames('turned in space', 3)];
}

/** From the answer to the pixels: what is known of each picture, colours, order, and the first frame. */
function first(): Row {
  const names = Array.from({ length: COUNT }, (_, i) => `class ${i % 10}/${i}.png`);
  const truth = Int32Array.from({ length: COUNT }, (_, i) => i % 10);
  const sure = Float32Array.from({ length: COUNT }, (_, i) => (i % 97) / 97);
  const answer = {
    survey: {
      place: '',
      title: '',
      names,
      files: names,
      allSplits: [],
      classes: Array.from({ length: 10 }, (_, i) => `class ${i}`),
      labels: truth,
      truth,
      predicted: truth.map((c, i) => (i % 7 === 0 ? (c + 1) % 10 : c)),
      confidence: sure,
      ofTruth: sure,
      margin: sure,
      mapping: [],
      duplicates: [],
      omitted: [],
      of: COUNT,
      notes: [],
      recipe: {
        schema: 'onnx-lens/recipe/1',
        model: { file: '', sha256: '' },
        preprocessing: {},
        method: 'pca',
        params: {},
        seed: 0,
        provider: 'cpu',
        versions: {},
        notes: [],
      },
    } as const,
  };
  const points = Float32Array.from({ length: 2 * COUNT }, (_, i) => Math.sin(i * 12.9898) + Math.sin(i * 78.233));
  const [width, height] = [ROOM.width * RATIO, ROOM.height * RATIO];
  const start = processorTime();
  const facts = factsOf(answer);
  const cloud = cloudOf(points, 2);
  const { order, colours, shapes, selected } = sceneOf(facts, cloud, {
    colouring: colouringOf(facts, 'label'),
    groups: facts.group,
    hidden: new Set(),
    isolated: undefined,
    wrongOnTop: true,
    selected: new Set(),
  });
  const { xy } = project(cloud, HOME, { width, height });
  const rims = Uint32Array.from(selected);
  stampDots(new Uint32Array(width * height), width, height, { xy, order, colours, rims, shapes, radius: 1.9 * RATIO });
  const took = processorTime() - start;
  return {
    what: 'the first frame of 50,000 points without WebGL, from the answer to the pixels, processor time',
    value: `${took.toFixed(0)} ms`,
    goal: '< 1 s',
    met: took < 1000,
  };
}

function frames(what: string, dims: 2 | 3): Row {
  const points = Float32Array.from({ length: dims * COUNT }, (_, i) => {
    const group = Math.floor(i / dims) % 10;
    // Two hashes make a bell: ten groups, as classes are.
    const noise = Math.sin(i * 12.9898) + Math.sin(i * 78.233);
    return 3 * Math.cos(group * (1 + (i % dims))) + noise;
  });
  const cloud = cloudOf(points, dims);
  const [width, height] = [ROOM.width * RATIO, ROOM.height * RATIO];
  const pixels = new Uint32Array(width * height);
  const look: Omit<Dots, 'xy' | 'order'> = {
    colours: Uint32Array.from({ length: COUNT }, (_, i) => rgba((i * 40) % 256, (i * 90) % 256, 120, 200)),
    rims: new Uint32Array(COUNT),
    shapes: Uint8Array.from({ length: COUNT }, (_, i) => (i % 9 === 0 ? 1 : 0)),
    radius: 1.9 * RATIO,
  };
  const order = Uint32Array.from({ length: COUNT }, (_, i) => i);
  let camera = HOME;
  let seen = project(cloud, camera, ROOM);
  const times: number[] = [];
  for (let frame = -3; frame < FRAMES; frame++) {
    const start = processorTime();
    camera = dims === 2 ? panned(camera, ROOM, 3, 1) : turned(camera, ROOM, 4, 1);
    seen = project(cloud, camera, ROOM, seen);
    const sorted = seen.depth === undefined ? order : farFirst(order, seen.depth);
    pixels.fill(rgba(31, 31, 31));
    stampDots(pixels, width, height, { ...look, xy: seen.xy.map((v) => v * RATIO), order: sorted });
    if (frame >= 0) times.push(processorTime() - start);
  }
  const took = median(times);
  return {
    what: `a frame of 50,000 points without WebGL, ${what}, ${width} × ${height} pixels, processor time`,
    value: `${took.toFixed(0)} ms`,
    goal: '< 100 ms',
    met: took < 100,
  };
}
