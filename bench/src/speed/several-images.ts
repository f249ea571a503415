import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ImportRun, runImport } from '../import-image.ts';
import { describe, type Figure } from '../measuring/figure.ts';
import { median, takeTurns } from '../measuring/measure.ts';
import { onEmpty } from './on-empty.ts';
import { startServer } from './server.ts';
import type { BenchOptions } from './transfers.ts';

/** Several images in one run, by S3. */
export async function severalImagesFigures({ images, scratch, rounds }: BenchOptions): Promise<Figure[]> {
  await using server = await startServer('directory-server', scratch);
  const digests: string[] = [];
  for (let n = 0; n < 8; n += 1) digests.push(await makeVariant(images.directory, scratch, n));
  const importOf = (count: number) =>
    onEmpty({ scratch }, async (account, workDirectory) => {
      const config = join(workDirectory, 'ec2-image.yaml');
      const entries = digests
        .slice(0, count)
        .map((hex, n) => `  image-${n}: {url: '${server.url}/${nameOf(n)}', sha256: '${hex}', arch: x86_64}`);
      await writeFile(config, [`bucket: ${account.bucket}`, 'images:', ...entries, ''].join('\n'));
      const args = ['--config', config, '--work-dir', join(workDirectory, 'work'), '--poll-interval', '0.1'];
      return await runImport(account, args);
    });
  const seconds = (count: number) => async () => (await importOf(count)).seconds;
  const samples = await takeTurns({ one: seconds(1), two: seconds(2) }, { rounds });
  const eight: Pick<ImportRun, 'peak' | 'seconds'> = await importOf(8);
  return [
    {
      what: 'two images at once by S3, against one',
      value: median(samples.two) / median(samples.one),
      target: { atMost: 1.7 },
      from: describe(samples),
    },
    {
      what: 'peak memory of the tool, eight images at once by S3',
      value: eight.peak.own / 2 ** 20,
      unit: ' MiB',
      target: { atMost: 512 },
      from: `VmHWM of its process, one round of ${eight.seconds.toFixed(1)} s`,
    },
  ];
}

const nameOf = (n: number) => `debian-${n}.qcow2`;

/** The Debian image with a cluster behind its end that nothing points to: the same disk under another digest (hex). */
async function makeVariant(source: string, directory: string, n: number): Promise<string> {
  const path = join(directory, nameOf(n));
  await copyFile(join(source, 'debian.qcow2'), path);
  await appendFile(path, Buffer.alloc(65_536, `image ${n} `));
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
