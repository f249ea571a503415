/** The label of PGP armor (RFC 9580 §6.2): what its content is. */
export type ArmorLabel = 'PGP PUBLIC KEY BLOCK' | 'PGP SIGNATURE';

/** Every armored block with this label in a text, from its first line to its last; what stands between them is left out. */
export function armoredBlocks(text: string, label: ArmorLabel): readonly string[] {
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  const blocks: string[] = [];
  let block: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trimEnd();
    if (trimmed === begin) block = [];
    block?.push(trimmed);
    if (trimmed !== end || block === undefined) continue;
    blocks.push(`${block.join('\n')}\n`);
    block = undefined;
  }
  return blocks;
}

/** The first byte of every binary PGP packet has its highest bit set (RFC 9580 §4.2). */
export function isBinaryPgp(content: Buffer): boolean {
  return content.length > 0 && content[0]! >= 0x80;
}
