import assert from 'node:assert/strict';
import { readRegion } from '../../../src/base/region.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { edgesOf } from '../../../webview/shared/canvas/layers.js';
import { RegionPainting, type Tool } from '../../../webview/explain/region/painting.js';
import { brushed, emptyRegion, regionOfTarget } from '../../../webview/explain/region/shapes.js';
import type { Asked } from '../../../webview/explain/asked.js';
import { explanationWith } from '../support/explanation.js';

const SIZE = { width: 16, height: 12 };

function shown(kind: 'segmentation' | 'dense' | 'classes'): Explanation {
  return explanationWith({
    picture: { ...SIZE, data: new Uint8Array(3 * 16 * 12) },
    outputs: [{ name: 'out', kind, chosen: true, reason: '' }],
    ...(kind === 'segmentation'
      ? {
          classMap: {
            width: 2,
            height: 1,
            winners: Uint16Array.of(1, 3),
            classes: [
              { index: 0, label: 'sky', share: 0.5 },
              { index: 2, label: 'cat', share: 0.5 },
            ],
          },
        }
      : {}),
  });
}

function painting(kind: Parameters<typeof shown>[0], tool: Tool = 'pick') {
  const asked: string[] = [];
  const said: string[] = [];
  const explanation = shown(kind);
  const state = {
    get question() {
      return { method: 'gradient', params: {}, target: asked.at(-1) ?? 'top1', score: 'logit' as const, seed: 0 };
    },
    shown: { explanation, picture: '' as never, current: true, partial: false },
    ask: ({ target }: { target?: string } = {}) => void asked.push(target!),
  } satisfies Pick<Asked, 'question' | 'shown' | 'ask'>;
  const made = new RegionPainting(
    () => state,
    () => undefined,
    (text) => said.push(text),
  );
  made.tool = tool;
  return { made, asked, said };
}

describe('what is picked and painted on the picture', () => {
  it('a pixel: the class there, said for those who do not see it', () => {
    const { made, asked, said } = painting('segmentation');
    made.pick({ pixel: { x: 12, y: 3 }, shift: false, spoken: true });
    assert.deepEqual(asked, ['mask:12,3,13,4']);
    assert.match(said[0]!, /12, 3.*cat/);
    assert.deepEqual(
      [...made.region!.data.entries()].filter(([, v]) => v === 1).map(([i]) => i),
      [3 * 16 + 12],
    );
  });

  it('a rectangle: by a drag with Shift, or two corners set by keys', () => {
    const { made, asked } = painting('dense');
    assert.equal(made.strokes, 'shift');
    const [begin, to] = [
      { x: 9, y: 8 },
      { x: 4, y: 2 },
    ];
    made.stroke({ phase: 'start', begin, to: begin });
    made.stroke({ phase: 'move', begin, to });
    assert.equal(
      made.region!.data.reduce((a, b) => a + b, 0),
      42,
    );
    assert.deepEqual(asked, []);
    made.stroke({ phase: 'end', begin, to });
    made.pick({ pixel: begin, shift: true, spoken: true });
    made.pick({ pixel: to, shift: true, spoken: true });
    assert.deepEqual(asked, ['mask:4,2,10,9', 'mask:4,2,10,9']);
  });

  it('a stroke of the brush adds to what is painted, and one of the eraser takes away', () => {
    const { made, asked } = painting('dense', 'brush');
    made.size = 0.2;
    const at = (x: number, y: number): void => {
      const point = { x: x + 0.5, y: y + 0.5 };
      made.brushed({ phase: 'begin', from: point, to: point });
      made.brushed({ phase: 'end', from: point, to: point });
    };
    at(4, 4);
    at(9, 9);
    const region = readRegion(asked.at(-1)!.slice('mask:'.length))!;
    assert.deepEqual([region.width, region.height], [16, 12]);
    assert.equal(region.data[4 * 16 + 4]! + region.data[9 * 16 + 9]!, 2);
    made.tool = 'erase';
    made.brushed({ phase: 'over', from: { x: 4, y: 4 }, to: { x: 4, y: 4 } });
    made.brushed({ phase: 'stamp', from: { x: 4.5, y: 4.5 }, to: { x: 4.5, y: 4.5 } });
    at(9, 9);
    assert.equal(asked.at(-1), 'top1', 'nothing is left');
  });

  it('is nothing where the output is no map, and a stroke that is broken off asks nothing', () => {
    const classes = painting('classes', 'brush');
    classes.made.pick({ pixel: { x: 1, y: 1 }, shift: false, spoken: false });
    assert.deepEqual([classes.made.strokes, classes.made.brush, classes.asked], ['none', undefined, []]);
    const map = painting('dense', 'rectangle');
    const pixel = { x: 3, y: 3 };
    map.made.stroke({ phase: 'start', begin: pixel, to: pixel });
    map.made.stroke({ phase: 'cancel', begin: pixel, to: pixel });
    assert.deepEqual([map.asked, map.made.region], [[], undefined]);
  });

  it('comes back from the text of a target, over a picture of any size', () => {
    assert.equal(regionOfTarget('top1', SIZE), undefined);
    assert.equal(regionOfTarget('mask:cat', SIZE), undefined);
    assert.equal(regionOfTarget('mask:box:1', SIZE), undefined);
    assert.deepEqual([...regionOfTarget('mask:2x1:1,1', { width: 4, height: 2 })!.data], [0, 0, 1, 1, 0, 0, 1, 1]);
  });

  it('a line of the brush is round at its ends and leaves no gap', () => {
    const line = brushed(emptyRegion(SIZE), { size: 3, shape: 'disc' }, { x: 2.5, y: 2.5 }, { x: 13.5, y: 9.5 }, true);
    for (let t = 0; t <= 1; t += 0.05) {
      const [x, y] = [Math.round(2 + 11 * t), Math.round(2 + 7 * t)];
      assert.equal(line.data[y * 16 + x], 1, `${x}, ${y}`);
    }
    assert.equal(line.data[0], 0);
  });

  it('outlines join edges along rows and columns', () => {
    // Two places side by side: a rectangle of four edges.
    const edges = edgesOf(4, 3, (i) => i === 5 || i === 6);
    assert.deepEqual(
      [...edges].sort((a, b) => a.join().localeCompare(b.join())),
      [
        [1, 1, 1, 2],
        [1, 1, 3, 1],
        [1, 2, 3, 2],
        [3, 1, 3, 2],
      ],
    );
  });
});
