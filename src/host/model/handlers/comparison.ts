import type { Disposables } from '../../../base/disposable.js';
import type { Client } from '../../../protocol/channel.js';
import type { ModelPanelApi } from '../../../protocol/modelPanel.js';
import { addressOf, fileAt, pathOf } from '../../names.js';
import { chooseOther } from '../chooseOther.js';
import { OtherWatch } from '../otherWatch.js';
import type { Chapter, EditorRoom } from '../room.js';

/** A layer beside the same one of another checkpoint, or with weights drawn anew. */
export function comparisonHandlers(
  { services, document, ask }: EditorRoom,
  disposables: Disposables,
  otherChanged: (...said: Parameters<Client<ModelPanelApi>['otherChanged']>) => void,
): Chapter<'compareWeights' | 'chooseOther'> {
  const watch = disposables.add(
    new OtherWatch(
      async (model) => (await (await services.runner()).overview(services.request(model))).externalFiles,
      (model, version) => otherChanged({ uri: addressOf(model), version }),
    ),
  );
  return {
    compareWeights: ({ other, ...request }, call) => {
      if (other.kind === 'random') return ask('compareWeights', { ...request, other: { random: other.seed } }, call);
      const file = fileAt(other.file.uri);
      return ask('compareWeights', { ...request, other: { model: pathOf(file) } }, call, watch.reading(file));
    },
    chooseOther: ({ layer }) => chooseOther(services, document.uri, layer),
  };
}
