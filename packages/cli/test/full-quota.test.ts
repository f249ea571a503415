import { undisturbedCalls } from './support/account.ts';
import { expect, testWith } from './support/fixtures.ts';
import { runInProcess } from './support/in-process.ts';

const test = testWith({
  formats: ['qcow2', 'raw'],
  account: {
    quotas: { importTasks: 1 },
    // The one place is taken long enough for the other import to ask for it.
    ec2: { importTaskMs: 1_500, snapshotCompletionMs: 20, imageCreationMs: 20 },
  },
});

test('where every import task that the account may have is running, an import waits for a place', async ({
  account,
  argsOf,
  images,
}) => {
  const ends = await Promise.all(
    (['qcow2', 'raw'] as const).map((format) =>
      runInProcess(argsOf({ name: `test-${format}`, url: images.url(format) })),
    ),
  );
  for (const { exitCode, stderr } of ends) expect(exitCode, stderr).toBe(0);
  const refused = undisturbedCalls(account, 'ImportSnapshot').filter(
    ({ errorCode }) => errorCode !== undefined,
  );
  expect(refused.map(({ errorCode }) => errorCode)).toContain('ResourceCountExceeded');
  expect((await account.contents()).images).toHaveLength(2);
});
