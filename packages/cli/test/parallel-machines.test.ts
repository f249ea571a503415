import type { TestAccount } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { expect, testWith } from './support/fixtures.ts';
import type { Flags, ImportDocument } from './support/import.ts';
import { type InProcessEnd, runInProcess } from './support/in-process.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

/** Calm: which of the two sees what the other has made is arranged here, and reads that lag would decide it instead. */
const test = testWith({ account: { conditions: 'calm' } });

/** Both look for what is there before either has made anything: what the second asks for is carried out later. */
async function sideBySide(
  { account, argsOf }: { readonly account: TestAccount; readonly argsOf: (flags: Flags) => string[] },
  { ways, second }: { readonly ways: readonly [Flags, Flags]; readonly second: string },
): Promise<InProcessEnd[]> {
  account.aws.faults.add({ match: { operation: second }, nth: 2, action: { kind: 'delay', ms: 1_500 } });
  const other = await temporaryDirectory('other');
  return Promise.all([
    runInProcess(argsOf(ways[0])),
    runInProcess(argsOf({ ...ways[1], 'work-dir': other })),
  ]);
}

/** Of the few blocks that a disk has: of zeros past its end alone there would be two thousand. */
const byEbs = { via: 'ebs', bucket: undefined, 'omit-holes': true };

test('by S3 and by EBS: the one that registers second uses the AMI, deletes its snapshot and says so', async ({
  account,
  images,
  argsOf,
}) => {
  // Whole, since an import by S3 takes no AMI whose snapshot lacks blocks.
  const ways = [{ suffix: 'both' }, { ...byEbs, 'omit-holes': undefined, suffix: 'both' }] as const;
  const ends = await sideBySide({ account, argsOf }, { ways, second: 'RegisterImage' });
  for (const end of ends) await expectOneOfEach({ account }, images, end);
  const said = ends.map(({ stderr }) => stderr).join();
  expect(said).toMatch(/another run has registered the AMI from snapshot snap-\w+ at the same time/);
  expect(said).toMatch(/deleted snapshot snap-\w+, which nothing uses/);
});

test.for([
  ['by S3', {}, 'ImportSnapshot'],
  ['by EBS', byEbs, 'StartSnapshot'],
] as const)(
  '%s under two suffixes: the second uses the snapshot of the first, and deletes its own',
  async ([_, way, second], { account, argsOf }) => {
    const ways = [
      { ...way, suffix: 'one' },
      { ...way, suffix: 'two' },
    ] as const;
    const ends = await sideBySide({ account, argsOf }, { ways, second });
    for (const { exitCode, stderr } of ends) expect(exitCode, stderr).toBe(0);
    const said = ends.map(({ stderr }) => stderr).join();
    expect(said).toMatch(/another run has made snapshot snap-\w+ of this image at the same time: using it/);
    const { images, snapshots } = await account.contents();
    expect(images).toHaveLength(2);
    const ids = ends.map((end) => end.json<ImportDocument>().images[0]?.snapshotId);
    expect(snapshots.map(({ SnapshotId }) => [SnapshotId, SnapshotId])).toEqual([ids]);
  },
);

test.for([
  ['by S3', {}],
  ['by EBS', byEbs],
] as const)('%s under one name: one snapshot and one AMI', async ([_, way], { account, images, argsOf }) => {
  const flags = { ...way, suffix: 'same' };
  const ends = await Promise.all([
    runInProcess(argsOf(flags)),
    runInProcess(argsOf({ ...flags, 'work-dir': await temporaryDirectory('other') })),
  ]);
  for (const end of ends) await expectOneOfEach({ account }, images, end);
});
