import { LensError } from '../../base/errors.js';
import { sameDims } from '../../base/tensor.js';
import { readTensor } from '../../checkpoint/readTensor.js';
import type { WeightReplacement } from '../../graph/layers/layer.js';
import { predict } from '../../method/activations/prediction.js';
import { sanityCurve, rectifies } from '../../method/sanity/badge.js';
import { CRITICISM, randomisationOf, stageEvidence, type Cascade } from '../../method/sanity/randomisation.js';
import { cascadeOf, namesIn } from '../../method/sanity/randomise.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { CheckEvidence, RandomisedInput } from '../../result/check.js';
import { questionOf } from '../attribution/question.js';
import { targetOf } from '../attribution/target.js';
import { namesOf } from '../input/answers.js';
import type { CheckMaterial } from './material.js';
import { counted, fail, pass, skip, type RunCheck } from './run.js';

/** Pictures and seeds of a check: with one of each it is the badge. */
const PICTURES = 3;
const SEEDS = 2;
/** Pictures that are taken where the weights are given and nothing is drawn. */
const PICTURES_OF_ONE = 16;

export const randomisation: RunCheck = async (material, asked) => {
  const { model, signal, request, seed } = material;
  const subject = await material.subject();
  const other = request.params?.['other'];
  const others = other === undefined || other === '' ? undefined : await weightsOf(material, subject, String(other));
  const inputs = await material.some(others === undefined ? PICTURES : PICTURES_OF_ONE);
  if (inputs.length === 0)
    return skip('No pictures: name a folder of them, or "checks": { "data": … } in the settings file.');
  const methods = request.methods ?? asked.methods ?? ['gradient'];
  const { labels } = namesOf(model, subject, inputs);
  const seeds = others === undefined ? Array.from({ length: SEEDS }, (_, k) => seed + k) : [seed];
  const of = methods.length * inputs.length * (seeds.length + (others === undefined ? 1 : 0));
  let done = 0;
  const found: { method: string; title: string; edges: boolean; cascades: Cascade[]; single: Cascade[] }[] = [];
  for (const method of methods) {
    const question = await questionOf(model, subject, { method, seed }, signal);
    const edges = question.method.properties.edges === true && rectifies(subject.graph);
    const row = { method, title: question.method.title, edges, cascades: [] as Cascade[], single: [] as Cascade[] };
    found.push(row);
    for (const input of inputs) {
      const loaded = await material.load(input);
      const [ranking] = await predict(subject, labels, loaded.tensor, 1, signal);
      const target = await targetOf(
        undefined,
        { subject, labels, ranking: ranking!, loaded, named: question.named },
        signal,
      );
      const curve = async (each: number, order: 'cascading' | 'independent'): Promise<Cascade> => ({
        input: input.name,
        seed: each,
        curve: await sanityCurve(
          subject.asking(target),
          {
            ...question.asked,
            method: question.method,
            input: loaded.tensor,
            target,
            seed: each,
            order,
            ...(others === undefined ? {} : { others, depths: Infinity }),
          },
          {
            signal,
            pause: material.pause,
            progress: (fraction, message) => asked.progress((done + fraction) / of, `${method}: ${message}`),
          },
        ),
      });
      for (const each of seeds) {
        row.cascades.push(await curve(each, 'cascading'));
        done++;
      }
      if (others !== undefined) continue;
      row.single.push(await curve(seed, 'independent'));
      done++;
    }
  }
  const judged = found.map((row) => ({ ...row, ...randomisationOf(row.cascades, row.edges) }));
  const evidence = evidenceOf(judged);
  const worst = judged.reduce((a, b) => ((b.finding?.similarity ?? 0) > (a.finding?.similarity ?? 0) ? b : a));
  const value = worst.finding?.similarity ?? 0;
  const runs = `${counted(inputs.length, 'picture')}${others === undefined ? `, ${seeds.length} seeds` : `, weights of ${String(other)}`}`;
  const failed = judged.filter(
    ({ verdict, finding }) => verdict === 'picture' || (asked.set && (finding?.similarity ?? 0) > asked.bound),
  );
  if (judged.every(({ verdict }) => verdict === 'empty'))
    return { ...skip(`No map of ${methods.join(', ')} says anything: all have one value everywhere.`), evidence };
  if (failed.length > 0) {
    const first = failed[0]!;
    return fail(
      first.finding!.similarity,
      `${first.title}: ${first.finding!.sentence} (${runs}; ${percent(first.finding!.similarity)} alike, at most ${percent(asked.bound)} are allowed.) Take another method, e.g. gradient or gradcam.`,
      evidence,
    );
  }
  return pass(
    value,
    `${worst.title}: ${worst.finding?.sentence ?? 'its maps have one value everywhere.'} (${runs}; at most ${percent(asked.bound)} are allowed.)`,
    evidence,
  );
};

type Judged = ReturnType<typeof randomisationOf> & {
  readonly method: string;
  readonly title: string;
  readonly cascades: readonly Cascade[];
  readonly single: readonly Cascade[];
};

function evidenceOf(judged: readonly Judged[]): CheckEvidence {
  const inputs = judged.flatMap(({ method, cascades, single }): RandomisedInput[] =>
    [
      ...cascades.map((c) => ({ ...c, order: 'cascading' as const })),
      ...single.map((c) => ({ ...c, order: 'independent' as const })),
    ].map(({ input, seed, curve, order }) => ({ input, method, seed, order, stages: stageEvidence(curve) })),
  );
  const [first] = inputs;
  const notes = judged.flatMap(({ cascades }) => cascades.flatMap(({ curve }) => curve.notes));
  return {
    ...(first === undefined ? {} : { method: first.method, stages: first.stages }),
    inputs,
    curves: judged.map(({ title, stages }) => ({
      title: `${title}: how alike maps stay while layers become random, from the output down`,
      x: stages.map(({ layer }) => layer),
      series: [
        seriesOf('Spearman', stages, 'spearman'),
        seriesOf('SSIM', stages, 'ssim'),
        seriesOf('rise of entropy', stages, 'entropyRise'),
      ],
    })),
    strips: judged.flatMap(({ title, cascades }) =>
      cascades.slice(0, 1).map(({ input, curve }) => ({
        title: `${title}, ${input}`,
        maps: [
          { label: 'as trained', map: curve.original },
          ...curve.stages.map(({ layer, map }) => ({ label: layer, map })),
        ],
      })),
    ),
    tables: [
      {
        title: 'What the measures say of the network that is random throughout',
        head: ['method', 'measure', 'value', 'says'],
        rows: judged.flatMap(({ method, finding }) =>
          (finding?.measures ?? []).map(({ name, value, says }) => [method, name, value, says]),
        ),
      },
    ],
    notes: [...new Set([...notes, CRITICISM])],
  };
}

function seriesOf(
  name: string,
  stages: Judged['stages'],
  key: 'spearman' | 'ssim' | 'entropyRise',
): NonNullable<CheckEvidence['curves']>[number]['series'][number] {
  return {
    name,
    values: stages.map((s) => s[key]),
    low: stages.map((s) => s.low[key]),
    high: stages.map((s) => s.high[key]),
  };
}

/** The weights of another network for all layers on the way to the scores, by the names of the weights. */
async function weightsOf(
  { files, signal }: CheckMaterial,
  subject: ModelSubject,
  other: string,
): Promise<WeightReplacement> {
  const { graph: others } = await files.read(other);
  const { graph } = subject;
  const cascade = cascadeOf(graph, subject.layers, subject.scoreValue('logit').value);
  const out = new Map<string, Awaited<ReturnType<typeof readTensor>>>();
  for (const name of cascade.flatMap((layer) => namesIn(graph, layer))) {
    const [own, stored] = [graph.weights.get(name)!, others.weights.get(name)];
    if (stored === undefined || !sameDims(own.dims, stored.dims))
      throw new LensError(
        'usage',
        'check/other',
        `"${other}" has no weight "${name}" of the size ${own.dims.join('×')}: it is another network.`,
        { hint: 'Name a checkpoint of the same architecture, exported in the same way.' },
      );
    out.set(name, await readTensor(stored, signal));
  }
  return out;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
