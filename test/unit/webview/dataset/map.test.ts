import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { floatTensor } from '../../../../src/base/tensor.js';
import { factsOf } from '../../../../webview/dataset/facts.js';
import {
  cloudOf,
  farFirst,
  HOME,
  nearestTo,
  nextTowards,
  panned,
  project,
  shown,
  turned,
  within,
  zoomed,
} from '../../../../webview/dataset/map/cloud.js';
import { csvField, mapSvg, pointsCsv, predictionsCsv } from '../../../../webview/dataset/map/exports.js';
import { embeddingNumbers } from '../../../../src/result/embeddingWords.js';
import { colourAt, scaleOf, scoreAsked, scoreOf } from '../../../../webview/dataset/map/scores.js';
import { NEW_VIEW, type MapView } from '../../../../webview/dataset/kept.js';
import { Task } from '../../../../webview/shared/task/task.js';
import type { ScoreColumn, SetProgress } from '../../../../src/protocol/dataset.js';
import { withText } from '../../../../webview/dataset/map/pngText.js';
import {
  classScene,
  colouringOf,
  colourings,
  sceneOf,
  type SceneOptions,
} from '../../../../webview/dataset/map/scene.js';
import { rgba, stampDots, type Dots } from '../../../../webview/dataset/map/stamps.js';
import { assertClose } from '../../support/close.js';
import { recipe, surveyAnswer } from './survey.js';

const room = { width: 400, height: 300 };
const square = Float32Array.of(-1, -1, 1, -1, 1, 1, -1, 1);
const all = (n: number): Uint32Array => Uint32Array.from({ length: n }, (_, i) => i);

describe('points of a map', () => {
  const cloud = cloudOf(square, 2);
  const seen = project(cloud, HOME, room);

  it('lie with one scale for both directions, y upwards, all within the picture', () => {
    const [x0, y0, x2, y2] = [seen.xy[0]!, seen.xy[1]!, seen.xy[4]!, seen.xy[5]!];
    assert.equal(x2 - x0, y0 - y2);
    assert.ok(y2 >= 0 && y0 <= 300 && y2 < y0, `${y2} … ${y0}`);
    assert.equal((x0 + x2) / 2, 200);
  });

  it('stay where the wheel zooms, move with the pointer, and come into sight', () => {
    const at = { x: seen.xy[4]!, y: seen.xy[5]! };
    const near = project(cloud, zoomed(HOME, room, 3, at), room);
    assert.ok(Math.hypot(near.xy[4]! - at.x, near.xy[5]! - at.y) < 1e-3, 'the point under the pointer stays');
    const moved = project(cloud, panned(HOME, room, 10, -20), room);
    assertClose(moved.xy[0]!, seen.xy[0]! + 10, { absolute: 1e-3 }, 'x');
    assertClose(moved.xy[1]!, seen.xy[1]! - 20, { absolute: 1e-3 }, 'y');
    const far = zoomed(HOME, room, 8);
    const back = project(cloud, shown(far, room, project(cloud, far, room), 0), room);
    assert.ok(Math.hypot(back.xy[0]! - 200, back.xy[1]! - 150) < 1e-2, 'the point is in the middle');
    assert.equal(shown(HOME, room, seen, 0), HOME, 'one that is in sight does not move the picture');
  });

  it('one component lies on a line, more than three are cut, and what is not finite has no place', () => {
    assert.deepEqual([...cloudOf(Float32Array.of(3, 4), 1).points], [3, 0, 4, 0]);
    const four = cloudOf(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), 4);
    assert.deepEqual([four.dims, ...four.points], [3, 1, 2, 3, 5, 6, 7]);
    const broken = cloudOf(Float32Array.of(0, 0, NaN, 0, 2, 0), 2);
    assert.deepEqual(broken.centre, [1, 0, 0]);
    assert.equal(nearestTo(project(broken, HOME, room), all(3), 1e9, 0, 1e9), 2);
    assert.equal(cloudOf(new Float32Array(), 2).reach, 1);
  });

  it('turn in space: a half turn mirrors, and the far ones are drawn first', () => {
    const space = cloudOf(Float32Array.of(1, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, -1), 3);
    const front = { ...HOME, yaw: 0, pitch: 0 };
    const before = project(space, front, room);
    const after = project(space, { ...front, yaw: Math.PI }, room);
    assertClose(before.xy[0]!, after.xy[2]!, { absolute: 1e-3 }, 'what was right is left');
    assert.equal(turned(front, room, 400, 0).yaw, Math.PI);
    assert.ok(turned(front, room, 0, 1e6).pitch <= Math.PI / 2, 'it does not go over the head');
    assert.deepEqual([...farFirst(all(4), before.depth!)], [3, 0, 1, 2]);
    const shuffled = Float32Array.from({ length: 500 }, (_, i) => Math.sin(i * 12.9898) * 43758.5);
    const order = farFirst(all(500), shuffled);
    const span = Math.max(...shuffled) - Math.min(...shuffled);
    for (let k = 1; k < 500; k++)
      assert.ok(shuffled[order[k - 1]!]! <= shuffled[order[k]!]! + span / 4000, `place ${k} is out of order`);
  });

  it('are picked by the nearest, walked by arrow keys, and caught by a lasso', () => {
    const [x, y] = [seen.xy[2]!, seen.xy[3]!];
    assert.equal(nearestTo(seen, all(4), x + 5, y - 5, 12), 1);
    assert.equal(nearestTo(seen, all(4), x + 50, y, 12), undefined);
    assert.equal(nearestTo(seen, Uint32Array.of(0, 2), x, y, 12), undefined, 'a hidden one is not picked');
    assert.equal(nextTowards(seen, all(4), 0, 1, 0), 1);
    assert.equal(nextTowards(seen, all(4), 0, 0, -1), 3);
    assert.equal(nextTowards(seen, all(4), 0, -1, 0), undefined);
    const around = [x - 30, y - 30, x + 30, y - 30, x + 30, y + 30, x - 30, y + 30];
    assert.deepEqual(within(seen, all(4), around), [1]);
    // A lasso that crosses itself catches what lies in either half.
    const hourglass = [x - 20, y - 20, x + 20, y - 20, x - 20, y + 20, x + 20, y + 20];
    assert.deepEqual(
      within({ xy: Float32Array.of(x, y - 10, x + 15, y, x, y + 10), depth: undefined }, all(3), hourglass),
      [0, 2],
    );
  });
});

describe('points drawn without WebGL', () => {
  const paper = rgba(10, 20, 30);
  const draw = (dots: Partial<Dots>): Uint32Array => {
    const pixels = new Uint32Array(20 * 20).fill(paper);
    stampDots(pixels, 20, 20, {
      xy: Float32Array.of(10, 10),
      order: all(1),
      colours: Uint32Array.of(rgba(200, 100, 0)),
      rims: new Uint32Array(1),
      shapes: new Uint8Array(1),
      radius: 3,
      ...dots,
    });
    return pixels;
  };

  it('are discs and diamonds of the given colour, opaque as told', () => {
    const disc = draw({});
    assert.equal(disc[10 * 20 + 10], rgba(200, 100, 0));
    assert.equal(disc[0], paper);
    const half = draw({ colours: Uint32Array.of(rgba(200, 100, 0, 128)) })[10 * 20 + 10]!;
    assertClose(half & 255, 105, { absolute: 2 }, 'red');
    const covered = (pixels: Uint32Array): number => pixels.filter((p) => p !== paper).length;
    const diamond = draw({ shapes: Uint8Array.of(1) });
    assert.notDeepEqual(diamond, disc);
    assertClose(covered(diamond), covered(disc), { relative: 0.35 }, 'pixels of a diamond');
  });

  it('have a rim where they are selected, lie over each other in their order, and are cut at the border', () => {
    const rim = rgba(255, 255, 255);
    const rimmed = draw({ rims: Uint32Array.of(rim) });
    assert.ok(rimmed.includes(rim), 'the rim is there');
    assert.equal(rimmed[10 * 20 + 10], rgba(200, 100, 0));
    const two = {
      xy: Float32Array.of(10, 10, 10, 10),
      colours: Uint32Array.of(rgba(1, 1, 1), rgba(2, 2, 2)),
      rims: new Uint32Array(2),
      shapes: new Uint8Array(2),
    };
    assert.equal(draw({ ...two, order: Uint32Array.of(0, 1) })[210], rgba(2, 2, 2));
    assert.equal(draw({ ...two, order: Uint32Array.of(1, 0) })[210], rgba(1, 1, 1));
    const corner = draw({ xy: Float32Array.of(0, 0) });
    assert.equal(corner[0], rgba(200, 100, 0));
    assert.equal(corner[19], paper, 'nothing comes round to the other side');
    assert.ok(
      draw({ xy: Float32Array.of(NaN, 3) }).every((p) => p === paper),
      'no place, no dot',
    );
  });
});

describe('what a map shows', () => {
  const facts = factsOf(surveyAnswer());
  const cloud = cloudOf(
    Float32Array.from({ length: 12 }, (_, i) => i),
    2,
  );
  const scene = (o: Partial<SceneOptions>) =>
    sceneOf(facts, cloud, {
      colouring: colouringOf(facts, 'label'),
      groups: facts.group,
      hidden: new Set(),
      isolated: undefined,
      wrongOnTop: true,
      selected: new Set(),
      ...o,
    });

  it('has mistakes on top, what is selected above them, and diamonds for what is wrong', () => {
    assert.deepEqual([...scene({}).order], [0, 2, 4, 5, 1, 3]);
    assert.deepEqual([...scene({ wrongOnTop: false }).order], [0, 1, 2, 3, 4, 5]);
    const selected = scene({ selected: new Set([0, 1]) });
    assert.deepEqual([...selected.order], [2, 4, 5, 3, 0, 1]);
    assert.deepEqual([...selected.shapes], [0, 1, 0, 1, 0, 0]);
    assert.ok(selected.colours[2]! >>> 24 < selected.colours[0]! >>> 24, 'the others step back');
  });

  it('leaves out classes that are switched off, and all but what is isolated', () => {
    assert.deepEqual([...scene({ hidden: new Set([0]) }).order], [2, 4, 5, 3]);
    assert.deepEqual([...scene({ isolated: new Set([0, 3]) }).order], [0, 3]);
  });

  it('is coloured by what there is, and says what has no number', () => {
    assert.deepEqual(
      colourings(facts).map(({ value }) => value),
      [
        'label',
        'predicted',
        'correct',
        'confidence',
        'ofTruth',
        'margin',
        'truthMargin',
        'entropy',
        'loss',
        'probability',
        'logit',
      ],
    );
    const bare = factsOf(
      surveyAnswer({
        labels: new Int32Array(6).fill(-1),
        truth: new Int32Array(6).fill(-1),
        confidence: new Float32Array(6).fill(NaN),
        ofTruth: new Float32Array(6).fill(NaN),
        margin: new Float32Array(6).fill(NaN),
      }),
    );
    assert.deepEqual(
      colourings(bare).map(({ value }) => value),
      ['predicted', 'logit'],
    );
    const label = colouringOf(facts, 'label');
    assert.deepEqual(
      label.entries.map(({ name, count }) => [name, count]),
      [
        ['cat', 2],
        ['dog', 2],
        ['owl', 1],
        ['no label', 1],
      ],
    );
    assert.notDeepEqual(label.of(0), label.of(2));
    assert.deepEqual(
      colouringOf(facts, 'correct').entries.map(({ name, count }) => [name, count]),
      [
        ['right', 3],
        ['wrong', 2],
        ['not known', 1],
      ],
    );
  });

  describe('coloured by a number', () => {
    const task = new Task<ScoreColumn, SetProgress>(() => undefined);
    const room = (map: Partial<MapView>) => ({
      score: task,
      view: { ...NEW_VIEW, map: { ...NEW_VIEW.map, ...map } },
    });
    const answered = async (map: Partial<MapView>, column: ScoreColumn) => {
      const score = scoreAsked(facts, room(map).view.map)!;
      await task.run(JSON.stringify({ score }), () => Promise.resolve(column));
      return scoreOf(room(map), facts, map.colour!);
    };

    it('has a scale from 0 to 1 of a probability, and grey where there is none', () => {
      const score = scoreOf(room({ colour: 'confidence' }), facts, 'confidence')!;
      const { scale, of } = colouringOf(facts, 'confidence', score);
      assert.deepEqual([scale!.low, scale!.high, scale!.without, scale!.colors.name], [0, 1, 1, 'viridis']);
      assert.deepEqual(of(4), [128, 128, 128]);
      assert.notDeepEqual(of(0), of(2));
    });

    it('diverges about zero where it has a sign: the margin of the label', () => {
      const { values, ...score } = scoreOf(room({}), facts, 'truthMargin')!;
      assert.deepEqual(
        Array.from(values, (v) => (Number.isNaN(v) ? null : Number(v.toFixed(3)))),
        [0.8, -0.4, 0.1, -0.7, null, null],
      );
      const scale = scaleOf({ ...score, values });
      assert.deepEqual([scale.low, scale.high, scale.colors.kind], [-1, 1, 'diverging']);
      const [red, , blue] = colourAt(scale, -1);
      assert.ok(blue > red, 'below zero it is blue');
    });

    it('asks for what the survey does not hold, of the chosen class, and takes no other answer for it', async () => {
      assert.deepEqual(scoreAsked(facts, room({ colour: 'logit', colourClass: 2 }).view.map), {
        kind: 'logit',
        index: 2,
      });
      assert.equal(scoreAsked(facts, room({ colour: 'confidence' }).view.map), undefined);
      assert.equal(scoreAsked(facts, room({ colour: 'entropy', of: 'weights' }).view.map), undefined);
      const names = ['dog/1.png', 'cat/1.png'];
      const column = { names, values: Float32Array.of(-3, 2), unit: 'logit' };
      const score = (await answered({ colour: 'logit', colourClass: 1 }, column))!;
      assert.deepEqual([score.title, score.values[2], score.values[0]], ['logit of dog', -3, 2]);
      assert.ok(Number.isNaN(score.values[1]!), 'what has none is grey');
      assert.deepEqual(
        [scaleOf(score).low, scaleOf(score).high, scaleOf(score).without],
        [-3, 3, 4],
        'both ends are as far from zero',
      );
      assert.equal(scoreOf(room({ colour: 'logit', colourClass: 0 }), facts, 'logit'), undefined);
      const lines = pointsCsv(
        facts,
        { points: floatTensor([6, 2]), of: 'activations', files: facts.survey.names },
        score,
      );
      assert.match(lines.split('\n')[0]!, /,confidence,logit of dog$/);
      assert.match(lines.split('\n')[3]!, /,-3$/);
    });
  });

  it('shows classes as points with names', () => {
    const classes = classScene(cloud, ['a', 'b', 'c', 'd', 'e', 'f'], [0, 1, 2, -1, -1, -1], new Set([1]));
    assert.deepEqual([...classes.selected], [0, 1, 0, 0, 0, 0]);
    assert.equal(classes.names?.[2], 'c');
  });
});

describe('what leaves a map', () => {
  const facts = factsOf(
    surveyAnswer({ names: ['=cmd.png', 'a,b.png', 'dog/1.png', 'dog/2.png', 'owl/1.png', 'loose.png'] }),
  );
  const points = floatTensor([6, 2]);
  points.data.set([0.5, 1, 2, 3]);

  it('is CSV that no spreadsheet takes for a formula', () => {
    assert.equal(csvField('=1+1'), "'=1+1");
    assert.equal(csvField('say "a"'), '"say ""a"""');
    const lines = pointsCsv(facts, { points, of: 'activations', files: facts.survey.names }).split('\n');
    assert.equal(lines[0], 'x,y,name,label,predicted,confidence');
    assert.equal(lines[1], "0.5,1,'=cmd.png,cat,cat,0.8999999761581421");
    assert.match(lines[2]!, /^2,3,"a,b.png",cat,dog,/);
    assert.equal(predictionsCsv(facts).split('\n').length, 8);
  });

  it('is SVG with the recipe in it, whatever the names are', () => {
    const cloud = cloudOf(points.data, 2);
    const colouring = colouringOf(facts, 'label');
    const scene = sceneOf(facts, cloud, {
      colouring,
      groups: undefined,
      hidden: new Set(),
      isolated: undefined,
      wrongOnTop: true,
      selected: new Set([0]),
    });
    const { xy } = project(cloud, HOME, room);
    const svg = mapSvg({
      drawn: { scene, colouring, by: 'label', score: undefined, classes: undefined, running: false },
      places: { xy, order: scene.order, ...room },
      caption: ['<b> & "c"'],
      axes: ['component 1', 'component 2'],
      recipe,
    });
    assert.match(svg, /<metadata>\{&#34;recipe&#34;:/);
    assert.ok(!svg.includes('<b>'), 'names are text');
    assert.equal(svg.match(/<circle cx="[\d.]+" cy="[\d.]+" r="3.2"/g)?.length, 4);
    assert.equal(svg.match(/<path /g)?.length, 2, 'the mistakes are diamonds');
  });

  it('is PNG with the recipe in a chunk of text, which has the right checksum', () => {
    const png = new Uint8Array(40).fill(7);
    const out = withText(png, 'recipe', '{"a":"ä"}');
    const text = new TextDecoder().decode(out);
    assert.ok(text.includes('iTXtrecipe\0\0\0\0\0{"a":"ä"}'), text);
    const at = 33;
    const view = new DataView(out.buffer);
    const length = view.getUint32(at);
    const body = out.subarray(at + 4, at + 8 + length);
    assert.equal(view.getUint32(at + 8 + length), crc32(body));
    assert.equal(out.length, 40 + 12 + 'recipe'.length + 5 + new TextEncoder().encode('{"a":"ä"}').length);
    assert.deepEqual([...out.subarray(out.length - 7)], [7, 7, 7, 7, 7, 7, 7]);
  });

  it('says every number with its name and what it is to be held against', () => {
    const rows = embeddingNumbers({
      of: 'activations',
      layer: 'pool',
      method: 'pca',
      params: {},
      files: [],
      labels: [],
      points,
      explained: [0.5, 0.25],
      quality: {
        trustworthiness: 0.97,
        continuity: 0.9,
        kept: 0.4,
        k: 12,
        asked: 300,
        probe: { accuracy: 0.81, sd: 0.02, majority: 0.1, folds: 5, seeds: 5 },
      },
      omitted: [],
      recipe,
    });
    const texts = rows.map(([name, value]) => `${name}: ${value}`);
    assert.ok(texts.includes('explained variance: 75.0 % (50 % + 25 %)'), texts.join('\n'));
    assert.ok(
      texts.some((text) => /linear probe: 81\.0 % ± 2\.0 % \(always the largest class: 10\.0 %\)/.test(text)),
      texts.join('\n'),
    );
    assert.ok(
      texts.some((text) => text.startsWith('trustworthiness: 0.970 (12 neighbours, 300 points asked)')),
      texts.join('\n'),
    );
  });
});
