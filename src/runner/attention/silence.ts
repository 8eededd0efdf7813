import { given } from '../../base/given.js';
import { throwIfCancelled, type ErrorData } from '../../base/errors.js';
import type { FloatTensor } from '../../base/tensor.js';
import type { Labels } from '../../input/labels.js';
import { predict } from '../../method/activations/prediction.js';
import { attentionOf, layersNamed, requireAttention, type ModelAttention } from '../../method/attention/layers.js';
import { Silencer, type Cut } from '../../method/attention/silence.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { Target } from '../../method/target/target.js';
import type { SilenceAnswer, SilenceProgress, SilenceRequest } from '../../protocol/attention.js';
import type { Call } from '../../protocol/channel.js';
import type { SilencedPicture, SilencedRow } from '../../result/attention.js';
import { concatBatches } from '../../session/batches.js';
import { NamedPictures } from '../attribution/named.js';
import { describe, targetOf } from '../attribution/target.js';
import { answerOf, attempt, loadPart, namesOf, requireNumbers } from '../input/answers.js';
import { expandInputs, type ExpandedInput, type LoadedInput } from '../input/inputs.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { rank } from '../prediction/rank.js';

/** Pictures that run together. */
const TOGETHER = 8;
/** Up to so many pictures each is told by itself. */
const TOLD = 24;

/** What the prediction does without each head (or layer), over all pictures: Michel, Levy and Neubig 2019 (arXiv:1905.10650). */
export async function silenceOn(
  model: OpenModel,
  request: SilenceRequest,
  call: Call<SilenceProgress>,
): Promise<SilenceAnswer> {
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const subject = await model.subject();
  const attention = requireAttention(await attentionOf(subject, signal));
  const layers = request.layer === undefined ? attention.layers : layersNamed(attention.layers, request.layer);
  const inputs = await expandInputs(model, request.inputs, signal);
  const { labels, notes } = namesOf(model, subject, inputs);
  const cuts = cutsFor(layers, request.each);
  // Of numbers the first stays the first.
  const sums = new Sums(cuts, { tells: inputs.length <= TOLD, ranks: subject.output.kind !== 'regression' });
  const omitted: { readonly input: string; readonly error: ErrorData }[] = [];
  const asking = new Asking(model, subject, labels, request);
  const size = Math.min(subject.batchSize('forward'), TOGETHER);
  const total = inputs.length * (cuts.length + 1);
  let targets: readonly Target[] = [];
  for (let from = 0; from < inputs.length; from += size) {
    throwIfCancelled(signal);
    const part = inputs.slice(from, from + size);
    const pictures = await asking.pictures(part, omitted, signal);
    targets = [...targets, ...pictures.map((p) => p.target)];
    let done = from * (cuts.length + 1);
    const step = (): void => {
      done += part.length;
      call.progress({
        fraction: done / total,
        message: `${Math.min(from + size, inputs.length)} of ${inputs.length} pictures`,
        rows: sums.rows(),
      });
    };
    for (const group of byGraph(subject, pictures)) {
      const silencer = await asking.silencer(group.subject, signal);
      const before = await measured(silencer, [], group.pictures, { labels, request, signal });
      for (const [k, cut] of cuts.entries()) {
        throwIfCancelled(signal);
        sums.add(k, before, await measured(silencer, [cut], group.pictures, { labels, request, signal }));
        if (group.pictures.length === pictures.length) step();
      }
    }
    sums.counted += pictures.length;
    step();
  }
  const about = await answerOf(model, subject, notes);
  const { each, layer, score = 'logit' } = request;
  const [first] = targets;
  const same = first !== undefined && targets.every((t) => describe(t).label === describe(first).label);
  const target = same ? describe(first) : undefined;
  const recipe = await recipeOf(model, {
    preprocessing: about.preprocessing,
    method: 'silence',
    params: { each, pictures: sums.counted },
    ...given({ layer, target }),
    score,
    provider: about.provider,
    notes,
  });
  return {
    ...about,
    ...given({ target }),
    score,
    counted: sums.counted,
    of: inputs.length,
    omitted,
    rows: sums.rows(),
    whole: each === 'layer' ? [] : layers.filter((l) => l.site.headsGuessed).map((l) => l.name),
    recipe,
  };
}

function cutsFor(layers: ModelAttention['layers'], each: SilenceRequest['each']): readonly Cut[] {
  return layers.flatMap((layer): Cut[] =>
    each === 'layer' || layer.site.headsGuessed
      ? [{ layer }]
      : Array.from({ length: layer.heads }, (_, head) => ({ layer, head })),
  );
}

interface Picture {
  readonly input: string;
  readonly tensor: FloatTensor;
  readonly target: Target;
}

/** What the model answers for a picture. */
interface Said {
  readonly input: string;
  readonly score: number;
  readonly first?: { readonly index: number; readonly label: string };
}

/** What is asked of each picture, and the models with heads cut. */
class Asking {
  private readonly named: NamedPictures;
  private readonly silencers = new Map<ModelSubject, Silencer>();

  constructor(
    model: OpenModel,
    private readonly subject: ModelSubject,
    private readonly labels: Labels,
    private readonly request: SilenceRequest,
  ) {
    this.named = new NamedPictures(model, subject);
  }

  /** Those of some inputs that can be read, each with its target. */
  async pictures(
    inputs: readonly ExpandedInput[],
    omitted: { input: string; error: ErrorData }[],
    signal: AbortSignal,
  ): Promise<readonly Picture[]> {
    const { subject, labels, named } = this;
    const read = await loadPart(inputs, 0, inputs.length, signal);
    const loaded: { readonly input: string; readonly one: LoadedInput }[] = [];
    for (const outcome of read)
      if ('error' in outcome) omitted.push(outcome);
      else loaded.push({ input: outcome.input, one: outcome.result });
    const rankings = await rank(
      subject,
      labels,
      loaded.map((l) => l.one),
      undefined,
      1,
      signal,
    );
    const out: Picture[] = [];
    for (const [i, { input, one }] of loaded.entries()) {
      const ranking = rankings[i]!;
      if ('error' in ranking) {
        omitted.push({ input, error: ranking.error });
        continue;
      }
      const outcome = await attempt(input, async (): Promise<Picture> => {
        requireNumbers(one, ranking);
        const about = { subject, labels, ranking, loaded: one, named };
        return { input, tensor: one.tensor, target: await targetOf(this.request.target, about, signal) };
      });
      if ('error' in outcome) omitted.push(outcome);
      else out.push(outcome.result);
    }
    return out;
  }

  async silencer(subject: ModelSubject, signal: AbortSignal): Promise<Silencer> {
    let silencer = this.silencers.get(subject);
    if (silencer === undefined) {
      silencer = new Silencer(subject, await attentionOf(subject, signal));
      this.silencers.set(subject, silencer);
    }
    return silencer;
  }
}

/** Pictures by the graph that their targets are asked of: a target may bring nodes of its own. */
function byGraph(
  subject: ModelSubject,
  pictures: readonly Picture[],
): readonly { readonly subject: ModelSubject; readonly pictures: readonly Picture[] }[] {
  const groups = new Map<ModelSubject, Picture[]>();
  for (const picture of pictures) {
    const asking = subject.asking(picture.target);
    groups.set(asking, [...(groups.get(asking) ?? []), picture]);
  }
  return [...groups].map(([own, of]) => ({ subject: own, pictures: of }));
}

/** Scores and first classes of pictures with something cut. */
async function measured(
  silencer: Silencer,
  cuts: readonly Cut[],
  pictures: readonly Picture[],
  { labels, request, signal }: { labels: Labels; request: SilenceRequest; signal: AbortSignal },
): Promise<readonly Said[]> {
  const { subject } = silencer;
  silencer.cut(cuts);
  const batch = concatBatches(pictures.map((p) => p.tensor));
  const rankings = await predict(subject, labels, batch, 1, signal);
  const out: Said[] = [];
  for (const [k, { input, target }] of pictures.entries()) {
    const score = (await subject.scores(batch, target, request.score ?? 'logit', signal))[k]!;
    const [first] = rankings[k]!.top;
    out.push({ input, score, ...given({ first }) });
  }
  return out;
}

/** Sums over pictures, by what is cut. */
class Sums {
  counted = 0;
  private readonly all: { before: number; after: number; pictures: number; changed: number; told: SilencedPicture[] }[];

  constructor(
    private readonly cuts: readonly Cut[],
    private readonly how: { readonly tells: boolean; readonly ranks: boolean },
  ) {
    this.all = cuts.map(() => ({ before: 0, after: 0, pictures: 0, changed: 0, told: [] }));
  }

  add(k: number, before: readonly Said[], after: readonly Said[]): void {
    const sum = this.all[k]!;
    after.forEach(({ input, score, first }, i) => {
      sum.before += before[i]!.score;
      sum.after += score;
      sum.pictures++;
      if (first?.index !== before[i]!.first?.index) sum.changed++;
      if (this.how.tells)
        sum.told.push({ input, before: before[i]!.score, after: score, ...given({ label: first?.label }) });
    });
  }

  /** Of what has been run, the largest drop first. */
  rows(): SilencedRow[] {
    const rows = this.cuts.flatMap(({ layer, head }, k): SilencedRow[] => {
      const { before, after, pictures, changed, told } = this.all[k]!;
      if (pictures === 0) return [];
      return [
        {
          layer: layer.name,
          ...given({ head }),
          before: before / pictures,
          after: after / pictures,
          drop: (before - after) / pictures,
          ...(this.how.ranks ? { changed } : {}),
          ...(this.how.tells ? { pictures: [...told] } : {}),
        },
      ];
    });
    return rows.sort((a, b) => b.drop - a.drop);
  }
}
