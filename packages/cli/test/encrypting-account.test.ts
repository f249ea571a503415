import { describe, expect, testWith } from './support/fixtures.ts';
import { volumeHoldsDisk } from './support/volume.ts';

/** Every snapshot is encrypted there, whoever asks for what; a whole volume of 1 GiB is written. */
const test = testWith({ formats: ['qcow2', 'raw.xz'] });
const limitMs = 300_000;

describe('on an account that encrypts by default', () => {
  test.for(['qcow2', 'raw.xz'] as const)(
    'a %s imported by way of EBS makes volumes that hold the disk',
    { timeout: limitMs },
    async (format, { account, images, runImport }) => {
      const { result, stderr } = await runImport({
        url: images.url(format),
        via: 'ebs',
        bucket: undefined,
      });
      expect(result.outcome, stderr).toBe('imported');
      expect(result.image?.BlockDeviceMappings?.[0]?.Ebs?.Encrypted).toBe(true);
      expect(await volumeHoldsDisk({ account, images }, result.snapshotId!)).toBe(true);
    },
  );

  test('an import by way of S3 that wrote every block holds the disk, and the verification tells of one that did not', {
    timeout: limitMs,
  }, async ({ account, images, runImport }) => {
    const { result, stderr } = await runImport({ verify: true });
    expect(result.outcome, stderr).toBe('imported');
    // Which of the two EC2 does is decided by the seed.
    const lacksBlocks = /lacks \d+ blocks of zeros/.test(stderr);
    expect(await volumeHoldsDisk({ account, images }, result.snapshotId!)).toBe(!lacksBlocks);
  });
});
