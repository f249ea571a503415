import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../errors/cli-error.ts';

const names = ['ec2-image.yaml', 'ec2-image.yml'] as const;

export const defaultConfigFile = names[0];

export interface FoundConfig {
  readonly path: string;
  /** It is not in the directory itself: worth saying. */
  readonly inParent: boolean;
}

/**
 * The configuration of a directory: its own, or else the nearest of its parents up to the root of the repository that
 * it is in. Outside a repository only its own counts, so that a file of somebody else's in /tmp never does.
 *
 * @throws UsageError `CONFIG_AMBIGUOUS`
 */
export function findConfig(directory: string = process.cwd()): FoundConfig | undefined {
  const here = configIn(directory);
  if (here !== undefined) return { path: here, inParent: false };
  const parents = parentsInRepository(directory);
  for (const parent of parents) {
    const name = configIn(parent);
    if (name !== undefined) return { path: join(parent, name), inParent: true };
  }
  return undefined;
}

function configIn(directory: string): string | undefined {
  const [found, another] = names.filter((name) => existsSync(join(directory, name)));
  if (another !== undefined) {
    throw new UsageError('CONFIG_AMBIGUOUS', `${directory} has both ${found} and ${another}`, {
      hint: 'Choose one with --config, or delete the other.',
      facts: { path: directory },
    });
  }
  return found;
}

function parentsInRepository(directory: string): string[] {
  const parents: string[] = [];
  for (let current = directory; ; ) {
    if (existsSync(join(current, '.git'))) return parents;
    const parent = dirname(current);
    if (parent === current) return [];
    parents.push(parent);
    current = parent;
  }
}
