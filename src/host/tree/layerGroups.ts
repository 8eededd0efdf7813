import type { LayerDescription } from '../../result/inspection.js';

/** A module of the network with the layers in it, in the order of the graph. */
export interface LayerGroup {
  readonly name: string;
  readonly path: string;
  readonly items: readonly (LayerGroup | LayerItem)[];
  readonly layers: number;
  readonly parameters: number;
}

export interface LayerItem {
  readonly layer: LayerDescription;
  /** Its name without the group's. */
  readonly label: string;
}

export function isGroup(item: LayerGroup | LayerItem): item is LayerGroup {
  return 'items' in item;
}

interface Draft {
  readonly name: string;
  readonly path: readonly string[];
  readonly items: (Draft | LayerDescription)[];
  readonly byName: Map<string, Draft>;
}

/** The layers of a model under their scopes. A scope that holds one thing only is merged with it. */
export function groupLayers(layers: readonly LayerDescription[]): readonly (LayerGroup | LayerItem)[] {
  const root: Draft = { name: '', path: [], items: [], byName: new Map() };
  for (const layer of layers) {
    let at = root;
    for (const part of layer.scope) {
      let next = at.byName.get(part);
      if (next === undefined) {
        next = { name: part, path: [...at.path, part], items: [], byName: new Map() };
        at.byName.set(part, next);
        at.items.push(next);
      }
      at = next;
    }
    at.items.push(layer);
  }
  return root.items.map((item) => finish(item, ''));
}

function finish(item: Draft | LayerDescription, above: string): LayerGroup | LayerItem {
  if (!('byName' in item)) return { layer: item, label: shortName(item.name, above) };
  let draft = item;
  let name = item.name;
  for (;;) {
    const only = draft.items.length === 1 ? draft.items[0]! : undefined;
    if (only === undefined) break;
    if (!('byName' in only)) return { layer: only, label: shortName(only.name, above) };
    draft = only;
    name += `.${only.name}`;
  }
  const path = draft.path.join('.');
  const items = draft.items.map((each) => finish(each, path));
  const sum = (count: (each: LayerGroup | LayerItem) => number): number =>
    items.reduce((total, each) => total + count(each), 0);
  return {
    name,
    path,
    items,
    layers: sum((each) => (isGroup(each) ? each.layers : 1)),
    parameters: sum((each) => (isGroup(each) ? each.parameters : each.layer.parameters)),
  };
}

/** `conv1` of `layer1.0.conv1` below `layer1.0`; the whole name where it does not begin with the group's. */
function shortName(name: string, above: string): string {
  if (above === '') return name;
  const plain = name.replaceAll('/', '.').replace(/^\./, '');
  return plain.startsWith(`${above}.`) && plain.length > above.length + 1 ? plain.slice(above.length + 1) : name;
}
