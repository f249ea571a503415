import type { ImportTask } from './import-task.ts';

/**
 * Tells at each answer about a task whether it moves. What a task reports may be missing in one answer and back in the next,
 * and progress may fall: only what none of the answers before had, or more progress than any, shows that it moves.
 */
export function createActivity(): (task: ImportTask) => boolean {
  const seen = new Set<string>();
  let mostPercent = -1;
  return ({ status, message, diskImageSize, snapshotId, percent = -1 }) => {
    const facts = Object.entries({ status, message, diskImageSize, snapshotId });
    const news = facts.map(([name, value]) => `${name} ${value}`).filter((fact) => !seen.has(fact));
    const moves = news.length > 0 || percent > mostPercent;
    for (const fact of news) seen.add(fact);
    mostPercent = Math.max(mostPercent, percent);
    return moves;
  };
}
