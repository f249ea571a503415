import { expectOneOfEach } from './support/crash-points.ts';
import { expect, testWith } from './support/fixtures.ts';
import { type ImportDocument, makeWorkDirectory } from './support/import.ts';
import { startCli } from './support/run-cli.ts';

const test = testWith();

test.for([
  ['on one machine', 's3', 'shared'],
  ['on two machines', 's3', 'own'],
  ['on one machine', 'ebs', 'shared'],
  ['on two machines', 'ebs', 'own'],
] as const)(
  'three runs of one image at once, %s, by way of %s: one AMI and one snapshot',
  // What is refused or lost by chance is repeated after real seconds, three times over.
  { timeout: 180_000 },
  async ([_, via, directories], { account, images, workDirectory, argsOf }) => {
    const runs = await Promise.all(
      Array.from({ length: 3 }, async () =>
        startCli(
          argsOf({
            via,
            'omit-holes': via === 'ebs' || undefined,
            'work-dir': directories === 'shared' ? workDirectory : await makeWorkDirectory(),
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
