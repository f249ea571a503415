import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publishImages, type TestImages } from '../support/images.ts';
import { isExhaustive, runSample, sampleOf, sampleSeed } from '../support/sample.ts';
import { type Account, broken, whole } from './accounts.ts';
import { openStage } from './support.ts';

let images: TestImages;
beforeAll(async () => {
  images = await publishImages(['qcow2'], { sizeBytes: 8 * 2 ** 20, dataBytes: 2 ** 18 });
});
afterAll(() => images[Symbol.asyncDispose]());

async function open({ options, prepare }: Account) {
  const stage = await openStage(images, options);
  await prepare?.(stage);
  return stage;
}

describe('the doctor finds', () => {
  const accounts = sampleOf(broken, 7);
  console.log(`${accounts.length} of ${broken.length} accounts; EC2_IMAGE_SEED=${sampleSeed}`);

  test.each(accounts.map((account) => [account.name, account] as const))('%s', async (_name, account) => {
    await using stage = await open(account);
    const { checks, check, exitCode, nothingFound } = await stage.doctor();
    const hasFailed = account.finds!.some(([, state]) => state === 'failed');
    for (const [name, state, detail] of account.finds!) {
      expect(check(name), JSON.stringify(checks, null, 1)).toMatchObject({
        state,
        detail: expect.stringMatching(detail),
      });
    }
    expect({ exitCode, nothingFound }).toEqual({ exitCode: hasFailed ? 1 : 0, nothingFound: false });
    const { uploads, objects } = await stage.account.contents();
    expect({ uploads, hasObjects: objects.length > 0 }).toEqual({
      uploads: [],
      hasObjects: account.hasObjects ?? false,
    });
  });
});

test('a clean bill is followed by an import, and no import fails that had one', {
  timeout: 600_000,
}, async () => {
  const points = [...whole, ...broken].filter(
    ({ fails }) => fails === undefined || (isExhaustive && fails === 'in minutes'),
  );
  const { failures, done, seed } = await runSample(
    points,
    async (account) => {
      await using stage = await open(account);
      const { nothingFound, checks, exitCode } = await stage.doctor();
      const found = checks.filter(({ state }) => state !== 'ok' && state !== 'skipped');
      if (!account.finds) expect(found, account.name).toEqual([]);
      const imported = await stage.import();
      const succeeded = imported.exitCode === 0;
      expect({ nothingFound, succeeded }, `${account.name}: ${imported.stderr}`).not.toEqual({
        nothingFound: true,
        succeeded: false,
      });
      // What fails an import is more than a warning.
      if (!succeeded) expect(exitCode, `${account.name}: ${imported.stderr}`).toBe(1);
      expect(succeeded, `${account.name}: ${imported.stderr}`).toBe(account.imports ?? !account.finds);
    },
    { size: 3, sideBySide: isExhaustive ? 10 : 3 },
  );
  process.stdout.write(`${done} accounts; EC2_IMAGE_SEED=${seed}\n`);
  expect(failures.map(({ point, message }) => `${point.name}: ${message}`)).toEqual([]);
  if (isExhaustive) expect(done).toBe(points.length);
});
