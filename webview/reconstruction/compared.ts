import { canonical } from '../../src/base/canonical.js';
import type { NamedNetwork } from '../../src/protocol/explainPanel.js';
import { thinned } from './frames.js';
import type { Comparison, SeriesAsked } from './kept.js';
import type { VisualizePage } from './page.js';
import { trickSteps } from './tricks.js';

/** Layers of a strip, evenly from the first to the last. */
const MOST_LAYERS = 10;
const RANDOM: NamedNetwork = { name: 'random weights', random: true };

/** What is put side by side: pictures of the same thing, seed and network, but for what the strip is about. */
export function comparedCells(page: VisualizePage): SeriesAsked['cells'] {
  const { view, values, changedParams } = page;
  switch (comparisonOf(page)) {
    case 'presets': {
      const presets = ['naive', 'smooth', 'distill', 'maco', ...(view.files.start === undefined ? [] : ['accentuate'])];
      return presets.map((preset) => ({ title: preset, asked: { ...page.asking(preset), attempt: 0 } }));
    }
    case 'tricks':
      return trickSteps(page.facts, view.preset, values, changedParams).map(({ title, params }) => ({
        title,
        asked: { ...page.asking(view.preset, params), attempt: 0 },
      }));
    case 'layers': {
      const asked = { ...page.asking(), attempt: 0 };
      const layers = page.setup?.layers ?? [];
      return thinned(layers.length, MOST_LAYERS).map((i) => {
        const { name: layer } = layers[i]!;
        return { title: layer, asked: { ...asked, layer } };
      });
    }
    case 'networks': {
      const asked = { ...page.asking(), attempt: 0 };
      return [
        { title: 'this network', asked },
        ...networksOf(page).map((network) => ({ title: network.name, asked: { ...asked, network } })),
      ];
    }
  }
}

/** What is compared: layers only of what they see in a photograph. */
export const comparisonOf = ({ view }: VisualizePage): Comparison =>
  view.comparison === 'layers' && view.aim.kind !== 'inversion' ? 'presets' : view.comparison;

/** The networks beside this one: without any, its own with random weights. */
export const networksOf = ({ view }: VisualizePage): readonly NamedNetwork[] =>
  view.networks.length === 0 ? [RANDOM] : view.networks;

/** By what is asked: a page that comes back has other objects. */
export function sameCells(a: SeriesAsked['cells'], b: SeriesAsked['cells']): boolean {
  const text = (cells: SeriesAsked['cells']): string => canonical(cells.map(({ asked }) => asked));
  return text(a) === text(b);
}
