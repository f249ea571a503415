/** Whether there are fewer than so many. Where there is no quota, nothing is counted. */
export function isBelow<T>(quota: number, all: Iterable<T>, counts: (one: T) => boolean): boolean {
  if (quota === Number.POSITIVE_INFINITY) return true;
  let found = 0;
  for (const one of all) {
    if (counts(one)) found += 1;
    if (found >= quota) return false;
  }
  return true;
}
