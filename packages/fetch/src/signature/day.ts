/** `2026-01-31`; OpenPGP has dates that are none. */
export function dayOf(date: Date | number): string {
  return date instanceof Date ? date.toISOString().slice(0, 10) : 'an unknown day';
}
