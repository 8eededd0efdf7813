import assert from 'node:assert/strict';
import type { Box } from '../../../../src/result/output.js';
import { assertClose } from '../../support/close.js';
import { constantNet, SIDE } from './constantNet.js';
import { readNet } from './support.js';

const LABELS = ['cat', 'dog', 'hen'];

/** A row for each candidate, or a column. */
function table(rows: readonly (readonly number[])[], columns: boolean): { dims: number[]; data: Float32Array } {
  const [n, size] = [rows.length, rows[0]!.length];
  const data = Float32Array.from({ length: n * size }, (_, i) =>
    columns ? rows[i % n]![Math.floor(i / n)]! : rows[Math.floor(i / size)]![i % size]!,
  );
  return { dims: columns ? [1, size, n] : [1, n, size], data };
}

/** Two things: a dog at 10, 20 that is seen twice, and a hen at 4, 4; the rest is nothing. */
function rows(of: (box: number[], scores: number[]) => number[], candidates = 16, share = 1): number[][] {
  const seen: [number[], number[]][] = [
    [
      [10, 20, 8, 6],
      [0.1, 0.8, 0],
    ],
    [
      [10.2, 20, 8, 6],
      [0, 0.7, 0],
    ],
    [
      [4, 4, 4, 4],
      [0.05, 0.02, 0.6],
    ],
  ];
  return Array.from({ length: candidates }, (_, i) => {
    const [box, scores] = seen[i] ?? [
      [16, 16, 2, 2],
      [0.01, 0.01, 0.01],
    ];
    return of(
      box.map((v) => v * share),
      scores,
    );
  });
}

function assertFound(boxes: readonly Box[] | undefined, factor = 1): void {
  assert.deepEqual(
    boxes!.map((b) => b.label),
    ['dog', 'hen', 'cat'].slice(0, boxes!.length),
  );
  assert.ok(boxes!.length >= 2, 'two things');
  assertClose(boxes![0]!.box, [6, 17, 14, 23], { absolute: 1e-4 }, 'the dog');
  assertClose(boxes![1]!.box, [2, 2, 6, 6], { absolute: 1e-4 }, 'the hen');
  assertClose(boxes![0]!.score, 0.8 * factor, { absolute: 1e-6 }, 'score of the dog');
}

describe('method/output: detectors', () => {
  for (const columns of [true, false])
    it(`box and scores of classes, ${columns ? 'columns (YOLOv8)' : 'rows'}`, async () => {
      const net = constantNet(
        {
          output0: {
            parts: [
              table(
                rows((b, s) => [...b, ...s]),
                columns,
              ),
            ],
          },
        },
        { task: 'detect' },
      );
      const { output, ranking } = await readNet(net, { labels: LABELS });
      assert.equal(output.kind, 'detection', output.reason);
      assertFound(ranking.decoded!.boxes);
      assert.deepEqual(
        ranking.top.map((c) => c.label),
        ['dog', 'hen', 'cat'],
      );
      assert.ok(
        ranking.top.every((c) => c.probability === undefined),
        'a score is called a probability',
      );
    });

  it('shares of the sides are brought to pixels', async () => {
    const { ranking } = await readNet(
      constantNet(
        {
          out: {
            parts: [
              table(
                rows((b, s) => [...b, ...s], 16, 1 / SIDE),
                false,
              ),
            ],
          },
        },
        { task: 'detect' },
      ),
      { labels: LABELS },
    );
    assertFound(ranking.decoded!.boxes);
  });

  it('objectness multiplies the scores (YOLOv5)', async () => {
    const net = constantNet({
      output: {
        parts: [
          table(
            rows((b, s) => [...b, 0.5, ...s]),
            false,
          ),
        ],
      },
    });
    const { output, ranking } = await readNet(net, { labels: LABELS });
    assert.equal(output.layout?.kind === 'detection' && output.layout.head, 'v5', output.reason);
    assertFound(ranking.decoded!.boxes, 0.5);
  });

  it('one class is no list of classes', async () => {
    const net = constantNet(
      {
        output0: {
          parts: [
            table(
              rows((b, s) => [...b, s[1]!]),
              true,
            ),
          ],
        },
      },
      { task: 'detect' },
    );
    const { output, ranking } = await readNet(net, { labels: ['dog'] });
    assert.equal(output.kind, 'detection');
    assertClose(ranking.decoded!.boxes![0]!.score, 0.8, { absolute: 1e-6 }, 'best');
  });

  it('turned boxes have the angle behind their scores', async () => {
    const net = constantNet(
      {
        output0: {
          parts: [
            table(
              rows((b, s) => [...b, ...s, Math.PI / 2]),
              true,
            ),
          ],
        },
      },
      { task: 'obb' },
    );
    const [dog] = (await readNet(net, { labels: LABELS })).ranking.decoded!.boxes!;
    assertClose(dog!.angle!, Math.PI / 2, { absolute: 1e-6 }, 'angle');
    assertClose(dog!.box, [7, 16, 13, 24], { absolute: 1e-4 }, 'upright box around it');
  });

  it('poses have their points behind the score', async () => {
    const points = [1, 2, 0.9, 3, 4, 0.8];
    const net = constantNet(
      {
        output0: {
          parts: [
            table(
              rows((b, s) => [...b, s[1]!, ...points]),
              true,
            ),
          ],
        },
      },
      { task: 'pose', kpt_shape: '[2, 3]' },
    );
    const { output, ranking } = await readNet(net, { labels: ['person'] });
    assert.equal(output.layout?.kind === 'detection' && output.layout.head, 'pose', output.reason);
    const [first] = ranking.decoded!.boxes!;
    assertClose(first!.points!.flat() as number[], points, { absolute: 1e-6 }, 'points');
  });

  it('coefficients of masks have prototypes beside them', async () => {
    const net = constantNet(
      {
        output0: {
          parts: [
            table(
              rows((b, s) => [...b, ...s, 1, 2, 3, 4]),
              true,
            ),
          ],
        },
        output1: { parts: [{ dims: [1, 4, 8, 8], data: [] }] },
      },
      { task: 'segment' },
    );
    const { outputs, output, ranking } = await readNet(net, { labels: LABELS });
    assert.deepEqual(
      outputs.map((o) => [o.name, o.kind, o.partOf]),
      [
        ['output0', 'detection', undefined],
        ['output1', 'dense', 'output0'],
      ],
    );
    assert.equal(output.layout?.kind === 'detection' && output.layout.masks?.count, 4);
    assertFound(ranking.decoded!.boxes);
  });

  it('end to end: the model has chosen box, score and class', async () => {
    const made = rows(
      (b, s) => [
        b[0]! - b[2]! / 2,
        b[1]! - b[3]! / 2,
        b[0]! + b[2]! / 2,
        b[1]! + b[3]! / 2,
        Math.max(...s),
        s.indexOf(Math.max(...s)),
      ],
      10,
    );
    // What the model suppressed is not there.
    made.splice(1, 1);
    for (const metadata of [{ task: 'detect', end2end: 'True' }, { task: 'detect' }]) {
      const { output, ranking } = await readNet(constantNet({ output0: { parts: [table(made, false)] } }, metadata), {
        labels: LABELS,
      });
      assert.equal(output.layout?.kind === 'detection' && output.layout.head, 'end2end', output.reason);
      assertFound(ranking.decoded!.boxes);
      assert.deepEqual(
        ranking.top.slice(0, 2).map((c) => c.label),
        ['dog', 'hen'],
      );
    }
  });

  const logit = (p: number): number => Math.log(Math.max(1e-6, p) / (1 - p));
  const list = (of: (box: number[], scores: number[]) => number[], share = 1): { dims: number[]; data: Float32Array } =>
    table(rows(of, 16, share), false);
  const corners = (b: number[]): number[] => [
    b[0]! - b[2]! / 2,
    b[1]! - b[3]! / 2,
    b[0]! + b[2]! / 2,
    b[1]! + b[3]! / 2,
  ];

  it('DETR: logits with a last class for nothing, boxes by their middle in shares', async () => {
    const net = constantNet({
      pred_logits: {
        parts: [list((_, s) => [...s.map((p) => Math.log(p + 1e-9)), Math.log(1 - s.reduce((a, b) => a + b))])],
      },
      pred_boxes: { parts: [list((b) => b, 1 / SIDE)] },
    });
    const { outputs, output, ranking } = await readNet(net, { labels: LABELS });
    assert.deepEqual(
      outputs.map((o) => [o.kind, o.partOf]),
      [
        ['detection', undefined],
        ['detection', 'pred_logits'],
      ],
    );
    assert.equal(output.layout?.kind === 'detection' && output.layout.head, 'detr');
    assertFound(ranking.decoded!.boxes);
  });

  it('DETR with a Sigmoid for each class', async () => {
    const net = constantNet({
      pred_boxes: { parts: [list((b) => b, 1 / SIDE)] },
      logits: { parts: [list((_, s) => s.map(logit))] },
    });
    const { output, ranking } = await readNet(net, { labels: LABELS });
    assert.equal(output.name, 'logits');
    assertFound(ranking.decoded!.boxes);
  });

  it('SSD: corners in shares, and a first class for nothing', async () => {
    for (const labels of [LABELS, ['BACKGROUND', ...LABELS]]) {
      const net = constantNet({
        scores: { parts: [list((_, s) => [1 - s.reduce((a, b) => a + b), ...s])] },
        boxes: { parts: [list(corners, 1 / SIDE)] },
      });
      const { output, ranking } = await readNet(net, { labels });
      assert.equal(output.layout?.kind === 'detection' && output.layout.head, 'ssd', output.reason);
      assertFound(ranking.decoded!.boxes);
      assert.deepEqual(
        ranking.top.slice(0, 3).map((c) => c.label),
        ['dog', 'hen', 'cat'],
      );
    }
  });

  it('boxes, classes and scores that were suppressed in the graph', async () => {
    const one = (data: number[]): { dims: number[]; data: number[] } => ({ dims: [1, data.length], data });
    const net = constantNet({
      detection_boxes: { parts: [{ dims: [1, 2, 4], data: [17, 6, 23, 14, 2, 2, 6, 6].map((v) => v / SIDE) }] },
      detection_classes: { parts: [one([2, 3])] },
      detection_scores: { parts: [one([0.8, 0.6])] },
    });
    const { output, ranking } = await readNet(net, { labels: LABELS });
    assert.equal(output.name, 'detection_scores', output.reason);
    assertFound(ranking.decoded!.boxes);
  });

  it('suppressed boxes without a batch, the classes as whole numbers (torchvision), however many there are', async () => {
    for (const scores of [[0.8, 0.6], [0.8, 0.6, 0.3], [0.9]]) {
      const n = scores.length;
      const all = [6, 17, 14, 23, 2, 2, 6, 6, 0, 0, 9, 9];
      const net = constantNet({
        boxes: { parts: [{ dims: [n, 4], data: all.slice(0, 4 * n) }] },
        labels: {
          parts: [{ dims: [n], data: [1, 2, 0].slice(0, n) }],
          head: ([v], add) => add('Cast', [v!], { to: 7 }),
        },
        scores: { parts: [{ dims: [n], data: scores }] },
      });
      const { output, ranking } = await readNet(net, { labels: LABELS });
      assert.equal(output.kind, 'detection', `${n}: ${output.reason}`);
      const { boxes } = ranking.decoded!;
      assert.deepEqual(
        boxes!.map((b) => b.label),
        ['dog', 'hen', 'cat'].slice(0, n),
      );
      assertClose(boxes![0]!.box, [6, 17, 14, 23], { absolute: 1e-5 }, 'the first');
    }
  });

  it('offsets from anchors that the graph does not hold are no boxes', async () => {
    const net = constantNet({
      loc: { parts: [list((b) => b, 0.01)] },
      conf: { parts: [list((_, s) => [0, ...s])], head: ([v], add) => add('Softmax', [v!], { axis: 2 }) },
    });
    const { outputs } = await readNet(net, { labels: LABELS });
    assert.deepEqual(
      outputs.map((o) => [o.kind, o.layout]),
      [
        ['unknown', undefined],
        ['unknown', undefined],
      ],
    );
    assert.match(outputs[1]!.reason, /offsets from anchors/);
    const said = { conf: { kind: 'detection', head: 'ssd' } } as const;
    assert.equal((await readNet(net, { labels: LABELS, said })).output.kind, 'detection', 'unless it is said');
  });

  it('candidates of anchors without names are told by the grids of the picture', async () => {
    // 32×32 at strides 8, 16 and 32: 21 places.
    const net = constantNet({
      out: {
        parts: [
          table(
            rows((b) => b, 21),
            true,
          ),
          table(
            rows((_, s) => s.map(logit), 21),
            true,
          ),
        ],
        head: ([boxes, scores], add) => add('Concat', [boxes!, add('Sigmoid', [scores!])], { axis: 1 }),
      },
    });
    const { output, ranking } = await readNet(net);
    assert.deepEqual([output.kind, output.guessed], ['detection', true], output.reason);
    assert.deepEqual(ranking.decoded!.boxes!.map((b) => b.index).slice(0, 2), [1, 2]);
    assertClose(ranking.decoded!.boxes![0]!.box, [6, 17, 14, 23], { absolute: 1e-3 }, 'the first');
  });

  it('maps before their anchors are unknown, not classes of a segmentation', async () => {
    const { outputs } = await readNet(
      constantNet({
        a: { parts: [{ dims: [1, 18, 8, 8], data: [] }] },
        b: { parts: [{ dims: [1, 18, 4, 4], data: [] }] },
      }),
    );
    assert.deepEqual(
      outputs.map((o) => o.kind),
      ['unknown', 'unknown'],
    );
    assert.match(outputs[0]!.reason, /anchors/);
  });
});
