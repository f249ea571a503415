import { expect, test } from 'vitest';
import {
  type CrashPoint,
  crashAt,
  expectOneOfEach,
  openScene,
  recordCrashPoints,
} from '../support/crash-points.ts';
import { publishImages } from '../support/images.ts';
import { isExhaustive, runSample, sampleOf } from '../support/sample.ts';
import { expectNothingWrong } from './half-done.ts';
import { gatedWays, qemuWays } from './ways.ts';

// One of the ways each time: an import costs as much as several of the smallest image.
test.for(sampleOf([...gatedWays, ...qemuWays], 1))(
  'a disk that is sent $name: killed before and after each request, nothing wrong is left, and the same command finishes it',
  { timeout: isExhaustive ? 3_600_000 : 300_000 },
  async ({ name, via, format, disk, gated, flags }) => {
    await using images = await publishImages([format], disk);
    const options = { gated, flags };
    const points = await recordCrashPoints(images, via, options);
    let killed = 0;
    const survive = async (point: CrashPoint) => {
      await using scene = await openScene(images, via, options);
      if (await crashAt(scene, point)) killed += 1;
      await expectNothingWrong(scene, images);
      await expectOneOfEach(scene, images, await scene.run());
    };
    const { done, failures, seed } = await runSample(points, survive, { size: 2 });
    console.log(
      `crash matrix, ${name}: ${done} of ${points.length} points, ${killed} runs killed there, seed ${seed}`,
    );
    expect(failures).toEqual([]);
    // A run with fewer polls than the recorded one is over before its last points.
    expect(killed).toBeGreaterThan(0);
  },
);
