import { appendFile, readFile } from 'node:fs/promises';

const pathBeside = (journalPath: string) => `${journalPath}.spent`;

/**
 * Tokens of snapshots that runs with this journal have deleted. EBS answers such a token with the deleted snapshot, and
 * only after minutes does "does not exist" in answer to a block mean that.
 */
export async function readSpentTokens(journalPath: string | undefined): Promise<ReadonlySet<string>> {
  if (journalPath === undefined) return new Set();
  const text = await readFile(pathBeside(journalPath), 'utf8').catch(() => '');
  return new Set(text.split('\n').filter(Boolean));
}

/** A token that cannot be noted only makes the next run wait. */
export async function noteSpentToken(journalPath: string, clientToken: string): Promise<void> {
  await appendFile(pathBeside(journalPath), `${clientToken}\n`, { mode: 0o600 }).catch(() => {});
}
