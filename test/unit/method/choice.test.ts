import assert from 'node:assert/strict';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import { makeNode } from '../../../src/graph/edits.js';
import { chooseMethod, kindOf } from '../../../src/method/choice/auto.js';
import { fitsOf } from '../../../src/method/choice/fits.js';
import { attributionMethodById, attributionMethods } from '../../../src/method/index.js';
import type { MethodFit } from '../../../src/result/method.js';
import type { NetworkTruth, TruthTable } from '../../../src/result/truth.js';
import { RunnerService } from '../../../src/runner/service.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { openTiny, tinyNet } from './tinyNet.js';
import { tinyVit } from './tinyVit.js';

const sure = (mean: number) => ({ mean, low: mean, high: mean });
const found = (peak: number, verdict: NetworkTruth['verdict'] = 'learned'): NetworkTruth => ({
  network: 'net',
  pictures: 10,
  mass: sure(peak),
  peak: sure(peak),
  cost: 1,
  verdict,
  learned: [1, 1],
});
const table: TruthTable = {
  pictures: 10,
  area: 0.05,
  networks: [{ id: 'net', title: 'net', kind: 'convolutional' }],
  methods: [
    { id: 'guided_gradcam', networks: [found(0.9, 'picture')] },
    { id: 'rise', networks: [found(0.8)] },
    { id: 'smoothgrad', networks: [found(0.7)] },
    { id: 'gradcam', networks: [found(0.6)] },
    { id: 'gradient', networks: [found(0.5)] },
  ],
  references: [],
};
const all = (change: (id: string) => Partial<MethodFit> = () => ({})): MethodFit[] =>
  attributionMethods.map(({ id }) => ({ id, seconds: 0.2, ...change(id) }));
const pick = (fits: readonly MethodFit[], more: Partial<Parameters<typeof chooseMethod>[0]> = {}) =>
  chooseMethod({ fits, kind: 'convolutional', layer: false, ...more }, table);

describe('method/choice: auto', () => {
  it('takes the best that depends on what the model learned', () => {
    const choice = pick(all());
    assert.equal(choice.method, 'rise');
    assert.match(choice.sentence, /^Auto took RISE: .*80 % of 10 drawings \(chance: 5 %\).*about 0\.2 s here\.$/);
  });

  it('leaves out what takes a second, what the model cannot be asked with, and what is another method here', () => {
    const slow = all((id) => (id === 'rise' ? { seconds: 1.2 } : {}));
    assert.equal(pick(slow).method, 'smoothgrad');
    const refused = all((id) =>
      id === 'rise' ? { refused: 'It cannot.' } : id === 'smoothgrad' ? { note: 'Same.' } : {},
    );
    assert.equal(pick(refused).method, 'gradcam');
  });

  it('takes the quickest where everything is slow, and says so', () => {
    const choice = pick(all((id) => ({ seconds: id === 'gradcam' ? 3 : 5 })));
    assert.equal(choice.method, 'gradcam');
    assert.match(choice.sentence, /less than a second/);
  });

  it('takes a method that looks at a layer where one is chosen', () => {
    assert.equal(pick(all(), { layer: true }).method, 'smoothgrad');
  });

  it('takes the plainest that fits what was not measured, with gradients or without', () => {
    assert.equal(pick(all(), { kind: undefined }).method, 'gradient');
    const blackBox = all((id) => (attributionMethodById(id).needs === 'gradient' ? { refused: 'No gradient.' } : {}));
    assert.equal(pick(blackBox, { kind: undefined }).method, 'occlusion');
    assert.throws(() => pick(all(() => ({ refused: 'No.' }))), { code: 'method/none' });
  });
});

describe('method/choice: what fits a model', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());
  const fitsIn = async (graph: ReturnType<typeof tinyNet>) => {
    const subject = await openTiny(graph, sessions);
    const fits = fitsOf(subject, 0.01);
    const kind = kindOf(subject);
    await subject.dispose();
    return { kind, of: (id: string) => fits.find((fit) => fit.id === id)!, fits };
  };

  it('refuses nothing to a plain network, and says what each costs', async () => {
    const { fits, of, kind } = await fitsIn(tinyNet());
    assert.deepEqual(
      fits.map(({ id }) => id),
      attributionMethods.map(({ id }) => id),
    );
    assert.deepEqual(
      fits.filter((fit) => fit.refused !== undefined || fit.note !== undefined).map(({ id }) => id),
      attributionMethods.filter((m) => m.attends === true).map(({ id }) => id),
    );
    assert.match(of('attention_rollout').refused ?? '', /^This model has no attention\./);
    assert.equal(of('rise').seconds, 10);
    assert.equal(of('gradient').seconds, 0.025);
    assert.equal(kind, 'convolutional');
  });

  it('offers to join attention where there is some', async () => {
    const { of, kind } = await fitsIn(tinyVit());
    assert.deepEqual(
      [kind, of('attention_rollout').refused, of('attention_relevance').refused],
      ['transformer', undefined, undefined],
    );
  });

  it('says of methods that guide ReLUs that there are none', async () => {
    const { of } = await fitsIn(tinyNet({ activation: 'Gelu' }));
    assert.match(of('guided_backprop').note ?? '', /no ReLU/);
    assert.equal(of('gradient').note, undefined);
  });

  it('names the operator where no gradient passes', async () => {
    const net = tinyNet();
    const nodes = net.nodes.map((node) => (node.name === 'act2' ? makeNode('Round', 'act2', ['conv2']) : node));
    const { of } = await fitsIn({ ...net, nodes });
    // What only runs the model is free.
    assert.match(of('gradient').refused ?? '', /^No gradient passes Round \("act2"\): it gives out whole numbers/);
    assert.equal(of('occlusion').refused, undefined);
  });
});

describe('runner: explaining with auto', () => {
  const runner = new RunnerService();
  after(() => runner.dispose());
  const call = { signal: new AbortController().signal, progress: () => undefined };
  const picture = (name: string) => filePath(path.resolve('models/birds/pictures', name));
  const inputs = [picture('Emberfinch/emberfinch-3000002.png'), picture('Honeywren/honeywren-3000004.png')];
  const birds = (name: string) => filePath(path.resolve('models/birds', `${name}.onnx`));

  for (const name of ['birds_cnn', 'birds_vit'])
    it(`${name}: answers by a named method, the same for every picture, and the recipe says who chose it`, async () => {
      const request = { model: birds(name), provider: 'cpu', threads: 1, inputs } as const;
      const { results } = await runner.operations.explain({ ...request, method: 'auto' }, call);
      const explained = results.map((r) => ('result' in r ? r.result : assert.fail(r.error.message)));
      const [first, second] = explained;
      assert.equal(first!.recipe.method, first!.choice?.method);
      assert.equal(first!.recipe.chosenBy, 'auto');
      assert.deepEqual(second!.choice, first!.choice);
      const { title } = attributionMethodById(first!.recipe.method);
      assert.ok(first!.choice!.sentence.startsWith(`Auto took ${title}: `), first!.choice!.sentence);
      const { method, params, seed } = first!.recipe;
      const again = await runner.operations.explain({ ...request, method, params, seed }, call);
      const [named] = again.results;
      if (named === undefined || !('result' in named)) assert.fail('the method by its name gives no answer');
      assert.deepEqual(named.result.attribution, first!.attribution);
      assert.equal(named.result.choice, undefined);
      assert.equal(named.result.recipe.chosenBy, undefined);
    });

  it('says of every method whether it fits and what it takes', async () => {
    const fits = await runner.operations.methodFits({ model: birds('birds_cnn'), provider: 'cpu' }, call);
    assert.equal(fits.length, attributionMethods.length);
    for (const { id, seconds } of fits) assert.ok(seconds !== undefined && seconds > 0, `${id}: ${seconds}`);
  });
});
