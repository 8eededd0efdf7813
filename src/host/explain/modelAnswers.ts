import * as vscode from 'vscode';
import { given } from '../../base/given.js';
import type { OneRequest } from '../../protocol/explainPanel.js';
import { fileAt, nameOf, pathOf } from '../names.js';
import type { HostServices } from '../services.js';
import type { Compute, Inquiry } from './answers.js';
import type { Edits } from './edits.js';
import type { ModelAnswers } from './runs.js';

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
  const inquiry = ({ question: { edit, ...question }, picture }: OneRequest): Inquiry => ({
    ...services.request(model),
    ...question,
    ...given({ edited: edit }),
    input: pathOf(fileAt(picture)),
  });
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
    at: (key) => answers.at(key),
    holds: async (requests) => answers.holds(requests.map(inquiry)),
  };
}
