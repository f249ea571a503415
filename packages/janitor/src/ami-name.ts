/** The parts of `<name>-i<suffix>`. A suffix may hold anything, so the last `-i` counts; undefined where there is none. */
export function parseAmiName(
  amiName: string,
): { readonly name: string; readonly suffix: string } | undefined {
  const at = amiName.lastIndexOf('-i');
  if (at < 1 || at + 2 === amiName.length) return undefined;
  return { name: amiName.slice(0, at), suffix: amiName.slice(at + 2) };
}
