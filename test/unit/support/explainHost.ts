import assert from 'node:assert/strict';
import { LensError } from '../../../src/base/errors.js';
import { address } from '../../../src/base/place.js';
import type { CallOptions, Client } from '../../../src/protocol/channel.js';
import type {
  ExplainHostApi,
  ExplainSetup,
  RunAnswer,
  RunProgress,
  RunRequest,
} from '../../../src/protocol/explainPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import type { OutputChoices } from '../../../src/result/output.js';
import type { MethodDescription } from '../../../src/result/method.js';
import { ExplainController } from '../../../webview/explain/controller.js';
import { explanationWith } from './explanation.js';

const method = (id: string, parameters: MethodDescription['parameters'] = {}): MethodDescription => ({
  id,
  title: id.toUpperCase(),
  chapter: 'attribution',
  summary: '',
  citation: '',
  group: 'pixels',
  passes: { gradient: 1 },
  parameters,
  needs: 'gradient',
  layer: 'none',
  properties: { signed: true, complete: false, seeded: false, shape: 'channel' },
});
const methods = [
  method('gradient', {
    reduce: { type: 'choice', title: 'Reduce', description: '', default: 'l1', choices: ['none', 'l1'] },
  }),
  method('occlusion', { patch: { type: 'integer', title: 'Patch', description: '', default: 16 } }),
];
export const file = (name: string) => ({ uri: address(`file:///${name}`), name });
export const setup = (...pictures: string[]): ExplainSetup => ({
  model: file('net.onnx'),
  pictures: pictures.map(file),
  pinned: false,
  methods,
  defaults: { method: 'gradient', colorMap: 'viridis', trustBadge: false },
  outdated: [],
  stale: [],
});

export function explanation(target = 1): Explanation {
  const label = `class ${target}`;
  return explanationWith({
    target: { index: target, label },
    probability: 0.5,
    predictions: [{ index: target, label, probability: 0.5, logit: 1 }],
  });
}

export interface Started {
  readonly request: RunRequest;
  readonly progress: (report: RunProgress) => void;
  finish(answer?: Partial<RunAnswer>): void;
  fail(error: Error): void;
}

/** A host whose runs end when the test says so. */
export function fakeHost(about: ExplainSetup) {
  const started: Started[] = [];
  const stopped: string[] = [];
  const readings: OutputChoices[] = [];
  const seen: string[] = [];
  const lost = new Set<string>();
  /** What explanations say beside the usual. */
  const answers: { with: Partial<Explanation> } = { with: {} };
  const host = {
    setup: async () => about,
    run: (request: RunRequest, options?: CallOptions<RunProgress>) =>
      new Promise<RunAnswer>((resolve, reject) => {
        started.push({
          request,
          progress: (report) => options?.onProgress?.(report),
          finish: (answer = {}) =>
            resolve({
              outcomes: request.pictures.map((picture) => ({ picture, state: 'done' as const })),
              cancelled: false,
              provider: 'cpu',
              refusedProviders: [],
              preprocessing: {},
              warnings: [],
              milliseconds: 1,
              ...answer,
            }),
          fail: reject,
        });
      }),
    stop: async ({ id }: { id: string }) => void stopped.push(id),
    saveReading: async ({ outputs }: { outputs: OutputChoices }) => (readings.push(outputs), true),
    seen: async ({ id }: { id: string }) => void seen.push(id),
    explanation: async ({ run, picture }: { run: string; picture: string }) => {
      if (lost.has(run) || lost.has(`${run} ${picture}`)) throw new LensError('runtime', 'explain/forgotten', 'gone');
      assert.ok(picture.startsWith('file:'));
      return { ...explanation(), ...answers.with };
    },
  };
  let ids = 0;
  const controller = new ExplainController(
    host as unknown as Client<ExplainHostApi>,
    () => undefined,
    () => `run-${++ids}`,
    () => 0,
  );
  return { controller, started, readings, stopped, seen, lost, answers };
}
