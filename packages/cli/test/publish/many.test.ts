import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DisableEbsEncryptionByDefaultCommand, EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import type { RequestedImport } from '../../src/config/import-request.ts';
import { openPublishMeans } from '../../src/pipeline/publish/means.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { makeWorkDirectory } from '../support/import.ts';
import { peakOf } from '../support/peak-memory.ts';
import { startCli } from '../support/run-cli.ts';
import { isExhaustive } from '../support/sample.ts';
import { image, seedImported } from './scene.ts';
import { type PublishDocument, regions, source } from './support.ts';

const mib = 2 ** 20;

describe('many images', () => {
  test('of all images together, 20 copies at a time go to a region', async () => {
    const means = openPublishMeans({
      requests: [] as RequestedImport[],
      clouds: { open: () => Promise.reject(new Error('no region is reached')) },
      view: { pause: () => ({ [Symbol.dispose]() {} }) },
      signal: new AbortController().signal,
      revoke: false,
      force: false,
    });
    let [running, most] = [0, 0];
    const copy = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    await Promise.all(Array.from({ length: 50 }, () => means.copies('eu-west-1')(copy)));
    expect(most).toBe(20);
    // Another region has its own.
    expect(means.copies('us-west-2')).not.toBe(means.copies('eu-west-1'));
  });

  test.runIf(isExhaustive)(
    'of two architectures go to five regions, one of which is silent until the others are done, within 512 MiB',
    {
      timeout: 900_000,
    },
    async () => {
      // Calm: of how much there is at a time, and not of what chance adds to it.
      await using account = await openAccount({
        conditions: 'calm',
        publication: { audience: image.share.accounts },
      });
      const silent = 'sa-east-1';
      for (const region of regions)
        await account.client(EC2Client, { region }).send(new DisableEbsEncryptionByDefaultCommand({}));
      const names = Array.from({ length: 8 }, (_, number) => `image-${number + 1}`);
      holdSilent(account, { region: silent, untilAnnounced: names.length * regions.length });
      const arch = (index: number) => (index % 2 === 0 ? 'x86_64' : 'arm64');
      for (const [index, name] of names.entries())
        seedImported(account, { name, number: index + 1, architecture: arch(index) });
      const workDirectory = await makeWorkDirectory();
      const config = join(workDirectory, 'ec2-image.yaml');
      const images = names.map((name, index) => [
        name,
        { ...image, arch: arch(index), regions: [...regions.slice(1), silent] },
      ]);
      await writeFile(
        config,
        JSON.stringify({ 'best-effort-regions': [silent], images: Object.fromEntries(images) }),
      );
      const run = startCli([
        ...['publish', '--config', config, '--endpoint-url', account.aws.url, '--work-dir', workDirectory],
        '--json',
      ]);
      const peakBytes = await peakOf(run);
      const end = await run.ended;
      expect(end.exitCode, end.stderr).toBe(0);
      const results = end.json<PublishDocument>().publish!.images;
      expect(results).toHaveLength(names.length);
      for (const { name, outcome, regions: reached } of results) {
        expect(outcome, name).toBe('published');
        expect(reached.map(({ region, outcome: of }) => [region, of])).toEqual([
          ...regions.map((region) => [region, 'published']),
          [silent, 'failed'],
        ]);
        expect(reached.at(-1)!.error?.code).toBe('ACCESS_DENIED');
      }
      console.log(`eight images in five regions: ${Math.round(peakBytes / mib)} MiB`);
      expect(peakBytes).toBeGreaterThan(0);
      expect(peakBytes).toBeLessThan(512 * mib);
      expect(results[0]!.region).toBe(source);
    },
  );
});

/** The region says nothing until so many parameters of the latest AMI are put in others, however long that takes; and then refuses. */
function holdSilent(
  { aws }: TestAccount,
  { region, untilAnnounced }: { readonly region: string; readonly untilAnnounced: number },
): void {
  const match = { service: 'ec2', region } as const;
  const silence = aws.faults.add({ match, times: 'always', action: { kind: 'hang', when: 'before' } });
  const announced = new Set<string>();
  const stop = aws.calls.subscribe(({ operation, region: at, status, parameters: { Name = '' } }) => {
    if (operation !== 'PutParameter' || status !== 200 || !Name.endsWith('/latest')) return;
    if (announced.add(`${at} ${Name}`).size < untilAnnounced) return;
    stop();
    aws.faults.add({ match, times: 'always', action: { kind: 'error', preset: 'access-denied' } });
    silence.remove();
  });
}
