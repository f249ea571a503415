import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { test as base } from 'vitest';
import { type AccountClients, connectAccount } from '../../src/testing/index.ts';
import { expect, openAccount } from '../support/account.ts';
import { compareRaw, makeBucket, makeDisk, putObject } from './disks.ts';
import { ended, input, start, taskOf } from './imports.ts';

async function killed(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  process.kill('SIGKILL');
  await once(process, 'exit');
}

interface Elsewhere {
  readonly process: ChildProcess;
  readonly url: string;
  /** Sets its clock ahead. */
  ahead(ms: number): void;
}

const hourMs = 3_600_000;

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('disk', { scope: 'file' }, async ({}, { onCleanup }) => {
    const disk = await makeDisk();
    onCleanup(() => disk[Symbol.asyncDispose]());
    return disk;
  })
  // biome-ignore lint/correctness/noEmptyPattern: as above
  .extend('directory', async ({}, { onCleanup }) => {
    const directory = await mkdtemp(join(tmpdir(), 'local-aws-'));
    onCleanup(() => rm(directory, { recursive: true }));
    return directory;
  })
  /** Starts an emulator for the directory in another process, where an import takes an hour. */
  .extend('serveElsewhere', ({ directory }, { onCleanup }) => {
    const processes: ChildProcess[] = [];
    onCleanup(async () => {
      await Promise.all(processes.map(killed));
    });
    return async (): Promise<Elsewhere> => {
      const script = join(import.meta.dirname, 'fixtures/serve.ts');
      const child = spawn(process.execPath, ['--conditions=@ec2-image/source', script, directory], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      processes.push(child);
      const [line] = (await once(child.stdout!, 'data')) as [Buffer];
      return {
        process: child,
        url: line.toString().trim(),
        ahead: (ms) => child.stdin!.write(`${ms}\n`),
      };
    };
  });

/** Clients of an emulator in another process, whose clock moves: they correct theirs by what it answers. */
const connectElsewhere = ({ url }: Elsewhere, directory: string) =>
  connectAccount({ url, directory, maxAttempts: 3 });

/** By then whatever another process has put down has happened. */
const later = () => Date.now() + 2 * hourMs;

async function snapshots({ ec2 }: Pick<AccountClients, 'ec2'>) {
  return (await ec2.send(new DescribeSnapshotsCommand({}))).Snapshots!;
}

test.for([
  ['downloading/converting', 0.5],
  ['updating', 0.9],
] as const)(
  'a task whose process is killed while %s is finished by the next one, once',
  async ([stage, share], { directory, disk, serveElsewhere }) => {
    const first = await serveElsewhere();
    await using clients = connectElsewhere(first, directory);
    await makeBucket(clients.s3);
    await putObject(clients.s3, 'disk.vhdx', await disk.as('VHDX'));
    const id = await start(clients, input('disk.vhdx', 'VHDX'));
    first.ahead(share * hourMs);
    await expect
      .poll(async () => (await taskOf(clients, id)).SnapshotTaskDetail!.StatusMessage, { timeout: 20_000 })
      .toBe(stage);
    await killed(first.process);
    await writeFile(join(directory, 'imports', 'left.raw'), 'over');

    await using account = await openAccount({ directory, now: later });
    const { SnapshotId } = await ended(account, id);
    expect(await snapshots(account)).toHaveLength(1);
    await compareRaw(disk.rawPath, join(directory, 'snapshots', `${SnapshotId}.raw`));
    expect(existsSync(join(directory, 'imports', 'left.raw'))).toBe(false);
  },
);

test('of two processes at one directory either answers for all, and each task is done once', async ({
  directory,
  disk,
  serveElsewhere,
}) => {
  const elsewhere = await serveElsewhere();
  await using there = connectElsewhere(elsewhere, directory);
  await makeBucket(there.s3);
  await putObject(there.s3, 'disk.raw', await disk.as('RAW'));
  const held = await start(there);
  // Whoever takes a task first works on all of them, so this one waits for its hour.
  let aheadMs = 0;
  await using here = await openAccount({ directory, now: () => Date.now() + aheadMs });
  const ids = [held, ...(await Promise.all([start(here), start(there), start(here)]))];
  expect((await taskOf(here, held)).SnapshotTaskDetail).toMatchObject({ Status: 'active' });
  aheadMs = 2 * hourMs;
  elsewhere.ahead(aheadMs);
  const details = await Promise.all(ids.slice(0, 3).map((id) => ended(there, id)));
  expect(new Set(details.map(({ SnapshotId }) => SnapshotId)).size).toBe(3);
  await killed(elsewhere.process);
  expect(await ended(here, ids[3]!)).toMatchObject({ Status: 'completed' });
  expect(await ended(here, await start(here))).toMatchObject({ Status: 'completed' });
  expect(await snapshots(here)).toHaveLength(5);
});
