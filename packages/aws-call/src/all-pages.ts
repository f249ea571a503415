/** One page of a list: its items, and where the next one begins. AWS ends some lists with an empty token. */
export interface Page<Item> {
  readonly items: readonly Item[] | undefined;
  readonly nextToken: string | undefined;
}

/**
 * Every page of a list, each read once. A page may be empty though more follow.
 *
 * @param read given the token of the page, undefined for the first
 */
export async function* pages<Item>(
  read: (token: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<readonly Item[]> {
  let token: string | undefined;
  do {
    const { items, nextToken } = await read(token);
    yield items ?? [];
    token = nextToken || undefined;
  } while (token !== undefined);
}

/** The items of every page, in memory: for lists whose length is bounded by what they are about. */
export async function allPages<Item>(
  read: (token: string | undefined) => Promise<Page<Item>>,
): Promise<Item[]> {
  const all: Item[] = [];
  for await (const items of pages(read)) all.push(...items);
  return all;
}
