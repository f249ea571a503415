import { expect, test } from 'vitest';
import { callPoints, crashAt } from '../support/crash-points.ts';
import { isExhaustive, runSample } from '../support/sample.ts';
import { openPublishScene } from './scene.ts';

test('a publication, killed before and after each of its calls, is finished by the same command', {
  timeout: isExhaustive ? 3_600_000 : 300_000,
}, async () => {
  const points = await recordPoints();
  let killed = 0;
  const { done, failures, seed } = await runSample(
    points,
    async (point) => {
      await using scene = await openPublishScene();
      if (await crashAt(scene, point)) killed += 1;
      const { exitCode, stderr } = await scene.run();
      expect(exitCode, stderr).toBe(0);
      await scene.expectPublished();
    },
    { size: 4 },
  );
  console.log(
    `crash matrix, publish: ${done} of ${points.length} points, ${killed} runs killed there, seed ${seed}`,
  );
  expect(failures).toEqual([]);
  // A run with fewer polls than the recorded one is over before its last points.
  expect(killed).toBeGreaterThan(done / 2);
});

/** Before and after each call of a publication that nothing disturbs; the next one changes nothing. */
async function recordPoints() {
  await using scene = await openPublishScene();
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
