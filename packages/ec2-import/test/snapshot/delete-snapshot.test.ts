import { DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { deleteSnapshot } from '@ec2-image/ec2-import';
import { describe, expect, test } from 'vitest';
import { connectionReset, ec2Error, mocked } from '../mocked.ts';

const snapshotId = 'snap-1';

describe('deleting a snapshot', () => {
  test('that is gone is a success', async () => {
    const account = mocked();
    account.mock.on(DeleteSnapshotCommand).rejects(ec2Error('InvalidSnapshot.NotFound'));
    await deleteSnapshot({ ...account.verb, snapshotId });
  });

  test('that is in use for a while, behind a bad network, is retried', async () => {
    const account = mocked();
    const call = account.mock.on(DeleteSnapshotCommand);
    for (let n = 0; n < 8; n += 1)
      call.rejectsOnce(n === 3 ? connectionReset() : ec2Error('InvalidSnapshot.InUse'));
    call.resolves({});
    await deleteSnapshot({ ...account.verb, snapshotId });
    expect(account.mock.commandCalls(DeleteSnapshotCommand)).toHaveLength(9);
  });

  test('that stays in use is given up', async () => {
    const account = mocked();
    account.mock.on(DeleteSnapshotCommand).rejects(ec2Error('InvalidSnapshot.InUse'));
    await expect(deleteSnapshot({ ...account.verb, snapshotId })).rejects.toMatchObject({
      code: 'SNAPSHOT_IN_USE',
      snapshotId,
    });
    expect(account.clock.elapsedMs).toBeGreaterThanOrEqual(10 * 60_000);
    expect(account.clock.elapsedMs).toBeLessThan(11 * 60_000);
  });

  test('that is forbidden fails at once', async () => {
    const account = mocked();
    account.mock.on(DeleteSnapshotCommand).rejects(ec2Error('UnauthorizedOperation', 'no', 403));
    await expect(deleteSnapshot({ ...account.verb, snapshotId })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
    });
    expect(account.clock.elapsedMs).toBe(0);
  });
});
