/** Of a terminal; undefined where nobody knows, 0 included. */
export function columnsOf(stream: object): number | undefined {
  return (stream as { columns?: number }).columns || undefined;
}
