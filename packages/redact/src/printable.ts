/**
 * Foreign text as it may stand in a message: no character that a terminal obeys, hides or breaks the line at (each is
 * shown as U+FFFD), and no more of it than `maxLength` characters (all, by default); a cut ends in `…`. Takes time in
 * proportion to what is shown, not to what is given.
 */
export function printable(
  text: string,
  { maxLength = Number.POSITIVE_INFINITY }: { readonly maxLength?: number } = {},
): string {
  // A character is two code units at most.
  const start = text.length > 2 * maxLength + 2 ? text.slice(0, 2 * maxLength + 2) : text;
  const visible = start.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd');
  if (visible.length <= maxLength) return visible;
  // By code points: half of a surrogate pair is not a character.
  const characters = Array.from(visible);
  return characters.length > maxLength ? `${characters.slice(0, maxLength).join('')}…` : visible;
}
