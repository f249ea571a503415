/** Enough to hide the latency of a disk, and to keep every worker thread busy. */
const worksAhead = 8;

/**
 * Works on some items at a time. Results come in the order of their items, as soon as they are there, however slowly
 * further items come; `undefined` ones are omitted. An error of the items comes after the results of those before it.
 */
export async function* mapAhead<T, U>(
  items: AsyncIterable<T>,
  work: (item: T) => Promise<U | undefined>,
  {
    ahead: limit = worksAhead,
    signal,
  }: {
    /** How many are worked on at a time. */
    readonly ahead?: number;
    readonly signal?: AbortSignal;
  } = {},
): AsyncGenerator<U> {
  const source = items[Symbol.asyncIterator]();
  const ahead: Promise<U | undefined>[] = [];
  let next: Promise<Arrival<T>> | undefined = arrivalFrom(source);
  let failure: { readonly error: unknown } | undefined;
  try {
    while (next || ahead.length > 0) {
      const arrival: Arrival<T> | undefined = await firstOf(
        ahead[0],
        ahead.length < limit ? next : undefined,
      );
      signal?.throwIfAborted();
      if (!arrival) {
        const result = await ahead.shift();
        if (result !== undefined) yield result;
      } else if ('item' in arrival) {
        const result = work(arrival.item);
        // Handled where it is awaited, or ignored once an earlier one has failed.
        result.catch(() => {});
        ahead.push(result);
        next = arrivalFrom(source);
      } else {
        next = undefined;
        failure = arrival.failure;
      }
    }
  } finally {
    await source.return?.();
  }
  if (failure) throw failure.error;
}

type Arrival<T> = { readonly item: T } | { readonly failure: { readonly error: unknown } | undefined };

/** The next item, or the end. */
async function arrivalFrom<T>(source: AsyncIterator<T>): Promise<Arrival<T>> {
  try {
    const { done, value } = await source.next();
    return done ? { failure: undefined } : { item: value };
  } catch (error) {
    return { failure: { error } };
  }
}

/** What has arrived, or undefined once the result is there, whatever it is. */
function firstOf<T>(
  result: Promise<unknown> | undefined,
  next: Promise<Arrival<T>> | undefined,
): Promise<Arrival<T> | undefined> {
  const isThere = result?.then(
    () => undefined,
    () => undefined,
  );
  // An item that has arrived comes first: the work on it begins while the result is used.
  return Promise.race([...(next ? [next] : []), ...(isThere ? [isThere] : [])]);
}
