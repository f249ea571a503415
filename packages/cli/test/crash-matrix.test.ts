import {
  type CrashPoint,
  crashAt,
  expectOneOfEach,
  openScene,
  recordCrashPoints,
  type Way,
} from './support/crash-points.ts';
import { expect, testWith } from './support/fixtures.ts';
import { isExhaustive, runSample } from './support/sample.ts';

const test = testWith();

test.for<Way>(['s3', 'ebs'])(
  'an import by way of %s, killed before and after each of its requests, is finished by the same command',
  { timeout: isExhaustive ? 3_600_000 : 300_000 },
  async (way, { images }) => {
    const points = await recordCrashPoints(images, way);
    let killed = 0;
    const survive = async (point: CrashPoint) => {
      await using scene = await openScene(images, way);
      if (await crashAt(scene, point)) killed += 1;
      await expectOneOfEach(scene, images, await scene.run());
    };
    const { done, failures, seed } = await runSample(points, survive, {
      size: way === 's3' ? 4 : 3,
    });
    console.log(
      `crash matrix, ${way}: ${done} of ${points.length} points, ${killed} runs killed there, seed ${seed}`,
    );
    expect(failures).toEqual([]);
    // A run with fewer polls than the recorded one is over before its last points.
    expect(killed).toBeGreaterThan(isExhaustive ? done / 2 : 0);
  },
);
