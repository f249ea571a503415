import { appendFile, readFile } from 'node:fs/promises';

const pathBeside = (journalPath: string) => `${journalPath}.spent`;

/**
 * Tokens of snapshots that runs with this journal have deleted. EBS answers such a token with the snapshot that is
 * gone, and that a block's "does not exist" means what it says takes minutes to believe.
 */
export async function readSpentTokens(journalPath: string | undefined): Promise<ReadonlySet<string>> {
  if (journalPath === undefined) return new Set();
  const text = await readFile(pathBeside(journalPath), 'utf8').catch(() => '');
  return new Set(text.split('\n').filter(Boolean));
}

/** A token that could not be noted costs the next run its wait, and nothing else. */
export async function noteSpentToken(journalPath: string, clientToken: string): Promise<void> {
  await appendFile(pathBeside(journalPath), `${clientToken}\n`, { mode: 0o600 }).catch(() => {});
}
