import path from 'node:path';
import { given } from '../../base/given.js';
import { LensError } from '../../base/errors.js';
import { asSentence } from '../../base/shorter.js';
import type { Reach } from '../../base/reach.js';
import { Random } from '../../base/random.js';
import type { Tensor } from '../../base/tensor.js';
import { withWeights } from '../../graph/edits.js';
import { dimsAt, type Facts } from '../../graph/facts.js';
import { prune } from '../../graph/edits.js';
import { readsOf } from '../../graph/order.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import { Consulted } from '../../input/files.js';
import { FileReach } from '../../input/reach.js';
import { sampleShape } from '../../input/axes.js';
import { inputSpec, tensorSpec } from '../../input/preprocessing.js';
import { npyDims } from '../../input/npyInput.js';
import { FREE_SIZE, resolveInput, type ResolvedInput } from '../../input/resolve.js';
import { parseSidecar, readSidecar, settingsOf } from '../../input/sidecar.js';
import type { PartialSettings } from '../../input/settings.js';
import { openSubject, type ModelSubject } from '../../method/subject/modelSubject.js';
import type { SubjectOptions } from '../../method/subject/parts.js';
import type { InputSpec } from '../../method/subject/subject.js';
import type { OutputChoices } from '../../result/output.js';
import type { SettingsChange } from '../../result/settings.js';
import { estimateRun, type Estimate } from '../../session/estimate.js';
import { memoryLimit } from '../../session/plan.js';
import { prepareGraph, type Prepared } from '../../session/prepare.js';
import { randomWeights } from '../../session/randomWeights.js';
import type { InputBinding } from '../../session/probe.js';
import type { SessionOptions, Sessions } from '../../session/session.js';
import { bindInputs, TRIED_SIZES, type Known } from './feeds.js';
import type { ModelFile } from './file.js';
import { readOtherInputs } from './otherInputs.js';

export interface OpenOptions {
  readonly config?: string;
  /** The output that predictions and explanations are about. */
  readonly output?: string;
  /** `.npy` files for other inputs, by their names. */
  readonly otherInputs?: Readonly<Record<string, string>>;
  /** What somebody says of outputs, before what is written. */
  readonly outputs?: OutputChoices;
  /** Which files the model's own files may name. */
  readonly reach?: Reach;
  /** Settings of pictures to try in place of what is written. */
  readonly settings?: SettingsChange;
  /** All weights are drawn anew, by this seed. */
  readonly randomWeights?: number;
  readonly session: Partial<SessionOptions>;
  readonly memoryShare?: number;
}

/** A model that can be questioned. Facts and sessions are made when they are first asked for. */
export class OpenModel {
  private preparing: Promise<Prepared> | undefined;
  private opening: Promise<ModelSubject> | undefined;
  /** The same model at other sizes of its input. */
  private readonly sized = new Map<string, OpenModel>();
  /** What was assumed to run it; known once it is prepared. */
  private notes: readonly string[] = [];

  /** What was assumed to run it; nothing before it is prepared. */
  get assumed(): readonly string[] {
    return this.notes;
  }

  /** The seed of the weights, where they are not those of the file. */
  get randomWeights(): number | undefined {
    return this.options.randomWeights;
  }

  private constructor(
    readonly file: ModelFile,
    readonly resolved: ResolvedInput,
    private readonly sessions: Sessions,
    private readonly options: OpenOptions,
    /** Values that somebody gave for other inputs. */
    private readonly others: ReadonlyMap<string, Tensor>,
    /** Sizes of a sample that a given tensor settles. */
    private readonly bound?: readonly number[],
  ) {}

  static async open(file: ModelFile, sessions: Sessions, options: OpenOptions): Promise<OpenModel> {
    const resolved = await resolveFor(file, options);
    const { sidecar, consulted } = resolved;
    const others = await readOtherInputs(options.otherInputs ?? {}, sidecar, file.graph.inputs, consulted);
    const warnings = [...resolved.warnings, ...consulted.notes];
    return new OpenModel(file, { ...resolved, warnings }, sessions, options, others);
  }

  /**
   * This model under other settings of pictures, for predictions: they run in this one's sessions.
   *
   * @returns undefined where the settings change what is run: another size, order of axes or number of channels
   */
  async trying(settings: SettingsChange | undefined): Promise<OpenModel | undefined> {
    if (settings === undefined) return this;
    const options = { ...this.options, settings };
    const resolved = await resolveFor(this.file, options);
    const [now, then] = [resolved.preprocessing, this.resolved.preprocessing];
    const runs = (plan: typeof now): unknown =>
      plan && [plan.layout.value, plan.channels.value, plan.size.value.join(), resolved.axes];
    if (JSON.stringify(runs(now)) !== JSON.stringify(runs(then))) return undefined;
    const warnings = [...resolved.warnings, ...resolved.consulted.notes];
    const tried = new OpenModel(this.file, { ...resolved, warnings }, this.sessions, options, this.others, this.bound);
    [tried.preparing, tried.opening] = [this.prepared(), this.subject()];
    return tried;
  }

  /** The graph as it is run, with its control flow resolved, and the shapes of its values at the input's real size. */
  prepared(): Promise<Prepared> {
    // No signal goes in: another request may be waiting for the same facts.
    this.preparing ??= this.prepare().catch((error: unknown) => {
      this.preparing = undefined;
      throw error;
    });
    return this.preparing;
  }

  /** What a run would take; undefined where the model has been run, or nobody can tell. */
  async estimate(): Promise<Estimate | undefined> {
    if (this.preparing !== undefined) return undefined;
    const { bindings } = bindInputs(this.known(), TRIED_SIZES[0]!);
    return estimateRun(this.runnable(), this.sessions, bindings).catch((error: unknown) => {
      // Whoever runs it learns why.
      if (error instanceof LensError) return undefined;
      throw error;
    });
  }

  /** How its inputs are fed, as far as that is known before a run. */
  get bindings(): Readonly<Record<string, InputBinding>> {
    return bindInputs(this.known(), TRIED_SIZES[0]!).bindings;
  }

  /** The output that somebody has named. */
  get chosenOutput(): string | undefined {
    return this.options.output ?? this.resolved.output;
  }

  /** How sessions are made for it, for work that makes its own. */
  get making(): { readonly sessions: Sessions; readonly session: Partial<SessionOptions> } {
    return { sessions: this.sessions, session: this.options.session };
  }

  /** Shapes of every value, from a run at the input's real size. */
  async facts(): Promise<Facts> {
    return (await this.prepared()).facts;
  }

  subject(): Promise<ModelSubject> {
    this.opening ??= this.openSubject().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  /** Runs a graph that is needed once, in a session of its own, and answers all its outputs. */
  async runOnce(
    graph: Graph,
    feeds: Readonly<Record<string, Tensor>>,
    signal: AbortSignal,
  ): Promise<Record<string, Tensor>> {
    const session = await this.sessions.open(graph, { ...this.options.session, optimised: false });
    try {
      return await session.run(
        feeds,
        graph.outputs.map((o) => o.name),
        signal,
      );
    } finally {
      await session.dispose();
    }
  }

  async dispose(): Promise<void> {
    const subject = await this.opening?.catch(() => undefined);
    await subject?.dispose();
    for (const model of this.sized.values()) await model.dispose();
  }

  private async openSubject(): Promise<ModelSubject> {
    const { graph, facts } = await this.prepared();
    const layers = layersIn(graph, this.file);
    const { session, memoryShare, randomWeights: seed } = this.options;
    const drawn = seed === undefined ? undefined : await randomWeights(graph, layers, new Random(seed));
    const random = `All weights are random, drawn with the mean and deviation of the trained ones (seed ${seed}).`;
    return openSubject(
      {
        graph: drawn === undefined ? graph : withWeights(graph, drawn),
        facts,
        layers,
        input: this.spec(facts),
        sessions: this.sessions,
        others: this.others,
        ...given({ tokens: this.resolved.sidecar?.content.attention }),
        notes: drawn === undefined ? this.notes : [...this.notes, random],
      },
      { session, ...this.wishes(), ...given({ memoryShare }) },
    );
  }

  /** What is known of the outputs beside the graph. */
  wishes(): Pick<SubjectOptions, 'output' | 'labels' | 'said'> {
    const { labels, outputs } = this.resolved;
    return {
      said: { ...outputs, ...this.options.outputs },
      // Numbers that stand for names say nothing of what an output is.
      labels: labels.origin.kind === 'default' ? [] : labels.names,
      ...given({ output: this.options.output ?? this.resolved.output }),
    };
  }

  /** Sizes of one sample of the input that is explained, as far as they are known before a run. */
  private sample(): readonly number[] | undefined {
    const { preprocessing: plan } = this.resolved;
    if (this.bound !== undefined) return this.bound;
    if (plan === undefined) return undefined;
    const [height, width] = plan.size.value;
    return sampleShape(this.sampleAxes(), { channels: plan.channels.value, height, width });
  }

  /** The graph with its shapes; where nobody settles a size, the first that the model can be run with. */
  private async prepare(): Promise<Prepared> {
    const graph = this.runnable();
    const { input } = this.resolved;
    const known = this.known();
    let first: unknown;
    for (const size of TRIED_SIZES) {
      const { bindings, tried } = bindInputs(known, size);
      try {
        const limit = memoryLimit(this.options.session.memoryLimit);
        const prepared = await prepareGraph(graph, this.sessions, bindings, undefined, limit);
        this.notes = [
          ...fewerNote(this.file.graph, graph),
          ...tried.map(({ input: name, dimension }) => triedNote(name, dimension, size, name === input?.name)),
        ];
        return prepared;
      } catch (error) {
        if (!(error instanceof LensError) || tried.length === 0) throw error;
        first ??= error;
      }
    }
    throw first;
  }

  /** What is known of the inputs before a run. */
  private known(): Known {
    const { input, axes = 'N' } = this.resolved;
    return {
      inputs: this.runnable().inputs,
      main: input?.name,
      sample: this.sample(),
      batched: axes.startsWith('N'),
      given: this.others,
    };
  }

  /** What is run of the graph: of very many outputs the one that is meant and the first. */
  private runnable(): Graph {
    const graph = withoutUnread(this.file.graph);
    if (graph.outputs.length <= MOST_OUTPUTS) return graph;
    const asked = this.options.output ?? this.resolved.output;
    const first = graph.outputs.slice(0, FIRST_OUTPUTS).map((o) => o.name);
    const named = graph.outputs.filter((o) => o.name === asked).map((o) => o.name);
    const kept = prune(graph, [...new Set([...named, ...first])]);
    const input = this.resolved.input?.name;
    // The input that is explained stays, whether those need it or not.
    return kept.inputs.some((i) => i.name === input) ? kept : { ...kept, inputs: graph.inputs };
  }

  /** This model for the sizes of the `.npy` files that are given, where it leaves its own free. */
  async sizedFor(files: readonly string[]): Promise<OpenModel> {
    const { input, axes = '' } = this.resolved;
    const free = input?.dims?.slice(axes.startsWith('N') ? 1 : 0) ?? [];
    if (!free.some((d) => typeof d === 'string')) return this;
    for (const file of files) {
      const dims = path.extname(file).toLowerCase() === '.npy' ? await npyDims(file) : undefined;
      if (dims === undefined) continue;
      const sample = dims.slice(Math.max(0, dims.length - free.length));
      const fits =
        sample.length === free.length && sample.every((d, i) => typeof free[i] === 'string' || free[i] === d);
      if (!fits || sample.some((d) => d < 1)) return this;
      if (this.sample()?.join() === sample.join()) return this;
      const key = sample.join();
      const known =
        this.sized.get(key) ??
        new OpenModel(this.file, sizedAs(this.resolved, sample), this.sessions, this.options, this.others, sample);
      this.sized.set(key, known);
      return known;
    }
    return this;
  }

  /** What the axes of a sample are. Of a picture of four axes the settings have the last word. */
  private sampleAxes(): string {
    const { axes = '', preprocessing: plan } = this.resolved;
    if (plan !== undefined && (axes === 'NCHW' || axes === 'NHWC')) return plan.layout.value.slice(1);
    return axes.replace('N', '');
  }

  /** Where the picture lies; for a model that takes none, its tensor: the axes before the last as rows. */
  spec(facts: Facts): InputSpec {
    const { input, preprocessing } = this.resolved;
    if (input === undefined) throw new LensError('unsupported', 'subject/no-input', 'The model has no input.');
    const axes = this.sampleAxes();
    if (preprocessing !== undefined) return inputSpec(input.name, preprocessing, axes);
    const fact = facts.get(input.name);
    return tensorSpec(
      input.name,
      axes,
      fact === undefined ? [] : dimsAt(fact, facts.batch).slice(-axes.length || Infinity),
    );
  }
}

/** The runtime lists outputs in quadratic time: of more than these, only some are run. */
const MOST_OUTPUTS = 1024;
const FIRST_OUTPUTS = 32;

/** The runtime looks for each weight that nothing reads among all of them. */
const MANY_WEIGHTS = 10_000;

function withoutUnread(graph: Graph): Graph {
  if (graph.weights.size <= MANY_WEIGHTS) return graph;
  const read = new Set([...graph.nodes.flatMap(readsOf), ...graph.outputs.map((o) => o.name)]);
  return { ...graph, weights: new Map([...graph.weights].filter(([name]) => read.has(name))) };
}

function fewerNote(all: Graph, run: Graph): string[] {
  return all.outputs.length === run.outputs.length
    ? []
    : [
        `The model has ${all.outputs.length} outputs; ${run.outputs.length} are looked at: choose another by its name, with --output or "output" in the settings file.`,
      ];
}

function triedNote(input: string, dimension: string, size: number, main: boolean): string {
  const out = main ? 'give a .npy file of the size that you mean' : `give its values with --input ${input}=FILE.npy`;
  return asSentence(
    `The model leaves the dimension "${dimension}" of its input "${input}" free; ${size} is taken: ${out}.`,
  );
}

/** The layers that are run. */
function layersIn(graph: Graph, { layers, graph: whole }: ModelFile): ModelFile['layers'] {
  if (graph.outputs.length === whole.outputs.length) return layers;
  const { producer } = indexOf(graph);
  return layers.filter((layer) => producer(layer.output) !== undefined);
}

/** The settings with the size of a tensor that is given. */
function sizedAs(resolved: ResolvedInput, sample: readonly number[]): ResolvedInput {
  const { preprocessing: plan, axes = '' } = resolved;
  if (plan === undefined) return resolved;
  const letters = axes === 'NCHW' || axes === 'NHWC' ? plan.layout.value.slice(1) : axes.replace('N', '');
  const value = [sample[letters.indexOf('H')]!, sample[letters.indexOf('W')]!] as const;
  return {
    ...resolved,
    preprocessing: { ...plan, size: { value, origin: { kind: 'file', detail: 'the .npy file that is given' } } },
    warnings: resolved.warnings.filter((w) => !w.startsWith(FREE_SIZE)),
  };
}

/** Settings that are tried, held to the same rules as a sidecar's. */
function changeOf({ labels, ...input }: SettingsChange): PartialSettings {
  return settingsOf(parseSidecar(JSON.stringify({ input, labels }), 'What was chosen'));
}

/** How a model wants its input, from all that says it. */
async function resolveFor(file: ModelFile, options: OpenOptions): Promise<ResolvedInput> {
  const { graph } = file;
  const reach = new FileReach(file.path, options.reach, options.config);
  await reach.requireData(file.checkpoint.externalFiles);
  const consulted = new Consulted(reach);
  const context = {
    modelPath: path.resolve(file.path),
    metadata: graph.metadata,
    inputs: graph.inputs,
    outputs: graph.outputs,
    graph,
    consulted,
  };
  const sidecar = options.config === undefined ? undefined : await readSidecar(options.config, consulted);
  const { settings } = options;
  return resolveInput(context, sidecar, settings && changeOf(settings), settings?.labels);
}
