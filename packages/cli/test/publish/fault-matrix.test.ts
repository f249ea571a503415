import { expect, test } from 'vitest';
import { type FaultName, faultActions, faultNames } from '../fault-matrix/fault-points.ts';
import { isExhaustive, runSample } from '../support/sample.ts';
import { openPublishScene } from './scene.ts';
import type { PublishDocument } from './support.ts';

/** One fault at one call, or at that one and all after it. */
interface FaultPoint {
  readonly operation: string;
  readonly region: string;
  readonly nth: number;
  readonly fault: FaultName;
  readonly lasting: boolean;
}

/** Of a request that hangs, in seconds. */
const hangTimeout = 3;
/** More than the attempts of the SDK: the request fails. */
const outageCalls = 3;

test('each call of a publication, with each fault, once and lasting: what has failed is told, and the same command finishes it', {
  timeout: isExhaustive ? 7_200_000 : 300_000,
}, async () => {
  const points = await recordPoints();
  const { done, failures, seed } = await runSample(points, survive, { size: 4 });
  console.log(`fault matrix, publish: ${done} of ${points.length} points, seed ${seed}`);
  expect(failures).toEqual([]);
});

/** Calm: of one fault at one call, and not of what chance adds to it. */
const openScene = () => openPublishScene({ conditions: 'calm' });

/** The first two calls of each operation in each region, of a publication that nothing disturbs. */
async function recordPoints(): Promise<FaultPoint[]> {
  await using scene = await openScene();
  const before = scene.account.aws.calls.list().at(-1)?.sequence ?? 0;
  const { exitCode, stderr } = await scene.run();
  expect(exitCode, stderr).toBe(0);
  const counts = new Map<string, number>();
  return scene.account.aws.calls.list({ after: before }).flatMap(({ operation, region }) => {
    const nth = (counts.get(`${operation} ${region}`) ?? 0) + 1;
    counts.set(`${operation} ${region}`, nth);
    if (nth > 2) return [];
    return faultNames.flatMap((fault) =>
      [false, true].map((lasting) => ({ operation, region, nth, fault, lasting })),
    );
  });
}

async function survive({ operation, region, nth, fault, lasting }: FaultPoint): Promise<void> {
  await using scene = await openScene();
  const { faults } = scene.account.aws;
  // Refusals last until somebody changes something; everything else passes.
  const isRefusal = fault === 'access denied' || fault === 'expired token';
  const rule = faults.add({
    match: { operation, region },
    nth,
    times: !lasting ? 1 : isRefusal ? 'always' : outageCalls,
    action: faultActions[fault],
  });
  const args = fault.startsWith('hang') ? ['--request-timeout', String(hangTimeout)] : [];
  const end = await scene.run(...args);
  expect(faults.list().find(({ id }) => id === rule.id)?.struck).toBeGreaterThan(0);
  faults.clear();
  if (end.exitCode !== 0) {
    const { publish, error = publish?.images[0]?.error } = end.json<PublishDocument>();
    expect(error, end.stderr).toMatchObject({
      code: expect.not.stringMatching(/^INTERNAL$/),
      hint: expect.stringMatching(/./),
    });
  }
  const again = await scene.run();
  expect(again.exitCode, again.stderr).toBe(0);
  await scene.expectPublished();
}
