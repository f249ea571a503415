import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAccount } from '../account.ts';
import { optInRegions } from './regions.ts';
import { type CommandRun, type Document, runCommand, total } from './run-command.ts';
import {
  type AccountSize,
  bucketIn,
  digestOf,
  imageName,
  seedAccount,
  sourceUrl,
  versions,
} from './seed-account.ts';

export const commandNames = ['plan', 'list', 'janitor', 'retire', 'retire --apply'] as const;
export type CommandName = (typeof commandNames)[number];

const counts: Readonly<Record<CommandName, (document: Document) => number>> = {
  plan: ({ plan }) => plan.images.filter(({ outcome }) => outcome === 'nothing').length,
  list: ({ list }) => list.amis.length,
  janitor: ({ janitor }) => janitor.plan.resources.filter(({ verdict }) => verdict === 'delete').length,
  retire: ({ retire }) => retire.plan.resources.filter(({ verdict }) => verdict === 'deprecate').length,
  'retire --apply': ({ retire }) => retire.outcomes.filter(({ outcome }) => outcome === 'deprecated').length,
};

/**
 * The commands that read a whole account, one after the other, on one that a publisher of many images has. The emulator
 * takes as many calls a second as AWS publishes.
 */
export async function runOnLargeAccount(size: AccountSize): Promise<Record<CommandName, CommandRun>> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-large-account-'));
  try {
    seedAccount({ directory, size });
    const log = join(directory, 'calls.ndjson');
    await using account = await startAccount({
      directory,
      args: [
        '--log',
        log,
        '--token-buckets',
        ...optInRegions.flatMap((region) => ['--opt-in-region', region]),
      ],
    });
    const config = join(directory, 'ec2-image.yaml');
    await writeFile(config, configuration(size));
    const regions = size.regions.flatMap((region) => ['--region', region]);
    const buckets = size.regions.flatMap((region) => ['--bucket', bucketIn(region)]);
    const done = 0;
    const somethingToDo = 3;
    const lines: Readonly<Record<CommandName, readonly [exitCode: number, ...args: string[]]>> = {
      plan: [done, 'plan', '--config', config],
      list: [done, 'list', ...regions],
      janitor: [somethingToDo, 'janitor', ...regions, ...buckets],
      retire: [somethingToDo, 'retire', '--config', config],
      'retire --apply': [done, 'retire', '--config', config, '--apply', '--yes'],
    };
    const runs: Partial<Record<CommandName, CommandRun>> = {};
    for (const name of commandNames) {
      const [exitCode, ...args] = lines[name];
      const run = await runCommand(args, { account, log, exitCode, count: counts[name] });
      runs[name] = run;
      console.error(
        `${name}: ${run.seconds.toFixed(1)} s, ${(run.peak.own / 2 ** 20).toFixed(0)} MiB, ${total(run.calls)} calls, ${total(run.throttled)} throttled`,
      );
    }
    return runs as Record<CommandName, CommandRun>;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function configuration({ images, regions }: AccountSize): string {
  const { suffix } = versions[1];
  const entries = Array.from(
    { length: images },
    (_, number) => `  ${imageName(number)}:
    url: ${sourceUrl(number)}
    sha256: ${digestOf(number, suffix).slice('sha256:'.length)}
    arch: x86_64
`,
  );
  return `via: ebs
suffix: ${suffix}
region: ${regions[0]}
regions: [${regions.join(', ')}]
retain: {count: 1}
images:
${entries.join('')}`;
}
