/**
 * One page of a list: its items, and where the next one begins. AWS ends some lists with an empty token; S3's tokens are
 * made of two markers.
 */
export interface Page<Item, Token = string> {
  readonly items: readonly Item[] | undefined;
  readonly nextToken: Token | undefined;
}

/**
 * Every page of a list, each read once. A page may be empty though more follow.
 *
 * @param read given the token of the page, undefined for the first
 */
export async function* pages<Item, Token = string>(
  read: (token: Token | undefined) => Promise<Page<Item, Token>>,
): AsyncGenerator<readonly Item[]> {
  let token: Token | undefined;
  do {
    const { items, nextToken } = await read(token);
    yield items ?? [];
    token = nextToken || undefined;
  } while (token !== undefined);
}

/** The items of every page, in memory: for lists whose length is bounded by what they are about. */
export async function allPages<Item, Token = string>(
  read: (token: Token | undefined) => Promise<Page<Item, Token>>,
): Promise<Item[]> {
  const all: Item[] = [];
  for await (const items of pages(read)) all.push(...items);
  return all;
}
