import { EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { CreateTagsCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { isListed, openAdverse, outcomeOf } from './adverse-account.ts';

/** What a run of calls meets: of resources whose ids are random. */
async function run(seed: number): Promise<string[]> {
  let now = Date.now();
  await using account = await openAdverse({ now: () => (now += 200), maxAttempts: 1, seed });
  const ebs = account.client(EBSClient, { maxAttempts: 1 });
  const seen: string[] = [];
  for (let number = 0; number < 25; number += 1) {
    const started = await outcomeOf(
      ebs.send(new StartSnapshotCommand({ VolumeSize: 1, ClientToken: `token-${number}` })),
    );
    if (typeof started === 'string') {
      seen.push(started);
      continue;
    }
    const { SnapshotId } = started;
    const tagged = await outcomeOf(
      account.ec2.send(new CreateTagsCommand({ Resources: [SnapshotId!], Tags: [{ Key: 'a', Value: 'b' }] })),
    );
    const listed = await outcomeOf(isListed(account.ec2, SnapshotId!));
    const page = await outcomeOf(
      account.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], MaxResults: 10 })),
    );
    const size = typeof page === 'string' ? page : page.Snapshots?.length;
    seen.push(`${typeof tagged} ${listed} ${size}`);
  }
  return seen;
}

it('the same calls meet the same with the same seed, and something else with another', async () => {
  const [one, again, other] = [await run(1), await run(1), await run(2)];
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
});
