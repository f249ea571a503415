/** What is worked on at a time: enough to hide the latency of a disk, and to keep every worker thread busy. */
const worksAhead = 8;

/** Works on some items at a time; results come in the order of their items, `undefined` ones are omitted. */
export async function* mapAhead<T, U>(
  items: AsyncIterable<T> | Iterable<T>,
  work: (item: T) => Promise<U | undefined>,
  { signal }: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<U> {
  const ahead: Promise<U | undefined>[] = [];
  for await (const item of items) {
    signal?.throwIfAborted();
    const result = work(item);
    // Handled where it is awaited, or ignored once an earlier one has failed.
    result.catch(() => {});
    ahead.push(result);
    if (ahead.length >= worksAhead) yield* unlessUndefined(await ahead.shift());
  }
  for (const result of ahead) yield* unlessUndefined(await result);
}

function* unlessUndefined<U>(result: U | undefined): Generator<U> {
  if (result !== undefined) yield result;
}
