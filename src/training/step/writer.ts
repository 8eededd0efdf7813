import type { ElementType } from '../../base/tensor.js';
import { makeNode, prune } from '../../graph/edits.js';
import type { Graph } from '../../graph/graph.js';
import { inOrder } from '../../graph/order.js';
import type { ValueInfo } from '../../graph/values.js';
import { dimsOf, fixed, range, type Dim } from '../../gradient/dims.js';
import { Algebra } from '../../gradient/emit/algebra.js';
import { Context } from '../../gradient/emit/context.js';
import { Tape } from '../../gradient/emit/tape.js';
import type { GradientGraph } from '../../gradient/request.js';
import type { Ref } from '../../gradient/rule.js';
import { foldedNote } from './folded.js';
import { writeLoss } from './loss.js';
import { biasCorrections, momentsOf, writeUpdate } from './optimiser.js';
import { decays } from './parameters.js';
import { startState, weightsOf } from './state.js';
import type { StateKind, StateSlot, StepFeeds, StepRequest, TrainingStep } from './step.js';
import type { BatchNorm, TrainingForm } from './trainingForm.js';

/** Writes loss, updates and statistics beside a gradient graph. */
export class StepWriter {
  private readonly tape: Tape;
  private readonly a: Algebra;
  private readonly inputs: ValueInfo[] = [];
  private readonly slots: StateSlot[] = [];
  private readonly notes: Set<string>;
  private readonly type: ElementType;
  private readonly batch: Dim;

  constructor(
    private readonly request: StepRequest,
    private readonly form: TrainingForm,
    private readonly gradient: GradientGraph,
    private readonly classes: number,
  ) {
    this.notes = new Set(gradient.notes);
    const { facts } = form;
    this.tape = new Tape(gradient.graph, facts, 'step');
    this.tape.scope = 'training';
    for (const [name, ref] of gradient.gradients) this.tape.declare(ref, facts.get(name)!.type);
    const { tape: emit, notes } = this;
    this.a = new Algebra(
      new Context({
        graph: gradient.graph,
        facts,
        node: makeNode('Step', 'training', []),
        emit,
        provider: 'cpu',
        notes,
      }),
    );
    this.type = facts.get(request.logits)!.type;
    const first = facts.get(request.logits)!;
    this.batch = { base: first.base[0]!, slope: first.slope[0]! };
  }

  step(): TrainingStep {
    const { request, gradient, form, tape } = this;
    const target = this.input('target', this.type, [described(this.batch), this.classes]);
    const rate = this.input('rate', this.type, []);
    const adam = request.optimiser.kind !== 'sgd';
    const count = adam ? this.input('step', this.type, []) : undefined;
    const apply = (request.accumulate ?? 1) > 1 ? this.input('apply', 'bool', []) : undefined;

    const { loss, logits } = this.loss(target);
    const sums = this.accumulated(apply);
    const norm = this.norm(sums);
    this.update({ sums, norm, rate, count, apply });
    for (const each of form.norms) this.statistics(each);
    const outputs = {
      loss: this.output(loss, 'loss'),
      logits: this.output(logits, 'logits'),
      gradientNorm: this.output(norm, 'gradient_norm'),
    };
    const nodes = [...gradient.graph.nodes, ...tape.nodes];
    const inputs = [...gradient.graph.inputs.filter((i) => i.name !== gradient.seed), ...this.inputs];
    const weights = new Map([...gradient.graph.weights, ...tape.weights]);
    const known = new Set([...inputs.map((i) => i.name), ...weights.keys()]);
    const fetched = [...Object.values(outputs), ...this.slots.map((s) => s.output)];
    const all: Graph = { ...gradient.graph, nodes: inOrder(nodes, (v) => known.has(v)), inputs, weights, outputs: [] };
    // Inputs stay even where nothing reads them: whoever feeds a step feeds all.
    const graph: Graph = { ...prune(all, fetched), inputs, outputs: this.infos(outputs) };
    const note = foldedNote(request.graph);
    if (note !== undefined) this.notes.add(note);
    const feeds: StepFeeds = {
      picture: request.input,
      target,
      rate,
      ...(count === undefined ? {} : { step: count }),
      ...(apply === undefined ? {} : { apply }),
      masks: form.masks,
      type: this.type,
    };
    return {
      graph,
      classes: this.classes,
      feeds,
      state: this.slots,
      outputs,
      gradients: gradient.gradients,
      notes: [...this.notes],
      start: (given, signal) => startState(request.graph, this.slots, given, signal),
      weights: (state, averaged = false) => weightsOf(request.graph, this.slots, state, averaged),
    };
  }

  /** The loss, and its gradient under the name that the sweep begins with. */
  private loss(target: Ref): { loss: Ref; logits: Ref } {
    const { request, gradient, a, tape } = this;
    const dims = dimsOf(this.form.facts.get(request.logits)!);
    const row = [this.batch, fixed(this.classes)];
    const logits = dims.length === 2 ? request.logits : a.reshape(request.logits, row);
    const { batch, classes } = this;
    const written = writeLoss(a, request.loss, { logits, target, batch, classes, classWeights: request.classWeights });
    const seed = dims.length === 2 ? written.gradient : a.reshape(written.gradient, dims);
    tape.nodes.push(makeNode('Identity', gradient.seed!, [seed]));
    return { loss: written.loss, logits };
  }

  /** Gradients by weight: of this run, or the mean over the runs since the last update. */
  private accumulated(apply: Ref | undefined): ReadonlyMap<string, Ref> {
    const { gradient, a, request } = this;
    if (apply === undefined) return gradient.gradients;
    const sums = new Map<string, Ref>();
    for (const [name, ref] of gradient.gradients) {
      const before = this.slot('gradient-sum', name);
      const sum = a.add(before.input, a.div(ref, request.accumulate!));
      sums.set(name, sum);
      this.settle(before, a.where(apply, 0, sum));
    }
    return sums;
  }

  /** Length of all gradients together. */
  private norm(gradients: ReadonlyMap<string, Ref>): Ref {
    const { a } = this;
    const squares = [...gradients].map(([name, g]) => {
      const rank = this.form.facts.get(name)!.base.length;
      const sum = rank === 0 ? a.square(g) : a.reduce('ReduceSumSquare', g, range(rank), false);
      return a.cast(sum, this.type);
    });
    return a.sqrt(a.sum(squares));
  }

  private update(p: {
    readonly sums: ReadonlyMap<string, Ref>;
    readonly norm: Ref;
    readonly rate: Ref;
    readonly count: Ref | undefined;
    readonly apply: Ref | undefined;
  }): void {
    const { request, a, tape } = this;
    const { optimiser, clip, ema } = request;
    const scalars = {
      rate: p.rate,
      ...(optimiser.kind === 'sgd' ? {} : biasCorrections(a, optimiser, p.count!)),
    };
    // PyTorch's clip_grad_norm_: no gradient grows.
    const factor =
      clip === undefined ? undefined : a.op('Min', [a.div(clip, a.add(p.norm, 1e-6)), a.emit.scalar(1, p.norm)]);
    const moments = momentsOf(optimiser);
    const either = (now: Ref, before: Ref): Ref => (p.apply === undefined ? now : a.where(p.apply, now, before));
    for (const [name, sum] of p.sums) {
      tape.scope = name;
      const weight = this.slot('weight', name, name);
      const momentum = moments.momentum ? this.slot('momentum', name) : undefined;
      const second = moments.second ? this.slot('second', name) : undefined;
      const next = writeUpdate(a, optimiser, scalars, {
        weight: name,
        gradient: factor === undefined ? sum : a.mul(sum, factor),
        decay: decays(request.graph, name) ? (request.weightDecay ?? 0) : 0,
        momentum: momentum?.input,
        second: second?.input,
      });
      this.settle(weight, either(next.weight, name));
      if (momentum !== undefined) this.settle(momentum, either(next.momentum!, momentum.input));
      if (second !== undefined) this.settle(second, either(next.second!, second.input));
      if (ema !== undefined) this.average(name, next.weight, ema, p.apply);
    }
    tape.scope = 'training';
  }

  private average(name: string, next: Ref, ema: number, apply?: Ref): void {
    const { a } = this;
    const slot = this.slot('average', name);
    const mean = a.add(a.mul(slot.input, ema), a.mul(next, 1 - ema));
    this.settle(slot, apply === undefined ? mean : a.where(apply, mean, slot.input));
  }

  /** New running statistics: the mean of the batch, and its variance without bias, as PyTorch and Keras keep it. */
  private statistics(norm: BatchNorm): void {
    const { a, tape, request } = this;
    tape.scope = norm.node;
    const dims = dimsOf(this.form.facts.get(norm.of)!).filter((_, i) => i !== 1);
    const count = a.count(dims, norm.batchVariance);
    // A single number has no variance; it stays 0.
    const rest =
      typeof count === 'number' ? Math.max(1, count - 1) : a.op('Max', [a.sub(count, 1), a.emit.scalar(1, count)]);
    const unbiased = a.mul(
      norm.batchVariance,
      typeof count === 'number' && typeof rest === 'number' ? count / rest : a.div(count, rest),
    );
    const run = (kind: 'running-mean' | 'running-variance', of: string, now: Ref): void => {
      const slot = this.slot(kind, of);
      const next = a.add(a.mul(slot.input, norm.momentum), a.mul(now, 1 - norm.momentum));
      this.settle(slot, next);
      if (request.ema !== undefined) this.average(of, next, request.ema);
    };
    run('running-mean', norm.mean, norm.batchMean);
    run('running-variance', norm.variance, unbiased);
    tape.scope = 'training';
  }

  private input(what: string, type: ElementType, dims: readonly (number | string)[]): Ref {
    const name = this.tape.name(what);
    this.tape.declare(name, type);
    this.inputs.push({ name, type, dims });
    return name;
  }

  /** A piece of state whose output is not written yet. */
  private slot(kind: StateKind, of: string, input?: string): { input: string; kind: StateKind; of: string } {
    const { type, dims } = this.stateInfo(of);
    return { kind, of, input: input ?? this.input(kind, type, dims) };
  }

  private stateInfo(of: string): { type: ElementType; dims: readonly number[] } {
    const fact = this.form.facts.get(of);
    const stored = this.request.graph.weights.get(of)!;
    const type = fact?.type ?? stored.type;
    return { type: type === 'float16' || type === 'bfloat16' ? 'float32' : type, dims: stored.dims };
  }

  private settle(slot: { input: string; kind: StateKind; of: string }, output: Ref): void {
    const { type, dims } = this.stateInfo(slot.of);
    const own = output === slot.input ? this.a.op('Identity', [output]) : output;
    this.slots.push({ ...slot, output: own, dims, type });
  }

  /** A value under a name of its own among the outputs. */
  private output(value: Ref, what: string): string {
    this.tape.scope = 'training';
    const name = this.tape.name(what);
    this.tape.nodes.push(makeNode('Identity', name, [value]));
    return name;
  }

  private infos(outputs: TrainingStep['outputs']): ValueInfo[] {
    return [
      { name: outputs.loss, type: this.type, dims: [] },
      { name: outputs.logits, type: this.type, dims: [described(this.batch), this.classes] },
      { name: outputs.gradientNorm, type: this.type, dims: [] },
      ...this.slots.map((slot) => ({ name: slot.output, type: slot.type, dims: slot.dims })),
    ];
  }
}

function described(dim: Dim): number | string {
  return dim.slope === 0 ? dim.base : 'batch';
}
