/**
 * The results of `run` for each item, in the order of the items, while those of some further ones are being made. When it
 * ends, by an error or early too, nothing runs any more.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item>,
  run: (item: Item) => Promise<Result>,
  { ahead }: { readonly ahead: number },
): AsyncGenerator<Result> {
  const pending: Promise<Result>[] = [];
  try {
    for (const item of items) {
      const result = run(item);
      // Handled where it is awaited, or ignored once an earlier one has failed.
      result.catch(() => {});
      pending.push(result);
      if (pending.length > ahead) yield await pending.shift()!;
    }
    while (pending.length > 0) yield await pending.shift()!;
  } finally {
    await Promise.allSettled(pending);
  }
}
