import { expect, test } from 'vitest';
import { callPoints, crashAt } from '../support/crash-points.ts';
import { isExhaustive, runSample } from '../support/sample.ts';
import { openRetireScene } from './crash-scene.ts';

test('retire --apply, killed before and after each of its calls: the next runs finish', {
  timeout: isExhaustive ? 3_600_000 : 300_000,
}, async () => {
  const points = await recordPoints();
  let killed = 0;
  const { done, failures, seed } = await runSample(
    points,
    async (point) => {
      await using scene = await openRetireScene();
      if (await crashAt(scene, point)) killed += 1;
      await scene.finish();
      await scene.expectRetired();
    },
    { size: 2 },
  );
  console.log(
    `crash matrix, retire: ${done} of ${points.length} points, ${killed} runs killed there, seed ${seed}`,
  );
  expect(failures).toEqual([]);
  // A run with fewer polls than the recorded one is over before its last points.
  expect(killed).toBeGreaterThan(isExhaustive ? done / 2 : 0);
});

/** Before and after each call of a run that nothing disturbs: it deprecates, disables, deregisters and enables again. */
async function recordPoints() {
  await using scene = await openRetireScene();
  const { calls } = scene.account.aws;
  const before = calls.list().at(-1)?.sequence ?? 0;
  const { exitCode, stderr, json } = await scene.run();
  expect(exitCode, stderr).toBe(0);
  const { outcomes } = json<{ retire: { outcomes: { outcome: string }[] } }>().retire;
  expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(
    new Set(['deprecated', 'disabled', 'deleted', 'enabled']),
  );
  const points = callPoints(calls.list({ after: before }));
  await scene.finish();
  await scene.expectRetired();
  return points;
}
