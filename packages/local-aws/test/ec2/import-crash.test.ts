import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeImportSnapshotTasksCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Account, clientsOf, openAccount } from './account.ts';
import { compareRaw, type Disk, makeBucket, makeDisk, putObject } from './disks.ts';
import { ended, start, watch } from './imports.ts';

let disk: Disk;
let directory: string;
const processes: ChildProcess[] = [];

beforeEach(async () => {
  disk = await makeDisk();
  directory = await mkdtemp(join(tmpdir(), 'local-aws-'));
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map(killed));
  await rm(directory, { recursive: true });
  await disk[Symbol.asyncDispose]();
});

async function killed(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  process.kill('SIGKILL');
  await once(process, 'exit');
}

/** A stand-in for the directory in another process. */
async function serveElsewhere(importTaskMs: number): Promise<{ process: ChildProcess; url: string }> {
  const script = join(import.meta.dirname, 'fixtures/serve.ts');
  const child = spawn(
    process.execPath,
    ['--conditions=@ec2-image/source', script, directory, String(importTaskMs)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  processes.push(child);
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { process: child, url: line.toString().trim() };
}

async function snapshots({ ec2 }: Pick<Account, 'ec2'>) {
  return (await ec2.send(new DescribeSnapshotsCommand({}))).Snapshots!;
}

it.each(['downloading/converting', 'updating'])(
  'a task whose process is killed while %s is finished by the next one, once',
  async (stage) => {
    const first = await serveElsewhere(1500);
    await using clients = clientsOf(first.url);
    await makeBucket(clients.s3);
    await putObject(clients.s3, 'disk.vhdx', await disk.as('VHDX'));
    const id = await start(clients, {
      DiskContainer: { Format: 'VHDX', UserBucket: { S3Bucket: 'disks', S3Key: 'disk.vhdx' } },
    });
    await expect
      .poll(
        async () => {
          const { ImportSnapshotTasks } = await clients.ec2.send(new DescribeImportSnapshotTasksCommand({}));
          return ImportSnapshotTasks![0]!.SnapshotTaskDetail!.StatusMessage;
        },
        { interval: 5, timeout: 10_000 },
      )
      .toBe(stage);
    await killed(first.process);
    await writeFile(join(directory, 'imports', 'left.raw'), 'over');

    await using account = await openAccount({ directory });
    const { SnapshotId } = await ended(account, id);
    expect(await snapshots(account)).toHaveLength(1);
    await compareRaw(disk.rawPath, join(directory, 'snapshots', `${SnapshotId}.raw`));
    expect(existsSync(join(directory, 'imports', 'left.raw'))).toBe(false);
  },
);

it('of two processes at one directory either answers for all, and each task is done once', async () => {
  await using here = await openAccount({ directory, ec2: { importTaskMs: 300 } });
  const { url, process } = await serveElsewhere(300);
  await using there = clientsOf(url);
  await makeBucket(here.s3);
  await putObject(there.s3, 'disk.raw', await disk.as('RAW'));
  const ids = await Promise.all([start(here), start(there), start(here), start(there)]);
  const details = await Promise.all(
    ids.map(
      async (id, n) => (await watch(n < 2 ? there : here, id, 'completed')).at(-1)!.SnapshotTaskDetail!,
    ),
  );
  expect(new Set(details.map(({ SnapshotId }) => SnapshotId)).size).toBe(4);
  expect(await snapshots(there)).toHaveLength(4);
  // Whichever of the two did the work, the other takes it over.
  const last = await start(here);
  await killed(process);
  expect(await ended(here, last)).toMatchObject({ Status: 'completed' });
  expect(await snapshots(here)).toHaveLength(5);
});
