import { isMap, isScalar, type Node } from 'yaml';

/** Where a key, or an element of a list, begins in the file; of what is not there, the nearest that holds it. */
export function offsetOf(root: unknown, keys: readonly PropertyKey[]): number | undefined {
  let offset: number | undefined;
  let node: unknown = root;
  for (const key of keys) {
    if (!isMap(node)) {
      const child: unknown = (
        node as { get?(key: unknown, keepScalar: boolean): unknown } | undefined
      )?.get?.(key, true);
      offset = (child as Node | undefined)?.range?.[0] ?? offset;
      node = child;
      continue;
    }
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
    if (!pair) break;
    offset = (pair.key as Node).range?.[0] ?? offset;
    node = pair.value;
  }
  return offset;
}
