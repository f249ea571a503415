import { describe, expect } from 'vitest';
import { findRecycled } from '../../src/index.ts';
import { it, type JanitorAccount, region } from '../support/account.ts';
import { id, ourTags, seedPair } from '../support/resources.ts';

const [olderAmi, otherSnap] = [id('ami', 2), id('snap', 2)];

async function cleanAndLook(account: JanitorAccount) {
  const { outcomes } = await account.clean({ superseded: true, deregisterNow: true });
  const { clients, clock } = account;
  return findRecycled({ outcomes, clients, clock });
}

describe('53: a Recycle Bin rule', () => {
  it('says what that was deleted is still there, and until when', async ({ account }) => {
    seedPair(account);
    account.seed({
      snapshots: [{ id: id('snap', 3), createdAt: account.hoursAgo(100), tags: ourTags() }],
      retentionRules: [
        { type: 'image', days: 2 },
        { type: 'snapshot', days: 7, tags: { Name: 'fedora-i43' } },
      ],
    });
    const { recycled, unread } = await cleanAndLook(account);
    const days = (until: string | null) => Math.round((Date.parse(until!) - account.now()) / 86_400_000);
    expect(recycled.map(({ kind, id: found, until }) => [kind, found, days(until)])).toEqual([
      ['ami', olderAmi, 2],
      ['snapshot', otherSnap, 7],
      ['snapshot', id('snap', 3), 7],
    ]);
    expect(unread).toEqual([]);
  });

  it('says nothing of what others deleted, and asks for nothing where nothing was deleted', async ({
    account,
  }) => {
    account.seed({ retentionRules: [{ type: 'snapshot', days: 7 }] });
    account.aws.calls.clear();
    expect(await cleanAndLook(account)).toEqual({ recycled: [], unread: [] });
    expect(account.calls('ListSnapshotsInRecycleBin')).toEqual([]);
  });

  it('says so where the Recycle Bin cannot be read', async ({ account }) => {
    seedPair(account);
    account.aws.faults.add({
      match: { operation: 'ListSnapshotsInRecycleBin' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    expect(await cleanAndLook(account)).toMatchObject({
      recycled: [],
      unread: [{ region, detail: expect.stringContaining('ListSnapshotsInRecycleBin') }],
    });
  });
});
