/** What a map and {@link Newest} have in common. */
interface Store<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
  delete(key: K): unknown;
}

/** The value of `key`, made on first use. A promise that is rejected is forgotten, so that the next call tries again. */
export function remembered<K, V extends object>(store: Store<K, V>, key: K, make: () => V): V {
  const known = store.get(key);
  if (known !== undefined) return known;
  const value = make();
  store.set(key, value);
  if (value instanceof Promise) {
    value.catch(() => {
      if (store.get(key) === value) store.delete(key);
    });
  }
  return value;
}

/**
 * Values that belong to an object (a model, a graph) and live as long as it does. A promise that is rejected is forgotten.
 *
 * @example const fields = memo<OpenModel, string, Promise<Fields>>();
 *          fields(model, layer, () => measure(model, layer))
 */
export function memo<O extends object, K, V extends object>(): (owner: O, key: K, make: () => V) => V {
  const stores = new WeakMap<O, Map<K, V>>();
  return (owner, key, make) => {
    const store = stores.get(owner) ?? new Map<K, V>();
    stores.set(owner, store);
    return remembered(store, key, make);
  };
}

/**
 * A function of an object, computed once for each.
 *
 * @example export const indexOf = perObject((graph: Graph) => makeIndex(graph));
 */
export function perObject<O extends object, V extends object>(make: (owner: O) => V): (owner: O) => V {
  const values = new WeakMap<O, V>();
  return (owner) => {
    let value = values.get(owner);
    if (value === undefined) values.set(owner, (value = make(owner)));
    return value;
  };
}
