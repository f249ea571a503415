/** One parameter of a Query request: a value, or the parameters below it (`Filter.1.Value.2` is four deep). */
export interface Parameter {
  value?: string;
  readonly children: Map<string, Parameter>;
}

/**
 * The tree that the dotted names of a Query request stand for. Names are kept as sent; `pairs` come decoded, from
 * the query string or a form body. Where a name is given twice the last one holds.
 */
export function parameterTree(pairs: Iterable<readonly [string, string]>): Parameter {
  const root: Parameter = { children: new Map() };
  for (const [name, value] of pairs) {
    let node = root;
    for (const step of name.split('.')) {
      let next = node.children.get(step);
      if (!next) {
        next = { children: new Map() };
        node.children.set(step, next);
      }
      node = next;
    }
    node.value = value;
  }
  return root;
}

/** Every parameter with a value, under its dotted name. */
export function* flatParameters(node: Parameter, path = ''): Generator<[name: string, value: string]> {
  if (node.value !== undefined && path !== '') yield [path, node.value];
  for (const [step, child] of node.children) {
    yield* flatParameters(child, path === '' ? step : `${path}.${step}`);
  }
}
