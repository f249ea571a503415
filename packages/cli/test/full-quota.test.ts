import { CancelImportTaskCommand, ImportSnapshotCommand } from '@aws-sdk/client-ec2';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { bucket } from './support/account.ts';
import { expect, testWith } from './support/fixtures.ts';

const test = testWith({ account: { quotas: { importTasks: 1 } } });

test('where every import task that the account may have is running, an import waits for a place', async ({
  account,
  runImport,
}) => {
  const Key = 'others/disk.raw';
  await account.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Buffer.alloc(2 ** 20, 1) }));
  account.aws.faults.add({ match: { operation: 'ImportSnapshot' }, action: { kind: 'task-stalls' } });
  const { ImportTaskId } = await account.ec2.send(
    new ImportSnapshotCommand({
      DiskContainer: { Format: 'RAW', UserBucket: { S3Bucket: bucket, S3Key: Key } },
    }),
  );
  const running = runImport();
  const refusals = () => account.calls('ImportSnapshot').flatMap(({ errorCode }) => errorCode ?? []);
  await expect.poll(refusals, { timeout: 60_000 }).toContain('ResourceCountExceeded');
  await account.ec2.send(new CancelImportTaskCommand({ ImportTaskId }));
  const { exitCode, stderr } = await running;
  expect(exitCode, stderr).toBe(0);
  expect((await account.contents()).images).toHaveLength(1);
});
