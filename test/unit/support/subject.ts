import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { layersOf } from '../../../src/graph/layers/layers.js';
import { Random } from '../../../src/base/random.js';
import { sizeOf, type FloatTensor } from '../../../src/base/tensor.js';
import { attributionMethodById } from '../../../src/method/index.js';
import type { AttributionAnswer } from '../../../src/method/method.js';
import { openSubject, type ModelSubject, type SubjectOptions } from '../../../src/method/subject/modelSubject.js';
import { parseParameters } from '../../../src/method/parameters.js';
import type { InputSpec } from '../../../src/method/subject/subject.js';
import type { Target } from '../../../src/method/target/target.js';
import type { ParameterValue } from '../../../src/result/method.js';
import type { ScoreKind } from '../../../src/result/recipe.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../src/session/probe.js';
import { modelPath, reference, requireData, sample } from './data.js';

/** ImageNet's colours, as the reference models take them. */
const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];

export function testSpec(name: string, dims: readonly number[], layout: 'NCHW' | 'NHWC' = 'NCHW'): InputSpec {
  const [channels, height, width] = layout === 'NCHW' ? dims : [dims[2], dims[0], dims[1]];
  const toTensor = (c: number, pixel: number): number => (pixel / 255 - MEAN[c]!) / STD[c]!;
  const level = { black: 0, white: 255, grey: 127.5 };
  return {
    name,
    layout,
    channels: channels!,
    height: height!,
    width: width!,
    fill: (kind) => Array.from({ length: channels! }, (_, c) => (kind === 'zero' ? 0 : toTensor(c, level[kind]))),
    toTensor,
    toPixel: (c, value) => (value * STD[c]! + MEAN[c]!) * 255,
  };
}

export interface TestSubject {
  readonly subject: ModelSubject;
  readonly sessions: OrtSessions;
  readonly signal: AbortSignal;
  /** Reference input `k` with batch 1, and its reference target. */
  case(k: number): { input: FloatTensor; target: Target };
  run(
    id: string,
    k: number,
    params?: Record<string, ParameterValue>,
    more?: { layer?: string; score?: ScoreKind; seed?: number },
  ): Promise<AttributionAnswer>;
  dispose(): Promise<void>;
}

/**
 * A model of the test data as a subject, with the inputs of its references.
 *
 * @param references the model whose references are meant, where the file has none of its own
 */
export async function testSubject(
  model: string,
  options: SubjectOptions = {},
  references: string = model,
): Promise<TestSubject> {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const graph = buildGraph(await openCheckpoint(modelPath(`${model}.onnx`)));
  const inputs = reference(references, 'input');
  const targets = reference(references, 'target');
  const facts = await probeFacts(graph, sessions);
  const subject = await openSubject(
    {
      graph,
      facts,
      layers: layersOf(graph),
      input: testSpec(graph.inputs[0]!.name, inputs.dims.slice(1)),
      sessions,
    },
    options,
  );
  const signal = new AbortController().signal;
  const at = (k: number): { input: FloatTensor; target: Target } => {
    const one = sample(inputs, k);
    return { input: { ...one, dims: [1, ...one.dims] }, target: { index: targets.data[k]!, label: '' } };
  };
  return {
    subject,
    sessions,
    signal,
    case: at,
    run: (id, k, params = {}, more = {}) => {
      const method = attributionMethodById(id);
      const { layer, score = 'logit', seed = 0 } = more;
      const request = {
        ...at(k),
        score,
        seed,
        params: parseParameters(id, method.parameters, params),
        ...(layer === undefined ? {} : { layer }),
      };
      return method.run(subject, request, { signal, random: new Random(seed), progress: () => undefined });
    },
    dispose: async () => {
      await subject.dispose();
      await sessions.dispose();
    },
  };
}

/** A model's subject for the tests of a suite: opened before the first, given back after the last; skipped without the data. */
export function suiteSubject(model: string): Omit<TestSubject, 'dispose'> {
  let made: TestSubject | undefined;
  before(requireData);
  before(async () => void (made = await testSubject(model)));
  after(() => made?.dispose());
  return {
    get subject() {
      return made!.subject;
    },
    get sessions() {
      return made!.sessions;
    },
    get signal() {
      return made!.signal;
    },
    case: (k) => made!.case(k),
    run: (...asked) => made!.run(...asked),
  };
}

/** Sample `k` of a reference tensor, as a plain array. */
export function expected(model: string, name: string, k: number): Float32Array {
  const tensor = reference(model, name);
  const size = sizeOf(tensor.dims.slice(1));
  return tensor.data.subarray(k * size, (k + 1) * size);
}
