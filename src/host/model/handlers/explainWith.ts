import type { Handlers } from '../../../protocol/channel.js';
import type { ModelHostApi } from '../../../protocol/modelPanel.js';
import { explanationOf, type Compute } from '../../explain/answers.js';
import { fileAt, pathOf } from '../../names.js';
import type { HostServices } from '../../services.js';
import type { Siblings } from '../siblings.js';

/** One picture, explained by another checkpoint of the same training; known where any panel has asked for it. */
export const explainWith =
  (services: HostServices, siblings: Siblings): Handlers<ModelHostApi>['explainWith'] =>
  async ({ uri, picture, ...question }, { signal, progress }) => {
    const inquiry = { ...services.request(fileAt(uri)), ...question, input: pathOf(fileAt(picture)) };
    const compute: Compute = async ({ input }, options) => {
      const request = { ...question, inputs: [input] };
      const call = { signal: options.signal, progress: options.onProgress };
      const answer = await siblings.ask(uri, 'explain', request, call);
      const [first] = answer.results;
      if (first !== undefined && 'result' in first)
        services.status.report(answer.provider, [], first.result.milliseconds);
      return answer;
    };
    return explanationOf(await services.answers.ask(inquiry, compute, { signal, onProgress: progress }));
  };
