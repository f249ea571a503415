/** `1 second`, `45 seconds`, `3 minutes`, `2 hours`: in the largest unit of which it is at least two, one where that is exact. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 120 && seconds % 60 !== 0) return count(seconds, 'second');
  const minutes = Math.round(seconds / 60);
  if (minutes < 120 && minutes % 60 !== 0) return count(minutes, 'minute');
  return count(Math.round(minutes / 60), 'hour');
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}
