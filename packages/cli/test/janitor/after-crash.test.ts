import { setTimeout as delay } from 'node:timers/promises';
import { tagRecord } from '@ec2-image/provenance';
import { bucket, region } from '../support/account.ts';
import {
  type CrashPoint,
  type CrashScene,
  crashAt,
  openScene,
  recordCrashPoints,
  type Way,
} from '../support/crash-points.ts';
import { expect, testWith } from '../support/fixtures.ts';
import type { TestImages } from '../support/images.ts';
import { areEqualDisks } from '../support/import.ts';
import { runInProcess } from '../support/in-process.ts';
import { isExhaustive, runSample } from '../support/sample.ts';

/** More than twice the minimum age, which is a day. */
const twoDaysAndAnHourMs = 49 * 3_600_000;

const test = testWith();

test.for<Way>(['s3', 'ebs'])(
  'what an import by way of %s leaves when it is killed, and never run again, the janitor removes or tag-fix completes',
  { timeout: isExhaustive ? 3_600_000 : 300_000 },
  async (way, { images }) => {
    const points = await recordCrashPoints(images, way);
    const outcomes = { removed: 0, completed: 0 };
    const survive = async (point: CrashPoint) => {
      // The import runs two days ago; then its account's clock catches up with the janitor's.
      let offsetMs = -twoDaysAndAnHourMs;
      await using scene = await openScene(images, way, {
        now: () => Date.now() + offsetMs,
      });
      await crashAt(scene, point);
      await waitForQuiet(scene);
      offsetMs = 0;
      const connection = ['--endpoint-url', scene.account.aws.url, '--region', region];
      const swept = await runInProcess(['janitor', '--bucket', bucket, '--apply', '--yes', ...connection]);
      expect(swept.exitCode, swept.stderr + swept.stdout).toBe(0);
      const { images: amis, snapshots, objects, uploads } = await scene.account.contents();
      expect({ objects, uploads }).toEqual({ objects: [], uploads: [] });
      if (amis.length === 0) {
        expect(snapshots).toEqual([]);
        outcomes.removed += 1;
      } else {
        await expectCompleted(scene, images, connection);
        outcomes.completed += 1;
      }
    };
    const { done, failures, seed } = await runSample(points, survive, {
      size: 2,
    });
    console.log(
      `janitor after a crash, ${way}: ${done} of ${points.length} points, ${outcomes.removed} removed, ${outcomes.completed} completed, seed ${seed}`,
    );
    expect(failures).toEqual([]);
  },
);

/** The emulator is through with the request that was held, and carries on with a task whose importer is gone. */
async function waitForQuiet({ account }: CrashScene): Promise<void> {
  for (let left = 400; left > 0; left--) {
    const { tasks } = await account.contents();
    const running = account.aws.calls.list().some(({ outcome }) => outcome === 'running');
    if (!running && tasks.every(({ SnapshotTaskDetail }) => SnapshotTaskDetail?.Status === 'completed'))
      return;
    await delay(25);
  }
  throw new Error('a request or an import task does not end');
}

/** The AMI is healthy, holds the disk, and carries every tag once tag-fix has run. */
async function expectCompleted(
  { account }: CrashScene,
  images: TestImages,
  connection: readonly string[],
): Promise<void> {
  const fixed = await runInProcess(['tag-fix', '--bucket', bucket, ...connection]);
  expect(fixed.exitCode, fixed.stderr + fixed.stdout).toBe(0);
  const { images: amis, snapshots } = await account.contents();
  expect([amis.length, snapshots.length]).toEqual([1, 1]);
  const [ami, snapshot] = [amis[0]!, snapshots[0]!];
  const marks = {
    Name: 'test-cloud-icrash',
    'ec2-image:source-digest': expect.stringMatching(/^sha256:/),
    'ec2-image:version': expect.any(String),
  };
  expect(tagRecord(ami.Tags)).toMatchObject({ ...marks, automation: 'false' });
  expect(tagRecord(snapshot.Tags)).toMatchObject(marks);
  expect(await areEqualDisks(images.disk, account.snapshotPath(snapshot.SnapshotId!))).toBe(true);
}
