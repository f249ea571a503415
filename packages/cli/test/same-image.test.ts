import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bucket, undisturbedCalls } from './support/account.ts';
import { expect, testWith } from './support/fixtures.ts';
import { type ImportDocument, makeWorkDirectory } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';

const test = testWith();

test.for(['s3', 'ebs'])(
  'three images of one run with the same digest, by way of %s: what they need is made once',
  async (via, { account, images, workDirectory }) => {
    const config = join(await makeWorkDirectory(), 'ec2-image.yaml');
    const one = { arch: 'x86_64', url: images.url('qcow2'), 'checksum-url': images.checksumUrl };
    await writeFile(
      config,
      JSON.stringify({
        region: 'us-east-1',
        bucket,
        via,
        'omit-holes': via === 'ebs' || undefined,
        'poll-interval': 0.05,
        images: { a: one, b: one, c: one },
      }),
    );
    const run = await runInProcess([
      'import',
      ...['--config', config, '--work-dir', workDirectory, '--endpoint-url', account.aws.url, '--json'],
    ]);
    expect(run.exitCode, run.stderr).toBe(0);
    const results = run.json<ImportDocument>().images;
    expect(new Set(results.map(({ imageId }) => imageId)).size).toBe(3);
    expect(new Set(results.map(({ snapshotId }) => snapshotId)).size).toBe(1);
    const made = ['ImportSnapshot', 'StartSnapshot'].flatMap((one) => undisturbedCalls(account, one));
    expect(made).toHaveLength(1);
    expect(run.stderr).not.toContain('another run');
    expect(run.stderr).toContain('b: same image as a: what both need is made once');
    expect(run.stderr).toContain('c: same image as a');
    // The last of them removes the files.
    expect(await readdir(join(workDirectory, 'images'))).toEqual([]);
  },
);
