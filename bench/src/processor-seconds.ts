import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second (`USER_HZ`), whatever the kernel was built with. */
const ticksPerSecond = 100;

/**
 * Processor seconds, user and system, of all children of this process that have ended, their own children included
 * (proc(5), cutime and cstime). What ended between two readings took their difference.
 */
export function endedChildrenSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  // The name, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}
