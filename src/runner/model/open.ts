import path from 'node:path';
import { given } from '../../base/given.js';
import { LensError } from '../../base/errors.js';
import type { Tensor } from '../../base/tensor.js';
import type { Facts } from '../../graph/facts.js';
import type { Graph } from '../../graph/graph.js';
import { Consulted } from '../../input/files.js';
import { inputSpec } from '../../input/preprocessing.js';
import { resolveInput, type ResolvedInput } from '../../input/resolve.js';
import { readSidecar } from '../../input/sidecar.js';
import { openSubject, type ModelSubject } from '../../method/subject/modelSubject.js';
import type { SubjectOptions } from '../../method/subject/parts.js';
import type { InputSpec } from '../../method/subject/subject.js';
import { prepareGraph, type Prepared } from '../../session/prepare.js';
import type { InputDims } from '../../session/probe.js';
import type { SessionOptions, Sessions } from '../../session/session.js';
import type { ModelFile } from './file.js';

export interface OpenOptions {
  readonly config?: string;
  /** The output that predictions and explanations are about. */
  readonly output?: string;
  readonly session: Partial<SessionOptions>;
  readonly memoryShare?: number;
}

/** A model that can be questioned. Facts and sessions are made when they are first asked for. */
export class OpenModel {
  private preparing: Promise<Prepared> | undefined;
  private opening: Promise<ModelSubject> | undefined;

  private constructor(
    readonly file: ModelFile,
    readonly resolved: ResolvedInput,
    private readonly sessions: Sessions,
    private readonly options: OpenOptions,
  ) {}

  static async open(file: ModelFile, sessions: Sessions, options: OpenOptions): Promise<OpenModel> {
    const { graph } = file;
    const consulted = new Consulted();
    const context = {
      modelPath: path.resolve(file.path),
      metadata: graph.metadata,
      inputs: graph.inputs,
      outputs: graph.outputs,
      graph,
      consulted,
    };
    const sidecar = options.config === undefined ? undefined : await readSidecar(options.config, consulted);
    return new OpenModel(file, await resolveInput(context, sidecar), sessions, options);
  }

  /** The graph as it is run, with its control flow resolved, and the shapes of its values at the input's real size. */
  prepared(): Promise<Prepared> {
    // No signal goes in: another request may be waiting for the same facts.
    this.preparing ??= prepareGraph(this.file.graph, this.sessions, this.inputDims()).catch((error: unknown) => {
      this.preparing = undefined;
      throw error;
    });
    return this.preparing;
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
  }

  private async openSubject(): Promise<ModelSubject> {
    const { layers } = this.file;
    const { graph, facts } = await this.prepared();
    const { session, memoryShare } = this.options;
    return openSubject(
      {
        graph,
        facts,
        layers,
        input: this.spec(facts),
        sessions: this.sessions,
      },
      { session, ...this.wishes(), ...given({ memoryShare }) },
    );
  }

  /** What is known of the outputs beside the graph. */
  wishes(): Pick<SubjectOptions, 'output' | 'labels' | 'said'> {
    const { labels, outputs: said } = this.resolved;
    return {
      said,
      // Numbers that stand for names say nothing of what an output is.
      labels: labels.origin.kind === 'default' ? [] : labels.names,
      ...given({ output: this.options.output ?? this.resolved.output }),
    };
  }

  private inputDims(): InputDims {
    const { input, preprocessing: plan } = this.resolved;
    if (input === undefined || plan === undefined) return {};
    const [height, width] = plan.size.value;
    const channels = plan.channels.value;
    return { [input.name]: plan.layout.value === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels] };
  }

  /** Where the picture lies; for a model that takes none, its tensor as far as it has a height and a width. */
  spec(facts: Facts): InputSpec {
    const { input, preprocessing } = this.resolved;
    if (input === undefined) throw new LensError('unsupported', 'subject/no-input', 'The model has no input.');
    if (preprocessing !== undefined) return inputSpec(input.name, preprocessing);
    const dims = facts.get(input.name)?.base ?? [];
    const [channels = 1, height = 1, width = 1] = dims.length === 4 ? dims.slice(1) : [1, 1, dims.at(-1) ?? 1];
    return {
      name: input.name,
      layout: 'NCHW',
      channels,
      height,
      width,
      fill: () => new Array<number>(channels).fill(0),
      toTensor: (_channel, pixel) => pixel / 255,
      toPixel: (_channel, value) => value * 255,
    };
  }
}
