import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type CrashPoint,
  crashAt,
  expectOneOfEach,
  openScene,
  recordCrashPoints,
  type Way,
} from './support/crash-points.ts';
import { publishImages, type TestImages } from './support/images.ts';
import { isExhaustive, runSample } from './support/sample.ts';

let images: TestImages;

beforeAll(async () => {
  images = await publishImages(['qcow2']);
});

afterAll(() => images[Symbol.asyncDispose]());

test.each<Way>(['s3', 'ebs'])(
  'an import by way of %s, killed before and after each of its requests, is finished by the same command',
  async (way) => {
    const points = await recordCrashPoints(images, way);
    let killed = 0;
    const survive = async (point: CrashPoint) => {
      await using scene = await openScene(images, way);
      if (await crashAt(scene, point)) killed += 1;
      await expectOneOfEach(scene, images, await scene.run());
    };
    const { done, failures, seed } = await runSample(points, survive, {
      budgetMs: way === 's3' ? 30_000 : 20_000,
    });
    console.log(
      `crash matrix, ${way}: ${done} of ${points.length} points, ${killed} runs killed there, seed ${seed}`,
    );
    expect(failures).toEqual([]);
    // A run with fewer polls than the recorded one is over before its last points.
    expect(killed).toBeGreaterThan(done / 2);
    expect(done).toBeGreaterThanOrEqual(isExhaustive ? points.length : Math.min(points.length, 4));
  },
  isExhaustive ? 3_600_000 : 300_000,
);
