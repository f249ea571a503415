import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importImage } from '../import-image.ts';
import { describe, type Figure } from '../measuring/figure.ts';
import { median, takeTurns } from '../measuring/measure.ts';
import { onEmpty } from './on-empty.ts';
import { startServer } from './server.ts';
import type { BenchOptions } from './transfers.ts';

const mirrorLimit = 30 * 2 ** 20;
const uplinkLimit = 20 * 2 ** 20;

/** Where the network is what takes the time. */
export async function pacedFigures(options: BenchOptions): Promise<Figure[]> {
  return [await behindTheDownload(options), await slowUplink(options)];
}

async function behindTheDownload({ images, scratch, rounds }: BenchOptions): Promise<Figure> {
  const checksumUrl = new URL(`file://${join(images.directory, 'CHECKSUM')}`).href;
  const lag = () =>
    onEmpty({ scratch, args: ['--log', join(scratch, 'calls.log')] }, async (account, workDirectory) => {
      await using server = await startServer(
        'file-server',
        join(images.directory, 'debian.qcow2'),
        String(mirrorLimit),
      );
      await importImage({
        account,
        url: server.url,
        checksumUrl,
        workDirectory,
        args: ['--connections', '1'],
      });
      const lastByteAt = Math.max(...server.lines.map(Number));
      return ((await completedAt(join(scratch, 'calls.log'))) - lastByteAt) / 1000;
    });
  const samples = await takeTurns({ lag }, { rounds });
  return {
    what: 'object complete after the last byte of the download, mirror paced at 30 MiB/s',
    value: median(samples.lag),
    unit: ' s',
    target: { atMost: 0.5 },
    from: `from the mirror's last byte to the end of CompleteMultipartUpload: ${describe(samples)}`,
  };
}

/** When the last CompleteMultipartUpload of the emulator's log ended, in milliseconds since 1970. */
async function completedAt(log: string): Promise<number> {
  const calls = (await readFile(log, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { operation: string; time: string; durationMs: number });
  const call = calls.findLast(({ operation }) => operation === 'CompleteMultipartUpload');
  if (!call) throw new Error('no upload was completed');
  return Date.parse(call.time) + call.durationMs;
}

async function slowUplink({ images, scratch, rounds }: BenchOptions): Promise<Figure> {
  await using server = await startServer('directory-server', images.directory);
  const as = (format: string) => () =>
    onEmpty({ scratch }, async (account, workDirectory) => {
      await using proxy = await startServer('paced-proxy', new URL(account.url).port, String(uplinkLimit));
      const { seconds } = await importImage({
        account: { ...account, env: { ...account.env, AWS_ENDPOINT_URL: proxy.url } },
        url: `${server.url}/debian.qcow2`,
        checksumUrl: `${server.url}/CHECKSUM`,
        workDirectory,
        args: ['--poll-interval', '0.1', '--format', format],
      });
      return seconds;
    });
  const samples = await takeTurns({ vmdk: as('vmdk'), vhdx: as('vhdx') }, { rounds });
  return {
    what: 'uplink paced at 20 MiB/s: whole import with `format: vmdk`, against VHDX',
    value: median(samples.vmdk) / median(samples.vhdx),
    target: { atMost: 0.45 },
    from: describe(samples),
  };
}
