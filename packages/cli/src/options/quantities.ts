/** Seconds in `90`, `90s`, `15m`, `2h` or `1d`; undefined for anything else. */
export function parseSeconds(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(s|m|h|d)?$/.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) * secondsIn[(match[2] ?? 's') as keyof typeof secondsIn];
}

const secondsIn = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Bytes in `1048576`, `64GiB`, `64G` (both binary) or `64GB` (decimal); undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?b)?|b)?$/i.exec(text.trim());
  if (!match) return undefined;
  const power = match[2] ? 'kmgt'.indexOf(match[2].toLowerCase()) + 1 : 0;
  const base = match[3]?.toLowerCase() === 'b' ? 1000 : 1024;
  const bytes = Math.round(Number(match[1]) * base ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
