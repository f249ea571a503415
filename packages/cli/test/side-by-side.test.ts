import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAccount } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { publishImages, type TestImages } from './support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { startCli } from './support/run-cli.ts';

let images: TestImages;
beforeAll(async () => {
  images = await publishImages(['qcow2']);
});
afterAll(() => images[Symbol.asyncDispose]());

test.each([
  ['on one machine', 's3', 'shared'],
  ['on two machines', 's3', 'own'],
  ['on one machine', 'ebs', 'shared'],
  ['on two machines', 'ebs', 'own'],
] as const)(
  'three runs of one image at once, %s, by way of %s: one AMI and one snapshot',
  async (_, via, directories) => {
    await using account = await openAccount();
    const shared = await makeWorkDirectory();
    const runs = await Promise.all(
      Array.from({ length: 3 }, async () =>
        startCli(
          importArgs({
            account,
            workDirectory: directories === 'shared' ? shared : await makeWorkDirectory(),
            url: images.url('qcow2'),
            'checksum-url': images.checksumUrl,
            via,
          }),
        ),
      ),
    );
    const ends = await Promise.all(runs.map(({ ended }) => ended));
    for (const end of ends) await expectOneOfEach({ account }, images, end);
    const outcomes = ends.map((end) => end.json<ImportDocument>().images[0]!.outcome);
    expect(outcomes).toContain('imported');
    expect(outcomes.every((outcome) => outcome === 'imported' || outcome === 'reused')).toBe(true);
  },
);
