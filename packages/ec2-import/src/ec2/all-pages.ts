/** Every page of a list. A page may be empty though more follow. */
export async function allPages<Item>(
  page: (
    nextToken: string | undefined,
  ) => Promise<{ items: readonly Item[] | undefined; nextToken: string | undefined }>,
): Promise<Item[]> {
  const all: Item[] = [];
  let token: string | undefined;
  do {
    const { items, nextToken } = await page(token);
    all.push(...(items ?? []));
    token = nextToken || undefined;
  } while (token !== undefined);
  return all;
}
