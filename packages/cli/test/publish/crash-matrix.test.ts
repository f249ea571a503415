import { expect, test } from 'vitest';
import { type CrashPoint, callPoints, crashAt } from '../support/crash-points.ts';
import { isExhaustive, runSample } from '../support/sample.ts';
import { openPublishScene, type SceneOptions } from './scene.ts';

test.for([
  { what: 'a publication', options: {}, size: 3, isOfInterest: () => true },
  {
    what: 'a publication that replaces copies of an earlier AMI',
    options: { replaces: true },
    size: 2,
    // What comes after it is the other one.
    isOfInterest: ({ operation }: CrashPoint) => /DeregisterImage|CopyImage/.test(operation),
  },
])(
  '$what, killed before and after each of its calls, is finished by the same command',
  {
    timeout: isExhaustive ? 3_600_000 : 300_000,
  },
  async ({ what, options, size, isOfInterest }) => {
    const points = (await recordPoints(options)).filter(isOfInterest);
    let killed = 0;
    const { done, failures, seed } = await runSample(
      points,
      async (point) => {
        await using scene = await openPublishScene(options);
        if (await crashAt(scene, point)) killed += 1;
        const { exitCode, stderr } = await scene.run();
        expect(exitCode, stderr).toBe(0);
        await scene.expectPublished();
      },
      { size },
    );
    console.log(
      `crash matrix, ${what}: ${done} of ${points.length} points, ${killed} runs killed there, seed ${seed}`,
    );
    expect(failures).toEqual([]);
    // A run with fewer polls than the recorded one is over before its last points.
    expect(killed).toBeGreaterThan(isExhaustive ? done / 2 : 0);
  },
);

/** Before and after each call of a publication that nothing disturbs; the next one changes nothing. */
async function recordPoints(options: SceneOptions): Promise<CrashPoint[]> {
  await using scene = await openPublishScene(options);
  const { calls } = scene.account.aws;
  const sequence = () => calls.list().at(-1)?.sequence ?? 0;
  const before = sequence();
  const { exitCode, stderr } = await scene.run();
  expect(exitCode, stderr).toBe(0);
  const points = callPoints(calls.list({ after: before }));
  await scene.expectPublished();
  const since = sequence();
  expect((await scene.run()).exitCode).toBe(0);
  const changes = calls.list({ after: since }).filter(({ mutating }) => mutating);
  expect(changes.map(({ operation }) => operation)).toEqual([]);
  return points;
}
