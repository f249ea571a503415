import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface CallMade {
  /** As the API models call it, such as `autoscaling`. */
  readonly service: string;
  readonly operation: string;
}

/** What the sources of the packages import to send, but for the emulator, whose users send it. */
export async function callsMade(packages: string): Promise<CallMade[]> {
  const made = new Map<string, CallMade>();
  for await (const file of glob('*/src/**/*.ts', { cwd: packages, exclude: ['local-aws'] })) {
    const source = await readFile(join(packages, file), 'utf8');
    for (const [, names = '', client = ''] of source.matchAll(imports)) {
      const service = client.replace('auto-scaling', 'autoscaling');
      for (const [, operation = ''] of names.matchAll(/\b(\w+)Command\b/g))
        made.set(`${service} ${operation}`, { service, operation });
    }
  }
  return [...made.values()];
}

const imports = /import (?:type )?\{([^}]*)\} from '@aws-sdk\/client-([\w-]+)'/g;
