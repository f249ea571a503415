/** Every page of a list that goes by `NextToken`, each asked for once. EC2 ends some lists with an empty token. */
export async function* pages<Page extends { readonly NextToken?: string }>(
  read: (token: string | undefined) => Promise<Page>,
): AsyncGenerator<Page> {
  let token: string | undefined;
  do {
    const page = await read(token);
    yield page;
    token = page.NextToken || undefined;
  } while (token !== undefined);
}

export async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
}
