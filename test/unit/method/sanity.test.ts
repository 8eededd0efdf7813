import assert from 'node:assert/strict';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { readTensor } from '../../../src/checkpoint/readTensor.js';
import { Random } from '../../../src/base/random.js';
import { floatTensor, toFloat32, type Tensor } from '../../../src/base/tensor.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { attributionMethodById } from '../../../src/method/index.js';
import { parseParameters } from '../../../src/method/parameters.js';
import { alike, sanityCurve } from '../../../src/method/sanity/badge.js';
import { cascadeOf, randomised, stagesOf, tamed } from '../../../src/method/sanity/randomise.js';
import { entropyRise, histogramEntropy, ranks, spearman, ssim } from '../../../src/method/sanity/similarity.js';
import { findingOf, sentenceOf } from '../../../src/method/sanity/verdict.js';
import { reduce, type ValueMap } from '../../../src/result/heatmap.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { assertClose } from '../support/close.js';
import { modelPath, reference } from '../support/data.js';
import { suiteSubject } from '../support/subject.js';
import { openTiny, tinyNet, tinyPicture } from './tinyNet.js';

const map = (width: number, height: number, values: readonly number[] | Float32Array): ValueMap => ({
  width,
  height,
  values: Float32Array.from(values),
  signed: false,
});

describe('method/sanity', () => {
  describe('measures', () => {
    it('rank with ties shared', () => {
      assert.deepEqual([...ranks([10, 20, 20, 5])], [2, 3.5, 3.5, 1]);
    });

    it('Spearman equals what SciPy gives, ties included', () => {
      // scipy.stats.spearmanr([1, 2, 2, 4, 5, 0], [3, 1, 4, 4, 9, 2])
      assertClose(
        spearman([1, 2, 2, 4, 5, 0], [3, 1, 4, 4, 9, 2]),
        0.7205882352941176,
        { absolute: 1e-9 },
        'correlation with ties',
      );
      assert.equal(spearman([1, 1, 1], [1, 2, 3]), 0);
      assertClose(spearman([1, 2, 3], [9, 4, 1]), -1, { absolute: 1e-12 }, 'correlation of opposite orders');
    });

    it('SSIM is 1 for equal maps, falls with noise, and follows its formula on one window', () => {
      const random = new Random(1);
      const a = map(
        16,
        20,
        Float32Array.from({ length: 320 }, () => random.uniform()),
      );
      assertClose(ssim(a, a), 1, { absolute: 1e-9 }, 'a map with itself');
      const noisy = map(
        16,
        20,
        a.values.map((v) => v + 0.2 * random.normal()),
      );
      const other = map(
        16,
        20,
        Float32Array.from({ length: 320 }, () => random.uniform()),
      );
      assert.ok(
        ssim(a, noisy) < 0.95 && ssim(a, noisy) > ssim(a, other),
        `ssim(a, noisy): ${ssim(a, noisy)}, ssim(a, other): ${ssim(a, other)}`,
      );
      // Two constant maps: only the term of the means is left, (2·0.2·0.8 + C1) / (0.2² + 0.8² + C1).
      const flat = (v: number): ValueMap => map(11, 11, new Float32Array(121).fill(v));
      const expected = (2 * 0.2 * 0.8 + 1e-4) / (0.04 + 0.64 + 1e-4);
      assertClose(ssim(flat(0.2), flat(0.8)), expected, { absolute: 1e-5 }, 'two flat maps');
      assert.ok(Number.isFinite(ssim(map(2, 1, [0, 1]), map(2, 1, [1, 0]))));
    });

    it('entropy rises where magnitudes spread, whatever their scale', () => {
      // Four bins of a quarter each against a single one beside the many zeros.
      const spread = map(4, 1, [10, 30, 60, 100]);
      const sparse = map(4, 1, [0, 0, 0, 5]);
      assertClose(histogramEntropy(spread), 2, { absolute: 1e-12 }, 'four magnitudes');
      assertClose(histogramEntropy(sparse), 0.75 * Math.log2(4 / 3) + 0.5, { absolute: 1e-12 }, 'three of one');
      assertClose(entropyRise(sparse, spread), 2 / histogramEntropy(sparse) - 1, { absolute: 1e-12 }, 'rise');
      assert.equal(entropyRise(map(2, 1, [0, 0]), spread), Infinity);
      assert.equal(entropyRise(spread, spread), 0);
    });

    it('lead to a verdict by the fully random network first, then by the way down to it', () => {
      const stage = (spearman: number, ssim: number, entropyRise = 0.5) => ({ spearman, ssim, entropyRise });
      const verdict = (stages: ReturnType<typeof stage>[], edges?: boolean): string => findingOf(stages, edges).verdict;
      assert.equal(verdict([stage(0.3, 0.2), stage(0.1, 0)]), 'learned');
      // The mean of these is far below one half: the end is what counts.
      assert.equal(verdict([stage(0, 0), stage(0, 0), stage(0, 0), stage(0.7, 0.62)]), 'picture');
      assert.equal(verdict([stage(0.9, 0.9), stage(0.8, 0.7), stage(0.1, 0)]), 'partly');
      assert.equal(verdict([stage(0.9, 0.9), stage(0.8, 0.7), stage(0.1, 0)], true), 'picture');
      // One measure alone decides nothing.
      assert.equal(verdict([stage(0.8, 0.1, 0.5)]), 'learned');
      assert.equal(verdict([stage(0.9, 0.1, 0.02)]), 'picture');
      assert.equal(verdict([stage(0.5, 0.1, 0.15)]), 'partly');
      // Never green beside a number that says otherwise: maps of a few places are like each other for SSIM.
      assert.equal(verdict([stage(0.43, 0.99, 0.6)]), 'partly');
      assert.deepEqual(
        findingOf([stage(0.9, 0.1, 0.02)]).measures.map((m) => m.says),
        ['alike', 'unlike', 'alike'],
      );
    });

    it('are said in words', () => {
      assert.equal(
        sentenceOf({ similarity: 0.114 }, 'learned'),
        'A network that has learned nothing gives a map that is 11 % alike: this one depends on what the model learned.',
      );
      assert.equal(
        sentenceOf({ similarity: 0.1, cascade: 0.54 }, 'picture', true),
        'While the layers lose what they learned, from the last to the first, the map stays 54 % alike: this method shows edges, not the model.',
      );
      assert.equal(
        sentenceOf({ similarity: 0.66 }, 'picture'),
        'A network that has learned nothing gives a map that is 66 % alike: most of it comes from the picture, not from what the model learned.',
      );
    });
  });

  describe('randomisation', () => {
    let sessions: OrtSessions;
    before(() => void (sessions = new OrtSessions({ provider: 'cpu', threads: 1 })));
    after(() => sessions.dispose());

    it('goes from the output down, redraws kernels at their own scale and shuffles vectors, the same for a seed', async () => {
      const graph = tinyNet();
      const subject = await openTiny(graph, sessions);
      const cascade = cascadeOf(subject.graph, subject.layers, subject.scoreValue('logit').value);
      assert.deepEqual(
        cascade.map((l) => l.weights[0]),
        ['fc.weight', 'conv2.weight', 'conv1.weight'],
      );
      assert.deepEqual(
        stagesOf(cascade, 5).map((s) => s.layers),
        [1, 2, 3],
      );
      const one = await randomised(graph, cascade, 1, 4);
      const all = await randomised(graph, cascade, 3, 4);
      assert.deepEqual([...one.keys()].sort(), ['fc.bias', 'fc.weight']);
      assert.deepEqual(one.get('fc.weight'), all.get('fc.weight'));
      // A map compares equal whatever the order in which it was filled.
      assert.deepEqual(await randomised(graph, cascade, 3, 4, undefined, one), all);
      assert.notDeepEqual(one.get('fc.weight'), (await randomised(graph, cascade, 1, 5)).get('fc.weight'));
      const original = toFloat32(await readTensor(graph.weights.get('conv2.weight')!));
      const spread = (v: Float32Array): number => Math.sqrt(v.reduce((s, x) => s + x * x, 0) / v.length);
      const drawn = toFloat32(all.get('conv2.weight')!);
      assertClose(spread(drawn), spread(original), { relative: 0.15 }, 'spread');
      assertClose(
        drawn.reduce((s, v, i) => s + v * original[i]!, 0) / original.length,
        0,
        { absolute: 0.1 * spread(original) ** 2 },
        'covariance of the drawn with the original',
      );
      const bias = toFloat32(await readTensor(graph.weights.get('fc.bias')!));
      assert.deepEqual(Float32Array.from(toFloat32(all.get('fc.bias')!)).sort(), Float32Array.from(bias).sort());
      await subject.dispose();
    });

    it('normalises networks whose activations explode or are no numbers, and says so', async () => {
      const subject = await openTiny(tinyNet({ unbiased: true }), sessions);
      const cascade = cascadeOf(subject.graph, subject.layers, subject.scoreValue('logit').value);
      const { signal } = new AbortController();
      for (const factor of [1e6, 1e-6, 1e25]) {
        const wild = new Map<string, Tensor>();
        for (const [name, t] of await randomised(subject.graph, cascade, 3, 1))
          wild.set(
            name,
            name.endsWith('weight')
              ? floatTensor(
                  t.dims,
                  toFloat32(t).map((v) => v * factor),
                )
              : t,
          );
        const made = await tamed(subject, cascade, wild, tinyPicture(), {}, signal);
        assert.match(made.note ?? '', /normalised/);
        const { value } = subject.scoreValue('logit');
        const logits = (await made.subject.values(tinyPicture(), [value], signal)).get(value)!.data;
        assert.ok(
          logits.every((v) => Number.isFinite(v) && Math.abs(v) < 1e4),
          `${factor}: ${[...logits].join()}`,
        );
        await made.subject.dispose();
      }
      const tame = await tamed(
        subject,
        cascade,
        await randomised(subject.graph, cascade, 3, 1),
        tinyPicture(),
        {},
        signal,
      );
      assert.equal(tame.note, undefined);
      await tame.subject.dispose();
      await subject.dispose();
    });

    it('says of a map that shows nothing that there is nothing to compare', async () => {
      const subject = await openTiny(tinyNet({ blind: 16 }), sessions);
      const method = attributionMethodById('gradient');
      const params = parseParameters('gradient', method.parameters);
      const question = {
        method,
        params,
        input: tinyPicture(),
        target: { index: 1, label: '' },
        score: 'logit',
        seed: 0,
      } as const;
      const { verdict, sentence } = await sanityCurve(subject, question, {
        signal: new AbortController().signal,
        progress: () => undefined,
      });
      assert.equal(verdict, 'empty');
      assert.match(sentence, /nothing to compare/);
      await subject.dispose();
    });

    it('stops when it is cancelled, and lets other work go first', async () => {
      const subject = await openTiny(tinyNet(), sessions);
      const abort = new AbortController();
      const method = attributionMethodById('gradient');
      let pauses = 0;
      const ask = sanityCurve(
        subject,
        {
          method,
          params: parseParameters('gradient', method.parameters),
          input: tinyPicture(),
          target: { index: 1, label: '' },
          score: 'logit',
          seed: 0,
        },
        {
          signal: abort.signal,
          progress: (fraction) => void (fraction > 0.4 && abort.abort()),
          pause: async () => void pauses++,
        },
      );
      await assert.rejects(ask, { name: 'CancelledError' });
      assert.ok(pauses > 3, `pauses: ${pauses}`);
      await subject.dispose();
    });
  });

  describe('on cifar_resnet20', () => {
    const t = suiteSubject('cifar_resnet20');

    it('equals the references with the weights of the reference network', async () => {
      const other = buildGraph(await openCheckpoint(modelPath('cifar_resnet20_random.onnx')));
      const entry = reference('cifar_resnet20', 'sanity_spearman_abs_gradient');
      const stages = entry.params.stages as readonly string[];
      const cascade = cascadeOf(t.subject.graph, t.subject.layers, t.subject.scoreValue('logit').value);
      const partOf = (name: string): string => stages.find((s) => name === s || name.startsWith(`${s}.`)) ?? 'stem';
      for (const [id, cases] of [
        ['gradient', 4],
        ['input_x_gradient', 2],
        ['guided_backprop', 2],
      ] as const) {
        const expected = reference('cifar_resnet20', `sanity_spearman_abs_${id}`);
        for (const stage of [0, 5, 10]) {
          const random = stages.slice(0, stage + 1);
          const names = cascade
            .filter((l) => random.includes(partOf(l.name)))
            .flatMap((l) => t.subject.graph.nodes.find((n) => n.name === l.node)!.inputs)
            .filter((n) => t.subject.graph.weights.has(n));
          const weights = new Map<string, Tensor>();
          for (const name of names) weights.set(name, await readTensor(other.weights.get(name)!));
          const subject = t.subject.reweighted(weights);
          const method = attributionMethodById(id);
          for (let k = 0; k < cases; k++) {
            const request = {
              ...t.case(k),
              score: 'logit',
              seed: 0,
              params: parseParameters(id, method.parameters),
            } as const;
            const context = { signal: t.signal, random: new Random(0), progress: () => undefined };
            const own = reduce((await method.run(t.subject, request, context)).attribution, 'l1');
            const theirs = reduce((await method.run(subject, request, context)).attribution, 'l1');
            const found = alike(own, theirs).spearman;
            const wanted = expected.data[k * stages.length + stage]!;
            assertClose(found, wanted, { absolute: 5e-3 }, `${id}, input ${k}, ${stages[stage]}`);
          }
          await subject.dispose();
        }
      }
    });

    it('tells methods apart: the gradient depends on the weights, guided backprop far less', async () => {
      const curve = async (id: string): ReturnType<typeof sanityCurve> => {
        const method = attributionMethodById(id);
        const params = parseParameters(id, method.parameters);
        const question = { method, params, ...t.case(0), score: 'logit', seed: 0 } as const;
        return sanityCurve(t.subject, question, { signal: t.signal, progress: () => undefined });
      };
      const [gradient, guided, cam] = [await curve('gradient'), await curve('guided_backprop'), await curve('gradcam')];
      assert.equal(gradient.verdict, 'learned');
      assert.equal(guided.verdict, 'picture');
      assert.equal(cam.verdict, 'learned');
      assert.match(cam.layer!, /layer3/);
      assert.match(guided.sentence, /this method shows edges, not the model\.$/);
      assert.deepEqual(
        gradient.stages.map((s) => s.layers),
        [1, 10, 20, 29, 39],
      );
      assert.equal(gradient.stages.at(-1)!.share, 1);
      for (const { map: m } of gradient.stages) {
        assert.deepEqual([m.width, m.height], [32, 32]);
        assert.ok(m.values.every((v) => v >= 0 && v <= 1));
      }
      assert.deepEqual(gradient, await curve('gradient'));
    });
  });
});
