/**
 * Foreign text as it may stand in a message: no character that a terminal obeys, hides or breaks the line at (each is
 * shown as U+FFFD), and no more of it than `maxLength` characters (all, by default); a cut ends in `…`.
 */
export function printable(
  text: string,
  { maxLength = Number.POSITIVE_INFINITY }: { readonly maxLength?: number } = {},
): string {
  const visible = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd');
  if (visible.length <= maxLength) return visible;
  // By code points: half of a surrogate pair is not a character.
  const characters = Array.from(visible.slice(0, 2 * maxLength + 2));
  return characters.length > maxLength ? `${characters.slice(0, maxLength).join('')}…` : visible;
}
