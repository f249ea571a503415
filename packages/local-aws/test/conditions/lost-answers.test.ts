import { CreateTagsCommand, DescribeTagsCommand } from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { seedEc2 } from '../../src/index.ts';
import { openAdverse } from './adverse-account.ts';

const id = 'snap-0123456789abcdef0';

it('some writes are carried out and not answered, never two in a row; some calls are throttled', async () => {
  // At every rate the bucket has room: what is refused is what other work of the account did.
  let now = Date.now();
  await using account = await openAdverse({ now: () => (now += 200), maxAttempts: 1, seed: 7 });
  seedEc2({ directory: account.directory, snapshots: [{ id }] });
  const outcomes: string[] = [];
  for (let number = 0; number < 200; number += 1) {
    const outcome = await account.ec2
      .send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'n', Value: String(number) }] }))
      .then(
        () => 'answered',
        ({ name, code }) => code ?? name,
      );
    if (outcome === 'answered') continue;
    outcomes.push(outcome);
    const { Tags = [] } = await account.observer.ec2.send(
      new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }] }),
    );
    const isDone = Tags[0]?.Value === String(number);
    expect([number, outcome, isDone]).toEqual([number, outcome, outcome === 'ECONNRESET']);
  }
  expect(new Set(outcomes)).toEqual(new Set(['ECONNRESET', 'RequestLimitExceeded']));
  const met = account.calls('CreateTags').map((call) => call.met);
  expect(met.filter((what) => what === 'answer-lost')).toHaveLength(
    outcomes.filter((outcome) => outcome === 'ECONNRESET').length,
  );
  met.forEach((what, at) => {
    if (what) expect(met[at + 1]).toBeUndefined();
  });
});
