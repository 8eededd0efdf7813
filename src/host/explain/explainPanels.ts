import { given } from '../../base/given.js';
import { keptFile } from '../names.js';
import { Panels } from '../panel/panels.js';
import type { HostServices } from '../services.js';
import { ExplainPanel, type ShowRequest } from './explainPanel.js';

/** The explain panels of the window: one for each model, reused unless it is pinned. */
export type ExplainPanels = Panels<ExplainPanel, ShowRequest>;

export function explainPanels(services: HostServices): ExplainPanels {
  const panels: ExplainPanels = new Panels(services, {
    viewType: 'onnxLens.explain',
    title: 'Explain',
    create: (panel, topic) => new ExplainPanel(panel, services, topic, (other) => panels.show(other)),
    reuse: (panel, { model, images, layer, networks, method }) => {
      if (panel.pinned || panel.model.toString() !== model.toString()) return false;
      panel.show(images, given({ layer, networks, method }));
      return true;
    },
    topicOf,
  });
  return panels;
}

/** What a page kept: it may have been written by another version, and is not trusted to be right. */
function topicOf(state: unknown): ShowRequest | undefined {
  const topic = (state as { readonly subject?: Record<string, unknown> } | null | undefined)?.subject;
  const model = keptFile(topic?.['model']);
  const list = topic?.['pictures'];
  if (model === undefined || !Array.isArray(list)) return undefined;
  const images = list.map(keptFile).filter((uri) => uri !== undefined);
  const { pinned, layer } = topic ?? {};
  return {
    model,
    images,
    ...given({
      pinned: typeof pinned === 'boolean' ? pinned : undefined,
      layer: typeof layer === 'string' ? layer : undefined,
    }),
  };
}
