/** The same items, each begun while the one before is looked at. */
export async function* oneAhead<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  const begin = (): Promise<IteratorResult<T>> => {
    const next = items.next();
    // Looked at once it is awaited: what fails meanwhile is no stray rejection.
    next.catch(() => undefined);
    return next;
  };
  try {
    for (let next = begin(); ;) {
      const { done, value } = await next;
      if (done === true) return;
      next = begin();
      yield value;
    }
  } finally {
    await items.return(undefined);
  }
}
