import * as vscode from 'vscode';
import { canonical } from '../../base/canonical.js';
import { given } from '../../base/given.js';
import type { Asking, ExplainCellsRequest } from '../../protocol/attribution.js';
import type { OneRequest } from '../../protocol/explainPanel.js';
import { fileAt, nameOf, pathOf } from '../names.js';
import type { HostServices } from '../services.js';
import type { Compute, ComputeMany, Inquiry } from './answers.js';
import type { Edits } from './edits.js';
import type { ModelAnswers } from './runs.js';

/** Random weights are the same each time. */
const RANDOM_SEED = 0;

/**
 * The window's answers about one model: what is missing is asked of the runner, with its progress in the status bar.
 *
 * @param edits what was painted over pictures, by the names in questions
 * @param begun a question goes to the runner
 * @param dependsOn files beside the model that an answer depends on
 */
export function modelAnswers(
  services: HostServices,
  model: vscode.Uri,
  edits: Edits,
  begun: () => void,
  dependsOn: (files: readonly vscode.Uri[]) => void,
): ModelAnswers {
  const { answers } = services;
  const inquiry = ({ question, picture, model: other, random = false }: OneRequest): Inquiry => {
    const { edit, outputs, ...asked } = question;
    return {
      ...services.request(other === undefined ? model : fileAt(other)),
      ...(random ? { randomWeights: RANDOM_SEED } : {}),
      ...asked,
      // How an output is to be read is said of the panel's own model.
      ...given({ edited: edit, outputs: other === undefined ? outputs : undefined }),
      input: pathOf(fileAt(picture)),
    };
  };
  const computeMany: ComputeMany = async (inquiries, { signal, onProgress, onAnswer }) => {
    begun();
    const { status } = services;
    const runner = await services.runner();
    const about = await status.work(
      `explaining ${inquiries.length === 1 ? nameOf(vscode.Uri.file(inquiries[0]!.input)) : `${inquiries.length} maps`}`,
      (ours, report) =>
        runner.explainCells(cellsOf(inquiries), {
          signal: ours,
          onProgress: ({ cell, outcome, about: said, fraction, message }) => {
            if (cell === undefined) return report({ message });
            if (outcome === undefined) return onProgress(cell, { message, ...given({ fraction }) });
            report({ message, ...given({ fraction }) });
            return onAnswer(cell, { ...said!, results: [outcome] });
          },
        }),
      signal,
    );
    status.report(about.provider, about.refusedProviders);
  };
  const compute: Compute = async ({ input, edited, ...request }, { signal, onProgress }) => {
    const edit = edited === undefined ? undefined : edits.of(edited);
    begun();
    const { status } = services;
    const runner = await services.runner();
    const answer = await status.work(
      `explaining ${nameOf(vscode.Uri.file(input))}`,
      (ours, report) =>
        runner.explain(
          { ...request, inputs: [input], ...given({ edit }) },
          {
            signal: ours,
            onProgress: (progress) => {
              const { fraction, message } = progress;
              report({ message, ...given({ fraction }) });
              onProgress(progress);
            },
          },
        ),
      signal,
    );
    const [first] = answer.results;
    const milliseconds = first !== undefined && 'result' in first ? first.result.milliseconds : undefined;
    status.report(answer.provider, answer.refusedProviders, milliseconds);
    return answer;
  };
  return {
    ask: async (request, options) => {
      const answer = await answers.ask(inquiry(request), compute, options);
      dependsOn(answer.files.map((file) => vscode.Uri.file(file)));
      return answer;
    },
    askMany: async (requests, options) => {
      const groups = new Map<string, number[]>();
      for (const [at, { model: other, random }] of requests.entries()) {
        const network = canonical([other, random]);
        groups.set(network, [...(groups.get(network) ?? []), at]);
      }
      for (const group of groups.values()) {
        const { onProgress, onAnswer } = options;
        await answers.askMany(
          group.map((at) => inquiry(requests[at]!)),
          computeMany,
          {
            ...options,
            onProgress: (i, progress) => onProgress(group[i]!, progress),
            onAnswer: (i, answer) => {
              if ('files' in answer) dependsOn(answer.files.map((file) => vscode.Uri.file(file)));
              onAnswer(group[i]!, answer);
            },
          },
        );
      }
    },
    at: (key) => answers.at(key),
    holds: async (requests) => answers.holds(requests.map(inquiry)),
  };
}

/** Inquiries about one model as one request: a cell for each. */
function cellsOf(inquiries: readonly Inquiry[]): ExplainCellsRequest {
  const inputs = new Map<Inquiry['input'], number>();
  const questions = new Map<string, { readonly place: number; readonly asking: Asking }>();
  const cells = inquiries.map(({ input, method, params, target, score, layer, seed }) => {
    const asking: Asking = { method, ...given({ params, target, score, layer, seed }) };
    const key = canonical(asking);
    const question = questions.get(key) ?? { place: questions.size, asking };
    questions.set(key, question);
    if (!inputs.has(input)) inputs.set(input, inputs.size);
    return { input: inputs.get(input)!, question: question.place };
  });
  const {
    input: _input,
    method: _m,
    params: _p,
    target: _t,
    score: _s,
    layer: _l,
    seed: _seed,
    ...about
  } = inquiries[0]!;
  return { ...about, inputs: [...inputs.keys()], questions: [...questions.values()].map((q) => q.asking), cells };
}
