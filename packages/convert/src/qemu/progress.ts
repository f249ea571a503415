/** The last `(12.34/100%)` that `qemu-img -p` has written, as a fraction. */
export function parsePercent(text: string): number | undefined {
  const at = text.lastIndexOf('/100%)');
  if (at < 0) return undefined;
  const match = /\((\d{1,3}(?:\.\d+)?)$/.exec(text.slice(Math.max(0, at - 16), at));
  return match ? Math.min(1, Number(match[1]) / 100) : undefined;
}
